import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef, useState } from 'react';
import { Link } from 'react-router';
import type { Cell as CellData, OrderRow } from '@/api/types';
import { count } from '@/lib/format';
import { useText } from '@/lib/i18n';
import { useMeta } from '@/lib/meta_context';
import s from './board.module.css';
import { Card, card_height } from './card';

export interface Dragging {
  row: OrderRow | null;
  onDrag: (row: OrderRow | null) => void;
  onMove: (row: OrderRow, command: string, to: string) => void;
  pending: ReadonlyMap<string, string>;
}

interface Props {
  category: string;
  lane: string;
  cell: CellData | undefined;
  dragging: Dragging;
  more: string;
}

export function Cell({ category, lane, cell, dragging, more }: Props) {
  const { t } = useText();
  const { name } = useMeta();
  const [isInside, setIsInside] = useState(false);
  const [isOver, setIsOver] = useState(false);
  const { rows, fresh, gone } = useStillOrder(cell?.items ?? [], isInside);
  const list = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => list.current, estimateSize: () => card_height, overscan: 4, getItemKey: (i) => rows[i]!.id, initialRect: { width: 200, height: 264 } });
  const total = cell?.count ?? 0;
  const rest = total - (cell?.items.length ?? 0);
  const move = dragging.row?.moves.find((m) => m.to === category);
  const isLegal = !!move && !move.why_not;

  return (
    <div
      className={s.cell}
      role="group"
      aria-label={t('board.cell', { category: name('categories', category), lane: name('lanes', lane), n: total })}
      onPointerEnter={() => setIsInside(true)}
      onPointerLeave={() => setIsInside(false)}
      onDragOver={(e) => {
        setIsOver(true);
        if (isLegal) e.preventDefault();
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={(e) => {
        e.preventDefault();
        setIsOver(false);
        if (dragging.row && isLegal) dragging.onMove(dragging.row, move.command, category);
      }}
    >
      <div className={s.list} ref={list} tabIndex={rows.length > 3 ? 0 : undefined} style={{ minHeight: `min(${virtual.getTotalSize()}px, var(--cell-height, 264px))` }}>
        <div className={s.track} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index]!;
            return (
              <div key={item.key} className={s.slot} style={{ transform: `translateY(${item.start}px)` }}>
                <Card row={row} isPending={dragging.pending.has(row.id)} isGone={gone.has(row.id)} onDrag={dragging.onDrag} onMove={dragging.onMove} />
              </div>
            );
          })}
        </div>
      </div>
      {(rest > 0 || fresh > 0) && (
        <div className={s.foot}>
          {rest > 0 && <Link to={more}>{t('board.more', { n: count(rest) })}</Link>}
          {fresh > 0 && <span className={s.fresh}>{t('board.new_cards', { n: fresh })}</span>}
        </div>
      )}
      {dragging.row && <DropHint row={dragging.row} category={category} isOver={isOver} />}
    </div>
  );
}

/// What dropping here would do, or why it cannot be: said before the drop.
function DropHint({ row, category, isOver }: { row: OrderRow; category: string; isOver: boolean }) {
  const { t, label } = useText();
  const { name } = useMeta();
  const move = row.moves.find((m) => m.to === category);
  if (row.status.category === category) return isOver ? <div className={`${s.drop} ${s.illegal}`}>{t('board.here')}</div> : null;
  const isLegal = move && !move.why_not;
  const text = isLegal ? t('board.drop_here', { command: name('commands', move.command) }) : move?.why_not ? label(move.why_not) : t('board.illegal');
  return (
    <div className={`${s.drop} ${isLegal ? s.legal : s.illegal} ${isOver ? s.over : ''}`} role={isOver ? 'status' : undefined}>
      {text}
    </div>
  );
}

/// While the pointer is inside, cards keep their places: those that leave stay as shadows, those that
/// come are added at the end.
function useStillOrder(items: OrderRow[], isStill: boolean): { rows: OrderRow[]; fresh: number; gone: ReadonlySet<string> } {
  const kept = useRef<OrderRow[]>(items);
  if (!isStill) {
    kept.current = items;
    return { rows: items, fresh: 0, gone: none };
  }
  const now = new Map(items.map((row) => [row.id, row]));
  const gone = new Set<string>();
  const rows = kept.current.map((row) => {
    const current = now.get(row.id);
    if (!current) gone.add(row.id);
    return current ?? row;
  });
  const known = new Set(rows.map((row) => row.id));
  const fresh = items.filter((row) => !known.has(row.id));
  return { rows: [...rows, ...fresh], fresh: fresh.length, gone };
}
const none: ReadonlySet<string> = new Set();
