import { useMeta } from '@/lib/meta_context';
import { useUrlState } from '@/lib/url_state';
import { count } from '@/lib/format';
import { Dot } from '@/ui/pills';
import s from './board.module.css';
import { Cell } from './cell';
import { EndedLink } from './ended';
import { shownColumns, type BoardProps } from './grid';

/// On a phone: one category at a time, its lanes below each other, trouble first.
export function PhoneBoard({ board, ended, dragging, more }: BoardProps) {
  const { meta, name, tone } = useMeta();
  const url = useUrlState();
  const columns = shownColumns(board, meta.categories);
  const column = columns.find((c) => c.category === url.get('column')) ?? columns.find((c) => c.count > 0) ?? columns[0];
  if (!column) return null;
  return (
    <div className={s.scroll}>
      <div className={s.columns}>
        <div className={s.tabs} role="tablist">
          {columns.map((c) => (
            <button key={c.category} type="button" role="tab" aria-selected={c === column} className={s.columnTab} onClick={() => url.set({ column: c.category })}>
              {name('categories', c.category)} {count(c.count)}
            </button>
          ))}
        </div>
        {ended.map((e) => (
          <EndedLink key={e.category} ended={e} isTab />
        ))}
      </div>
      <div className={s.phone} role="tabpanel" aria-label={name('categories', column.category)}>
        {meta.lanes
          .filter((lane) => (column.lanes[lane.code]?.count ?? 0) > 0)
          .map((lane) => (
            <section key={lane.code}>
              <div className={s.phoneLane}>
                <Dot tone={tone('lanes', lane.code)} />
                {name('lanes', lane.code)} <span className={s.num}>{count(column.lanes[lane.code]?.count ?? 0)}</span>
              </div>
              <Cell category={column.category} lane={lane.code} cell={column.lanes[lane.code]} dragging={dragging} more={more(column.category, lane.code)} />
            </section>
          ))}
      </div>
    </div>
  );
}
