import type { InfiniteData, Query, QueryClient, QueryKey } from '@tanstack/react-query';
import { attributes_max } from '@/api/queries';
import type { Board, BoardFilter, Cell, Change, Order, OrderFilter, OrderPage, OrderRow, Status } from '@/api/types';

/// What a change does to what is on the screen. A version already there is never replaced by an older
/// one, so repeats, late answers and optimistic patches all end in what the stream says.
const refetch_ms = 400;
const boards_ms = 5_000;
const rows_max = 200;
const remembered_max = 1_000;
const told_max = 100;

export class LiveCache {
  private wanted = new Set<string>();
  private touched = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private boardTimer: ReturnType<typeof setTimeout> | undefined;
  private arrived: string[] = [];
  private seen = 0;
  private recent: Change[] = [];
  private toldCount = 0;
  private told: Status[] = [];
  private beganAt = new Map<string, { seen: number; told: number }>();

  constructor(
    private readonly queries: QueryClient,
    private readonly rowsOf: (ids: string[], attributes: string) => Promise<OrderRow[]>,
  ) {
    queries.getQueryCache().subscribe(({ type, query, ...event }) => {
      const action = 'action' in event ? event.action : undefined;
      if (type !== 'updated' || !action || !patched.has(query.queryKey[0])) return;
      if (action.type === 'fetch') this.beganAt.set(query.queryHash, { seen: this.seen, told: this.toldCount });
      if (action.type === 'success' && !action.manual) this.catchUp(query);
    });
  }

  apply(changes: Change[]): void {
    this.seen += changes.length;
    this.recent = [...this.recent, ...changes].slice(-remembered_max);
    for (const [key, board] of this.queries.getQueriesData<Board>({ queryKey: ['board'] })) {
      if (!board) continue;
      this.set(key, this.patchBoard(board, changes));
      if (isCounted(key[1] as BoardFilter)) this.boardsLater(isCounted);
    }
    const newest = newestOf(changes);
    this.patchLists((row) => this.patchRow(row, newest.get(row.id)));
    for (const [id, change] of newest) {
      this.patchOrder(id, change.status);
      if (this.queries.getQueriesData({ queryKey: ['order', id] }).length > 0) this.touched.add(id);
    }
    this.arrived = [...this.arrived, ...changes.filter((c) => !c.from).map((c) => c.id)].slice(-remembered_max);
    this.later();
  }

  /// A status that came with the answer to a command: the same rule, ahead of the stream. Lists that
  /// were asked for before it came do not know of it either.
  readonly applyStatus = (status: Status): void => {
    this.toldCount += 1;
    this.told = [...this.told, status].slice(-told_max);
    this.patchStatus(status);
  };

  private patchStatus(status: Status): void {
    for (const [key, board] of this.queries.getQueriesData<Board>({ queryKey: ['board'] })) {
      const row = board && findRow(board, status.id);
      if (!board || !row || row.status.version >= status.version) continue;
      this.wanted.add(status.id);
      const moved = moveCard(board, { ...row, status }, row.status, status);
      this.set(key, moved);
    }
    this.patchLists((row) => {
      if (row.id !== status.id || row.status.version >= status.version) return row;
      this.wanted.add(row.id);
      return { ...row, status };
    });
    if (this.patchOrder(status.id, status)) this.touched.add(status.id);
    this.later();
  }

  reset(): void {
    void this.queries.invalidateQueries({ predicate: (query) => query.queryKey[0] !== 'meta' });
  }

  /// Orders that are new since this page was opened, the newest last.
  readonly arrivedIds = (): string[] => this.arrived;

