import { InfiniteQueryObserver, QueryClient, QueryObserver } from '@tanstack/react-query';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { boardQuery, orderQuery, ordersQuery } from '@/api/queries';
import type { Board, Change, Order, OrderFilter, OrderPage, OrderRow, Status } from '@/api/types';
import { LiveCache } from '@/lib/live_cache';

const label = { zh: '状态', en: 'state' };
function status(id: string, version: number, category: string, lane = 'normal'): Status {
  return { id, lifecycle: 'retail', state: category, label, category, health: 'on_time', lane, version, as_of: '2026-11-24T06:00:00Z' };
}
function row(id: string, version: number, category: string, lane = 'normal', due = '2026-11-25T00:00:00Z'): OrderRow {
  return { id, status: status(id, version, category, lane), placed_at: '', changed_at: '', badges: [], tags: [], holds: [], carriers: [], suppliers: [], line_count: 1, package_count: 0, moves: [], due_at: due };
}
function board(...rows: OrderRow[]): Board {
  const columns = ['ready', 'preparing', 'in_transit'].map((category) => {
    const mine = rows.filter((r) => r.status.category === category);
    const lanes = Object.fromEntries(['overdue', 'normal'].map((lane) => [lane, { count: mine.filter((r) => r.status.lane === lane).length, items: mine.filter((r) => r.status.lane === lane) }]));
    return { category, count: mine.length, lanes };
  });
  return { columns, groups: [], total: rows.length, position: '1', as_of: '' };
}
function change(id: string, version: number, from: string | undefined, to: string, lane = 'normal'): Change {
  const place = (category: string) => ({ state: category, category, lane, health: 'on_time' });
  return { id, version, ...(from && { from: place(from) }), to: place(to), status: status(id, version, to, lane), cause: { type: 'x', label }, at: '2026-11-24T06:00:00Z' };
}

const filter = { limit: 40 };
let queries: QueryClient;
let cache: LiveCache;
let wanted: string[][];
let attributes: string;
let server: Map<string, OrderRow>;
const cell = (category: string, lane = 'normal') => {
  const found = queries.getQueryData<Board>(boardQuery(filter).queryKey)!.columns.find((c) => c.category === category)!.lanes[lane]!;
  return { count: found.count, ids: found.items.map((r) => `${r.id}/${r.status.version}`) };
};

beforeEach(() => {
  vi.useFakeTimers();
  queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  wanted = [];
  attributes = '';
  server = new Map();
  cache = new LiveCache(queries, (ids, names) => {
    wanted.push(ids);
    attributes = names;
    return Promise.resolve(ids.flatMap((id) => server.get(id) ?? []));
  });
});
afterEach(() => {
  queries.clear();
  vi.useRealTimers();
});

