import { useQuery } from '@tanstack/react-query';
import { boardQuery } from '@/api/queries';
import type { Board, BoardFilter } from '@/api/types';
import { count } from '@/lib/format';
import { useText, type TextKey } from '@/lib/i18n';
import { useMeta } from '@/lib/meta_context';
import { Shares } from '@/ui/bits';
import { FailedNote, Loading } from '@/ui/faces';
import s from './board.module.css';

/// One button per shop, supplier …, with how its orders stand; pressing one narrows the board to it.
export function Groups(props: { group: NonNullable<BoardFilter['group']>; value: string; onValue: (value: string | undefined) => void }) {
  const { t } = useText();
  const query = useQuery(boardQuery({ group: props.group, limit: 0 }));
  if (query.error && !query.data) return <FailedNote error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return <Loading rows={1} />;
  const { groups, total } = query.data;
  const named = groups.filter((g) => g.value !== '');
  return (
    <div className={s.groups} role="group" aria-label={t('board.group')}>
      {named.map((g) => (
        <Chip key={g.value} kind={props.group} group={g} isPressed={g.value === props.value} onPress={() => props.onValue(g.value === props.value ? undefined : g.value)} />
      ))}
      <Without kind={props.group} told={groups.find((g) => g.value === '')?.count} atLeast={total - named.reduce((sum, g) => sum + g.count, 0)} />
      {props.value && (
        <button type="button" className={s.groupChip} aria-pressed={false} onClick={() => props.onValue(undefined)}>
          {t('board.all')}
        </button>
      )}
    </div>
  );
}

function Chip({ kind, group, isPressed, onPress }: { kind: string; group: Board['groups'][number]; isPressed: boolean; onPress: () => void }) {
  const { lang } = useText();
  const { word, meta, tone, name } = useMeta();
  const inLane = (lane: string) => group.lanes[lane] ?? 0;
  return (
    <button type="button" className={s.groupChip} aria-pressed={isPressed} onClick={onPress}>
      <span className={s.groupTop}>
        <span>{word(kind, group.value)}</span>
        <span className={s.num}>{count(group.count)}</span>
      </span>
      <Shares
        of={group.count}
        label={meta.lanes.map((lane) => `${name('lanes', lane.code)} ${count(inLane(lane.code))}`).join(lang === 'zh' ? '、' : ', ')}
        parts={meta.lanes.map((lane) => ({ value: inLane(lane.code), color: `var(--${tone('lanes', lane.code)}-solid)` }))}
      />
    </button>
  );
}

/// Orders that belong to none. Where the server does not count them, one order may stand in two groups:
/// then what is left over is the least there are.
function Without({ kind, told, atLeast }: { kind: NonNullable<BoardFilter['group']>; told: number | undefined; atLeast: number }) {
  const { t } = useText();
  const n = told ?? atLeast;
  if (n <= 0) return null;
  return (
    <div className={`${s.groupChip} ${s.without}`}>
      <span className={s.groupTop}>
        <span>{t(`board.without.${kind}` as TextKey)}</span>
        <span className={s.num}>{told === undefined ? t('board.at_least', { n: count(n) }) : count(n)}</span>
      </span>
    </div>
  );
}
