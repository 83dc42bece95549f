import type { Board } from '@/api/types';
import { count } from '@/lib/format';
import { useText } from '@/lib/i18n';
import { useMeta } from '@/lib/meta_context';
import { Dot } from '@/ui/pills';
import s from './board.module.css';
import { Cell, type Dragging } from './cell';
import { EndedLink, type Ended } from './ended';

export interface BoardProps {
  board: Board;
  ended: Ended[];
  dragging: Dragging;
  more: (category: string, lane: string) => string;
}

const ended_width = 44;

/// Lanes × categories. A column that has nothing in it is narrow, or hidden where its definition says so; those that have ended are folded, and stay in sight at the side.
export function Grid({ board, ended, dragging, more }: BoardProps) {
  const { t, label } = useText();
  const { meta, tone, name } = useMeta();
  const columns = shownColumns(board, meta.categories);
  const widths = columns.map((c) => (c.count > 0 || dragging.row ? 'minmax(222px, 1fr)' : 'minmax(112px, 0.45fr)')).join(' ');
  const laneTotal = (lane: string) => board.columns.reduce((sum, column) => sum + (column.lanes[lane]?.count ?? 0), 0);
  return (
    <div className={s.scroll}>
      <div className={s.grid} style={{ gridTemplateColumns: `104px ${widths}${` ${ended_width}px`.repeat(ended.length)}`, gridTemplateRows: `auto repeat(${meta.lanes.length - 1}, auto) minmax(min-content, 1fr)` }}>
        <div className={s.corner} />
        {columns.map((column) => {
          const def = meta.categories.find((c) => c.code === column.category);
          return (
            <div key={column.category} className={s.colHead} title={def && label(def.turn)}>
              <b>{name('categories', column.category)}</b>
              <span className={s.num}>{count(column.count)}</span>
            </div>
          );
        })}
        {ended.map((e, i) => (
          <div key={e.category} className={s.endedSlot} style={{ gridColumn: columns.length + 2 + i, right: (ended.length - 1 - i) * ended_width }}>
            <EndedLink ended={e} />
          </div>
        ))}
        {meta.lanes.map((lane) => (
          <div key={lane.code} role="group" aria-label={t('board.lane', { lane: name('lanes', lane.code), n: laneTotal(lane.code) })} style={{ display: 'contents' }}>
            <div className={s.lane} title={label(lane.description)}>
              <b>
                <Dot tone={tone('lanes', lane.code)} />
                {name('lanes', lane.code)}
              </b>
              <span className={s.laneCount}>{count(laneTotal(lane.code))}</span>
            </div>
            {laneTotal(lane.code) === 0 && !dragging.row ? (
              <p className={s.none} style={{ gridColumn: `2 / ${columns.length + 2}` }}>
                <span>{label(lane.description)}</span>
              </p>
            ) : (
              columns.map((column) => (
              <Cell key={column.category} category={column.category} lane={lane.code} cell={column.lanes[lane.code]} dragging={dragging} more={more(column.category, lane.code)} />
              ))
            )}
          </div>
        ))}
      </div>
    </div>
  );
}

export function shownColumns(board: Board, categories: { code: string; hidden_if_empty?: boolean; column: number }[]): Board['columns'] {
  const place = new Map(categories.map((c) => [c.code, c]));
  return board.columns
    .filter((column) => column.count > 0 || !place.get(column.category)?.hidden_if_empty)
    .sort((a, b) => (place.get(a.category)?.column ?? 99) - (place.get(b.category)?.column ?? 99));
}
