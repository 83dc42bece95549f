import { useQuery } from '@tanstack/react-query';
import { boardQuery } from '@/api/queries';
import type { BoardFilter } from '@/api/types';
import { count } from '@/lib/format';
import { useText } from '@/lib/i18n';
import { useMeta } from '@/lib/meta_context';
import { Shares } from '@/ui/bits';
import s from './board.module.css';

/// One button per shop, supplier …, with how its orders stand; pressing one narrows the board to it.
export function Groups(props: { group: NonNullable<BoardFilter['group']>; value: string; onValue: (value: string | undefined) => void }) {
  const { t } = useText();
  const { word, meta, tone } = useMeta();
  const groups = useQuery(boardQuery({ group: props.group, limit: 0 })).data?.groups ?? [];
  return (
    <div className={s.groups} role="group" aria-label={t('board.group')}>
      {groups.filter((g) => g.value !== '').map((g) => (
        <button key={g.value} type="button" className={s.groupChip} aria-pressed={g.value === props.value} onClick={() => props.onValue(g.value === props.value ? undefined : g.value)}>
          <span className={s.groupTop}>
            <span>{word(props.group, g.value)}</span>
            <span className={s.num}>{count(g.count)}</span>
          </span>
          <Shares
            of={g.count}
            label={meta.lanes.map((lane) => `${lane.code} ${g.lanes[lane.code] ?? 0}`).join(', ')}
            parts={meta.lanes.map((lane) => ({ value: g.lanes[lane.code] ?? 0, color: `var(--${tone('lanes', lane.code)}-solid)` }))}
          />
        </button>
      ))}
      {props.value && (
        <button type="button" className={s.groupChip} aria-pressed={false} onClick={() => props.onValue(undefined)}>
          {t('board.all')}
        </button>
      )}
    </div>
  );
}
