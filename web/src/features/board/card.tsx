import { Dropdown } from 'antd';
import { memo } from 'react';
import { Link } from 'react-router';
import type { OrderRow } from '@/api/types';
import { useText } from '@/lib/i18n';
import { useMeta } from '@/lib/meta_context';
import { TimeLeft } from '@/ui/moment';
import { Badges, HealthPill } from '@/ui/pills';
import s from './board.module.css';

export const card_height = 83;

interface Props {
  row: OrderRow;
  isPending: boolean;
  isGone: boolean;
  onDrag: (row: OrderRow | null) => void;
  onMove: (row: OrderRow, command: string, to: string) => void;
}

/// One order on the board. The whole card is a link; the menu does with keys what dragging does.
export const Card = memo(function Card({ row, isPending, isGone, onDrag, onMove }: Props) {
  const { t, label } = useText();
  const { tone, name, word, meta } = useMeta();
  const { status } = row;
  const number = status.order_no ?? row.id;
  const isUnverified = tone('lanes', status.lane) === 'unknown';
  const owner = meta.roles.find((r) => r.code === row.next_owner);
  const column = meta.categories.find((c) => c.code === status.category);
  return (
    <article
      className={`${s.card} ${s[tone('lanes', status.lane)] ?? ''} ${isPending ? s.pending : ''} ${isGone ? s.gone : ''}`}
      draggable={!isGone}
      inert={isGone}
      aria-hidden={isGone || undefined}
      onDragStart={(e) => {
        e.dataTransfer.effectAllowed = 'move';
        e.dataTransfer.setData('text/plain', number);
        onDrag(row);
      }}
      onDragEnd={() => onDrag(null)}
      aria-label={number}
    >
      <div className={s.row}>
        <Link to={`/orders/${row.id}`} className={s.no} aria-label={t('card.open', { no: number })} draggable={false}>
          {number}
        </Link>
        {row.due_at || !isUnverified ? <TimeLeft due={row.due_at} settled={column && !column.open} /> : <span className={s.kind}>{name('health', status.health)}</span>}
      </div>
      <div className={s.row}>
        <span className={s.cut}>{[row.buyer, row.city].filter(Boolean).join(' · ') || word('shop', row.shop)}</span>
        {(row.buyer || row.city) && <span className={s.owner}>{word('shop', row.shop)}</span>}
      </div>
      <div className={s.row}>
        <span className={`${s.cut} ${s.quiet}`}>{row.summary || t('card.lines', { n: row.line_count })}</span>
      </div>
      <div className={s.row}>
        <span className={s.small}>
          <span className="nowrap">{label(status.label, status.state)}</span>
          {owner && column?.open && row.badges.length === 0 && row.holds.length === 0 && <span className={s.turn}>{t('board.next', { who: label(owner.label) })}</span>}
          {isUnverified && row.due_at && <HealthPill health={status.health} />}
          {row.holds.slice(0, 1).map((hold) => (
            <span key={hold} className={s.owner}>
              {name('holds', hold)}
            </span>
          ))}
          <Badges codes={row.badges.slice(0, 2)} />
        </span>
        {row.moves.length > 0 && !isGone && (
          <Dropdown
            trigger={['click']}
            menu={{
              items: row.moves.map((move) => ({
                key: move.command,
                disabled: !!move.why_not,
                title: move.why_not ? label(move.why_not) : undefined,
                label: `${name('commands', move.command)} → ${name('categories', move.to)}`,
              })),
              onClick: ({ key }) => {
                const move = row.moves.find((m) => m.command === key);
                if (move) onMove(row, move.command, move.to);
              },
            }}
          >
            <button type="button" className={s.menu} aria-label={`${t('board.move')} ${number}`}>
              ⋯
            </button>
          </Dropdown>
        )}
      </div>
    </article>
  );
});