describe('LiveCache', () => {
  it('moves a card and its count, and reads what a status does not carry, once', async () => {
    queries.setQueryData(boardQuery(filter).queryKey, board(row('a', 1, 'ready'), row('b', 1, 'ready')));
    cache.apply([change('a', 2, 'ready', 'preparing'), change('a', 3, 'preparing', 'in_transit')]);
    expect(cell('ready')).toEqual({ count: 1, ids: ['b/1'] });
    expect(cell('preparing')).toEqual({ count: 0, ids: [] });
    expect(cell('in_transit')).toEqual({ count: 1, ids: ['a/3'] });
    server.set('a', { ...row('a', 3, 'in_transit'), badges: ['after_sale_open'] });
    await vi.advanceTimersByTimeAsync(500);
    expect(wanted).toEqual([['a']]);
    expect(queries.getQueryData<Board>(boardQuery(filter).queryKey)!.columns[2]!.lanes.normal!.items[0]!.badges).toEqual(['after_sale_open']);
  });

  it('counts a change that is told twice once, and never goes back to an older version', () => {
    queries.setQueryData(boardQuery(filter).queryKey, board(row('a', 5, 'preparing')));
    const twice = change('a', 6, 'preparing', 'in_transit');
    cache.apply([twice]);
    cache.apply([twice, change('a', 4, 'ready', 'preparing')]);
    expect(cell('in_transit')).toEqual({ count: 1, ids: ['a/6'] });
    expect(cell('preparing').count).toBe(0);
  });

  it('puts in an order that is new, where its urgency puts it', async () => {
    queries.setQueryData(boardQuery(filter).queryKey, board(row('a', 1, 'ready', 'normal', '2026-11-24T10:00:00Z'), row('c', 1, 'ready', 'normal', '2026-11-26T10:00:00Z')));
    server.set('b', row('b', 1, 'ready', 'normal', '2026-11-25T10:00:00Z'));
    cache.apply([change('b', 1, undefined, 'ready')]);
    expect(cell('ready').count).toBe(3);
    expect(cache.arrivedIds()).toEqual(['b']);
    await vi.advanceTimersByTimeAsync(500);
    expect(cell('ready').ids).toEqual(['a/1', 'b/1', 'c/1']);
    expect(queries.getQueryData<Board>(boardQuery(filter).queryKey)!.total).toBe(3);
  });

  it('changes lanes as well', () => {
    queries.setQueryData(boardQuery(filter).queryKey, board(row('a', 1, 'ready', 'normal')));
    const late = change('a', 2, 'ready', 'ready', 'overdue');
    cache.apply([{ ...late, from: { ...late.from!, lane: 'normal' } }]);
    expect(cell('ready', 'normal').count).toBe(0);
    expect(cell('ready', 'overdue')).toEqual({ count: 1, ids: ['a/2'] });
  });

  it('shows the answer to a command at once, and lets the stream win where it knows more', () => {
    queries.setQueryData(boardQuery(filter).queryKey, board(row('a', 1, 'ready')));
    cache.applyStatus(status('a', 2, 'preparing'));
    expect(cell('preparing').ids).toEqual(['a/2']);
    cache.apply([change('a', 2, 'ready', 'preparing')]);
    expect(cell('preparing')).toEqual({ count: 1, ids: ['a/2'] });
    expect(cell('ready').count).toBe(0);
    cache.apply([change('a', 3, 'preparing', 'in_transit')]);
    cache.applyStatus(status('a', 2, 'preparing'));
    expect(cell('in_transit').ids).toEqual(['a/3']);
    expect(cell('preparing').count).toBe(0);
  });

  it('patches rows of lists in place', () => {
    const page: OrderPage = { items: [row('a', 1, 'ready'), row('b', 1, 'ready')], position: '1', as_of: '' };
    queries.setQueryData(ordersQuery({}).queryKey, { pages: [page], pageParams: [''] });
    cache.apply([change('b', 2, 'ready', 'preparing')]);
    const rows = queries.getQueryData(ordersQuery({}).queryKey)!.pages[0]!.items;
    expect(rows.map((r) => `${r.id}/${r.status.version}`)).toEqual(['a/1', 'b/2']);
  });

  it('reads rows with the attributes that lists show, those in sight first', async () => {
    const page: OrderPage = { items: [row('a', 1, 'ready')], position: '1', as_of: '' };
    const listing = (filter: OrderFilter) => {
      queries.setQueryData(ordersQuery(filter).queryKey, { pages: [page], pageParams: [''] });
      return ordersQuery(filter);
    };
    listing({});
    listing({ attributes: 'colour,size' });
    const inSight = listing({ attributes: 'size,weight', open: true });
    const unsubscribe = new InfiniteQueryObserver(queries, { ...inSight, staleTime: Infinity }).subscribe(() => undefined);
    server.set('a', { ...row('a', 2, 'preparing'), attributes: { size: 'XL' } });
    cache.apply([change('a', 2, 'ready', 'preparing')]);
    await vi.advanceTimersByTimeAsync(500);
    expect(attributes).toBe('size,weight,colour');
    expect(queries.getQueryData(inSight.queryKey)!.pages[0]!.items[0]!.attributes).toEqual({ size: 'XL' });
    unsubscribe();
  });

  it('does not let an answer that was asked for earlier put back what the stream has moved', async () => {
    let answer: (board: Board) => void = () => undefined;
    const asked = queries.fetchQuery({ ...boardQuery(filter), queryFn: () => new Promise<Board>((resolve) => (answer = resolve)) });
    await vi.advanceTimersByTimeAsync(1);
    cache.apply([change('a', 2, 'ready', 'preparing')]);
    answer(board(row('a', 1, 'ready'), row('b', 1, 'ready')));
    await asked;
    expect(cell('ready')).toEqual({ count: 1, ids: ['b/1'] });
    expect(cell('preparing')).toEqual({ count: 1, ids: ['a/2'] });
  });

  it('nor what the answer to a command has moved ahead of the stream', async () => {
    queries.setQueryData(boardQuery(filter).queryKey, board(row('a', 1, 'ready'), row('b', 1, 'ready')));
    let answer: (board: Board) => void = () => undefined;
    const asked = queries.fetchQuery({ ...boardQuery(filter), queryFn: () => new Promise<Board>((resolve) => (answer = resolve)) });
    await vi.advanceTimersByTimeAsync(1);
    cache.applyStatus(status('a', 2, 'preparing'));
    answer(board(row('a', 1, 'ready'), row('b', 1, 'ready')));
    await asked;
    expect(cell('ready')).toEqual({ count: 1, ids: ['b/1'] });
    expect(cell('preparing')).toEqual({ count: 1, ids: ['a/2'] });
    cache.apply([change('a', 2, 'ready', 'preparing')]);
    expect(cell('preparing')).toEqual({ count: 1, ids: ['a/2'] });
  });

  it('reads the board once more when a change came that its answer cannot be asked about', async () => {
    let answers = 0;
    let answer: (board: Board) => void = () => undefined;
    const query = { ...boardQuery(filter), queryFn: () => { answers += 1; return new Promise<Board>((resolve) => (answer = resolve)); } };
    const unsubscribe = new QueryObserver(queries, query).subscribe(() => undefined);
    await vi.advanceTimersByTimeAsync(1);
    cache.apply([change('far', 2, 'ready', 'preparing')]);
    answer(board(row('b', 1, 'ready')));
    await vi.advanceTimersByTimeAsync(6_000);
    expect(answers).toBe(2);
    unsubscribe();
  });

  it('reads an open order again when it changes, even where its own answer was first', async () => {
    let reads = 0;
    const detail = { id: 'a', status: status('a', 2, 'preparing') } as Order;
    const unsubscribe = new QueryObserver(queries, { ...orderQuery('a'), queryFn: () => { reads += 1; return Promise.resolve(detail); } }).subscribe(() => undefined);
    await vi.advanceTimersByTimeAsync(1);
    expect(reads).toBe(1);
    cache.apply([change('a', 2, 'ready', 'preparing')]);
    await vi.advanceTimersByTimeAsync(500);
    expect(reads).toBe(2);
    cache.apply([change('other', 9, 'ready', 'preparing')]);
    await vi.advanceTimersByTimeAsync(500);
    expect(reads).toBe(2);
    unsubscribe();
  });

  it('reads everything but the definitions again at a reset', () => {
    queries.setQueryData(['meta'], {});
    queries.setQueryData(boardQuery(filter).queryKey, board());
    cache.reset();
    expect(queries.getQueryState(boardQuery(filter).queryKey)?.isInvalidated).toBe(true);
    expect(queries.getQueryState(['meta'])?.isInvalidated).toBe(false);
  });
});
