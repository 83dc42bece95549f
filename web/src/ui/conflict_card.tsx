import { Button, Dropdown } from 'antd';
import type { Conflict } from '@/api/types';
import { useText } from '@/lib/i18n';
import { useMeta } from '@/lib/meta_context';
import { places } from '@/lib/places';
import s from './conflict_card.module.css';
import { useCommands } from './command_host';
import { Moment } from './moment';

/// Two sides that cannot both be right, and a way to say which is.
export function ConflictCard({ order, orderNo, conflict }: { order: string; orderNo: string; conflict: Conflict }) {
  const { t, label } = useText();
  const { word, meta } = useMeta();
  const { ask } = useCommands();
  const def = meta.commands.find((c) => c.code === places.besideConflict);
  const verdicts = meta.words.verdict ?? [];
  const settle = (verdict: string) =>
    def &&
    ask({
      order,
      orderNo,
      offer: { ...def, name: def.code, decided_by: 'cairn', label: { zh: `${def.label.zh}：${word('verdict', verdict)}`, en: `${def.label.en}: ${word('verdict', verdict)}` }, preset: { conflict: conflict.id, verdict } },
    });
  return (
    <article className={s.card} aria-label={label(conflict.label, conflict.code)}>
      <div className={s.head}>
        <b>{label(conflict.label, conflict.code)}</b>
        <Moment at={conflict.at} />
      </div>
      {conflict.detail && !conflict.sides.some((side) => label(side.says) === label(conflict.detail)) && <p className={s.detail}>{label(conflict.detail)}</p>}
      <div className={s.sides}>
        {conflict.sides.map((side, i) => (
          <div key={i} className={s.side}>
            <span className="quiet">{t('conflicts.side', { n: i + 1 })}</span>
            <b>{word('source', side.source)}</b>
            <span>{label(side.says)}</span>
            <Moment at={side.at} />
          </div>
        ))}
      </div>
      {conflict.settled ? (
        <p className={s.settled}>
          {t('conflicts.verdict_was', { verdict: word('verdict', conflict.settled.verdict) })} <Moment at={conflict.settled.at} /> {conflict.settled.actor} {conflict.settled.text}
        </p>
      ) : (
        def && (
          <Dropdown trigger={['click']} menu={{ items: verdicts.map((v) => ({ key: v.code, label: label(v.label, v.code) })), onClick: ({ key }) => settle(key) }}>
            <Button size="small">{t('conflicts.settle')} ▾</Button>
          </Dropdown>
        )
      )}
    </article>
  );
}