  // An answer that was asked for before a change came may not know of it, and would put back what the
  // change had already moved. Rows that are there tell by their version; where a change is of a row
  // that is not, the counts cannot tell, and the board is read once more.
  private catchUp(query: Query): void {
    const began = this.beganAt.get(query.queryHash) ?? { seen: this.seen, told: this.toldCount };
    this.beganAt.delete(query.queryHash);
    const untold = this.toldCount - began.told;
    if (untold > 0) for (const status of this.told.slice(-untold)) this.patchStatus(status);
    const missed = this.seen - began.seen;
    if (missed === 0) return;
    const late = this.recent.slice(-missed);
    const newest = newestOf(late);
    if (query.queryKey[0] === 'board') {
      const board = query.state.data as Board;
      const known = late.filter((change) => findRow(board, change.id));
      if (known.length > 0) this.set(query.queryKey, this.patchBoard(board, known));
      if (known.length < missed) this.boardsLater(() => true);
    }
    this.patchLists((row) => this.patchRow(row, newest.get(row.id)));
    for (const [id, change] of newest) if (this.patchOrder(id, change.status)) this.touched.add(id);
    this.later();
  }

  // A patch is no answer of the server: how old the data is stays as it was.
  private set(key: QueryKey, data: unknown): void {
    this.queries.setQueryData(key, data, { updatedAt: this.queries.getQueryState(key)?.dataUpdatedAt });
  }

  private patchBoard(board: Board, changes: Change[]): Board {
    const index = new Map<string, OrderRow>();
    for (const column of board.columns)
      for (const cell of Object.values(column.lanes)) for (const row of cell.items) index.set(row.id, row);
    let next = board;
    for (const change of changes) {
      const row = index.get(change.id);
      if (row && row.status.version >= change.version) continue;
      const place = row ? row.status : change.from;
      this.wanted.add(change.id);
      const patched = row && { ...row, status: change.status, changed_at: change.at };
      if (patched) index.set(change.id, patched);
      next = moveCard(next, patched, place, change.to);
    }
    return next;
  }

  private patchRow(row: OrderRow, change: Change | undefined): OrderRow {
    if (!change || change.version <= row.status.version) return row;
    this.wanted.add(row.id);
    return { ...row, status: change.status, changed_at: change.at };
  }

  private patchLists(patch: (row: OrderRow) => OrderRow): void {
    for (const [key, data] of this.queries.getQueriesData<InfiniteData<OrderPage>>({ queryKey: ['orders'] })) {
      if (!data) continue;
      let hit = false;
      const pages = data.pages.map((page) => {
        const items = page.items.map((row) => {
          const next = patch(row);
          hit ||= next !== row;
          return next;
        });
        return { ...page, items };
      });
      if (hit) this.set(key, { ...data, pages });
    }
  }

  private patchOrder(id: string, status: Status): boolean {
    let hit = false;
    for (const [key, order] of this.queries.getQueriesData<Order>({ queryKey: ['order', id, 'detail'] })) {
      if (!order || order.view || order.status.version >= status.version) continue;
      hit = true;
      this.set(key, { ...order, status });
    }
    return hit;
  }

  private later(): void {
    if (this.wanted.size + this.touched.size === 0) return;
    this.timer ??= setTimeout(() => void this.readMore(), refetch_ms);
  }

  // Cards and rows carry more than a status (what may be done now, holds, badges): read those that
  // changed, many at once, and open orders whole.
  private async readMore(): Promise<void> {
    this.timer = undefined;
    for (const id of this.touched) void this.queries.invalidateQueries({ queryKey: ['order', id] });
    this.touched.clear();
    const ids = [...this.wanted].slice(0, rows_max);
    this.wanted.clear();
    if (ids.length === 0) return;
    try {
      this.mergeRows(await this.rowsOf(ids, this.attributesShown()));
    } catch {
      // The stream goes on; the next change of these orders asks again.
    }
  }

  // What rows must be read with so that no list loses a column by it; those in sight come first.
  private attributesShown(): string {
    const lists = this.queries.getQueryCache().findAll({ queryKey: ['orders'] });
    const names = lists
      .sort((a, b) => Number(b.isActive()) - Number(a.isActive()))
      .flatMap(({ queryKey }) => (queryKey[1] as OrderFilter).attributes?.split(',') ?? []);
    return [...new Set(names)].slice(0, attributes_max).join(',');
  }

