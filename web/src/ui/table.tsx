import { useVirtualizer } from '@tanstack/react-virtual';
import { Checkbox } from 'antd';
import { useEffect, useRef, type ReactNode } from 'react';
import s from './table.module.css';

/// The one table: a row per item, only those in sight drawn, more asked for when the end comes near.
export interface TableColumn<Row> {
  id: string;
  title: string;
  /// A CSS grid track, such as "160px" or "minmax(120px, 1fr)".
  width: string;
  align?: 'right';
  sort?: string;
  cell: (row: Row) => ReactNode;
}

interface Selection<Row> {
  ids: ReadonlySet<string>;
  onChange: (ids: ReadonlySet<string>) => void;
  labelAll: string;
  labelOne: (row: Row) => string;
}

interface Props<Row> {
  label: string;
  columns: TableColumn<Row>[];
  rows: Row[];
  idOf: (row: Row) => string;
  rowHeight?: number;
  onEnd?: () => void;
  tail?: ReactNode;
  sort?: string;
  onSort?: (sort: string) => void;
  selection?: Selection<Row>;
}

export function Table<Row>(props: Props<Row>) {
  const { columns, rows, idOf, rowHeight = 34, selection } = props;
  const wrap = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => wrap.current, estimateSize: () => rowHeight, overscan: 12, getItemKey: (i) => idOf(rows[i]!), initialRect: { width: 900, height: 700 } });
  const items = virtual.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? 0;
  const { onEnd } = props;
  useEffect(() => {
    if (rows.length > 0 && lastShown >= rows.length - 20) onEnd?.();
  }, [lastShown, rows.length, onEnd]);
  const template = [...(selection ? ['38px'] : []), ...columns.map((c) => c.width)].join(' ');
  const allChosen = selection && rows.length > 0 && rows.every((row) => selection.ids.has(idOf(row)));
  const toggle = (id: string) => {
    if (!selection) return;
    const next = new Set(selection.ids);
    if (!next.delete(id)) next.add(id);
    selection.onChange(next);
  };
  return (
    <div className={s.wrap} ref={wrap} tabIndex={0} role="region" aria-label={props.label}>
      <div className={s.table} role="table" aria-label={props.label} aria-rowcount={rows.length}>
        <div className={s.head} role="row" style={{ gridTemplateColumns: template }}>
          {selection && (
            <div role="columnheader" className={s.check}>
              <Checkbox aria-label={selection.labelAll} checked={!!allChosen} indeterminate={!allChosen && selection.ids.size > 0} onChange={() => selection.onChange(allChosen ? new Set() : new Set(rows.map(idOf)))} />
            </div>
          )}
          {columns.map((column) => (
            <HeadCell key={column.id} column={column} sort={props.sort} onSort={props.onSort} />
          ))}
        </div>
        <div className={s.rows} role="rowgroup" style={{ height: virtual.getTotalSize() }}>
          {items.map((item) => {
            const row = rows[item.index]!;
            const id = idOf(row);
            return (
              <div key={item.key} role="row" aria-rowindex={item.index + 2} aria-selected={selection?.ids.has(id)} className={s.row} style={{ gridTemplateColumns: template, height: rowHeight, transform: `translateY(${item.start}px)` }}>
                {selection && (
                  <div role="cell" className={s.check}>
                    <Checkbox aria-label={selection.labelOne(row)} checked={selection.ids.has(id)} onChange={() => toggle(id)} />
                  </div>
                )}
                {columns.map((column) => (
                  <div key={column.id} role="cell" className={`${s.td} ${column.align === 'right' ? s.right : ''}`}>
                    {column.cell(row)}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
      {props.tail && <div className={s.tail}>{props.tail}</div>}
    </div>
  );
}

function HeadCell<Row>({ column, sort, onSort }: { column: TableColumn<Row>; sort: string | undefined; onSort: ((sort: string) => void) | undefined }) {
  const key = column.sort;
  const direction = key && sort === key ? 'ascending' : key && sort === `-${key}` ? 'descending' : undefined;
  return (
    <div role="columnheader" className={`${s.th} ${column.align === 'right' ? s.right : ''}`} aria-sort={direction}>
      {key && onSort ? (
        <button type="button" className={s.sort} onClick={() => onSort(direction === 'descending' ? key : `-${key}`)}>
          {column.title} {direction === 'ascending' ? '↑' : direction === 'descending' ? '↓' : ''}
        </button>
      ) : (
        column.title
      )}
    </div>
  );
}