  private mergeRows(rows: OrderRow[]): void {
    const byId = new Map(rows.map((row) => [row.id, row]));
    for (const [key, board] of this.queries.getQueriesData<Board>({ queryKey: ['board'] }))
      if (board) this.set(key, mergeBoard(board, rows));
    this.patchLists((row) => {
      const fresh = byId.get(row.id);
      return fresh && fresh.status.version >= row.status.version ? fresh : row;
    });
  }

  private boardsLater(which: (filter: BoardFilter) => boolean): void {
    this.boardTimer ??= setTimeout(() => {
      this.boardTimer = undefined;
      void this.queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] === 'board' && which(queryKey[1] as BoardFilter) });
    }, boards_ms);
  }
}

// Boards that hold no cards: changes cannot say what their counts are.
const isCounted = (filter: BoardFilter) => !!filter.group || !!filter.closed;

const patched: ReadonlySet<unknown> = new Set(['board', 'orders', 'order']);

function newestOf(changes: Change[]): Map<string, Change> {
  const out = new Map<string, Change>();
  for (const change of changes) {
    const seen = out.get(change.id);
    if (!seen || seen.version < change.version) out.set(change.id, change);
  }
  return out;
}

function findRow(board: Board, id: string): OrderRow | undefined {
  for (const column of board.columns)
    for (const cell of Object.values(column.lanes)) {
      const row = cell.items.find((r) => r.id === id);
      if (row) return row;
    }
  return undefined;
}

interface Place {
  category: string;
  lane: string;
}

/// Takes a card from one cell to another, counts with it. Without a card only the counts move; the
/// card is read and put in by `mergeBoard`.
function moveCard(board: Board, row: OrderRow | undefined, from: Place | undefined, to: Place): Board {
  const same = from && from.category === to.category && from.lane === to.lane;
  const isOpen = (category: string) => board.columns.some((c) => c.category === category);
  const columns = board.columns.map((column) => {
    let lanes = column.lanes;
    if (from?.category === column.category)
      lanes = withCell(lanes, from.lane, (cell) => ({
        ...cell,
        count: Math.max(0, cell.count - (same ? 0 : 1)),
        items: row ? cell.items.filter((r) => r.id !== row.id || same).map((r) => (r.id === row.id ? row : r)) : cell.items,
      }));
    if (to.category === column.category && !same)
      lanes = withCell(lanes, to.lane, (cell) => ({ ...cell, count: cell.count + 1, items: row ? insert(cell.items, row) : cell.items }));
    if (lanes === column.lanes) return column;
    return { ...column, lanes, count: Object.values(lanes).reduce((sum, cell) => sum + cell.count, 0) };
  });
  const total = board.total + (isOpen(to.category) && !(from && isOpen(from.category)) ? 1 : 0) - (from && isOpen(from.category) && !isOpen(to.category) ? 1 : 0);
  return { ...board, columns, total };
}

function mergeBoard(board: Board, rows: OrderRow[]): Board {
  const columns = board.columns.map((column) => {
    let lanes = column.lanes;
    for (const row of rows) {
      for (const [lane, cell] of Object.entries(lanes)) {
        const known = cell.items.find((r) => r.id === row.id);
        const belongs = row.status.category === column.category && row.status.lane === lane;
        if (known && known.status.version > row.status.version) continue;
        if (known || belongs)
          lanes = withCell(lanes, lane, (c) => {
            const items = c.items.filter((r) => r.id !== row.id);
            return { ...c, items: belongs ? insert(items, row) : items };
          });
      }
    }
    return lanes === column.lanes ? column : { ...column, lanes };
  });
  return { ...board, columns };
}

function withCell(lanes: Record<string, Cell>, lane: string, change: (cell: Cell) => Cell): Record<string, Cell> {
  return { ...lanes, [lane]: change(lanes[lane] ?? { count: 0, items: [] }) };
}

/// Most urgent first, as the server sends them.
function insert(items: OrderRow[], row: OrderRow): OrderRow[] {
  const due = (r: OrderRow) => r.due_at ?? r.status.promise?.to ?? '9';
  const at = items.findIndex((r) => due(r) > due(row));
  return at < 0 ? [...items, row] : [...items.slice(0, at), row, ...items.slice(at)];
}
