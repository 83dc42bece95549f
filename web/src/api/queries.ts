import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { call, client, newKey } from './client';
import type { BoardFilter, BulkAnswer, CommandAnswer, OrderFilter, OrderPage, OrderRow } from './types';

/// One function per endpoint; a key's first word says what is behind it (lib/live_cache.ts patches
/// `board`, `orders` and `order` by it).

export const metaQuery = queryOptions({
  queryKey: ['meta'],
  queryFn: ({ signal }) => call(client.GET('/v1/meta', { signal })),
  staleTime: 5 * 60_000,
});

export const boardQuery = (filter: BoardFilter) =>
  queryOptions({
    queryKey: ['board', filter],
    queryFn: ({ signal }) => call(client.GET('/v1/board', { signal, params: { query: filter } })),
    refetchInterval: 60_000,
    placeholderData: (before) => before,
  });

/// As many attributes as a list may be asked for.
export const attributes_max = 20;

export const ordersQuery = (filter: OrderFilter) =>
  infiniteQueryOptions({
    queryKey: ['orders', filter],
    queryFn: ({ signal, pageParam }): Promise<OrderPage> =>
      call(client.GET('/v1/orders', { signal, params: { query: { ...filter, limit: 100, ...(pageParam && { cursor: pageParam }) } } })),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: (before) => before,
  });

/// How many of these orders a filter fits.
export const belongingQuery = (filter: OrderFilter, ids: string[]) =>
  queryOptions({
    queryKey: ['belonging', filter, ids],
    queryFn: async ({ signal }) => (await call(client.GET('/v1/orders', { signal, params: { query: { ...filter, id: ids.join(','), limit: 200 } } }))).items.length,
    placeholderData: (before) => before,
  });

export interface View {
  at?: string;
  known_at?: string;
}

export const orderQuery = (id: string, view: View = {}) =>
  queryOptions({
    queryKey: ['order', id, 'detail', view],
    queryFn: ({ signal }) => call(client.GET('/v1/orders/{id}', { signal, params: { path: { id }, query: view } })),
  });

export const timelineQuery = (id: string, knownAt?: string) =>
  infiniteQueryOptions({
    queryKey: ['order', id, 'timeline', knownAt ?? null],
    queryFn: ({ signal, pageParam }) =>
      call(client.GET('/v1/orders/{id}/timeline', {
        signal,
        params: { path: { id }, query: { newest: true, limit: 200, ...(pageParam && { cursor: pageParam }), ...(knownAt && { known_at: knownAt }) } },
      })),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
  });

export const auditQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ['order', id, 'audit'],
    queryFn: ({ signal, pageParam }) =>
      call(client.GET('/v1/orders/{id}/audit', { signal, params: { path: { id }, query: { limit: 100, ...(pageParam && { cursor: pageParam }) } } })),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
  });

export const rawEventQuery = (id: string, event: string) =>
  queryOptions({
    queryKey: ['raw', id, event],
    queryFn: ({ signal }) => call(client.GET('/v1/orders/{id}/timeline/{event}/raw', { signal, params: { path: { id, event } } })),
  });

export const quarantineQuery = (q: string) =>
  infiniteQueryOptions({
    queryKey: ['quarantine', q],
    queryFn: ({ signal, pageParam }) =>
      call(client.GET('/v1/quarantine', { signal, params: { query: { ...(q && { q }), ...(pageParam && { cursor: pageParam }) } } })),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: 20_000,
  });

export const conflictsQuery = (filter: { code?: string; settled?: boolean }) =>
  infiniteQueryOptions({
    queryKey: ['conflicts', filter],
    queryFn: ({ signal, pageParam }) =>
      call(client.GET('/v1/conflicts', { signal, params: { query: { ...filter, ...(pageParam && { cursor: pageParam }) } } })),
    initialPageParam: '',
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: 20_000,
  });

export function attachmentBytes(hash: string): Promise<Blob> {
  return call<Blob>(client.GET('/v1/attachments/{hash}', { params: { path: { hash } }, parseAs: 'blob' }) as Promise<{ data?: Blob; error?: unknown; response: Response }>);
}

export async function rowsOf(ids: string[], attributes: string): Promise<OrderRow[]> {
  const page = await call(client.GET('/v1/orders', { params: { query: { id: ids.join(','), limit: 200, ...(attributes && { attributes }) } } }));
  return page.items;
}

export interface Command {
  order: string;
  name: string;
  data: Record<string, unknown>;
  /// Repeats of the same attempt carry the same key.
  key?: string;
}

export function sendCommand({ order, name, data, key }: Command): Promise<CommandAnswer> {
  return call<CommandAnswer>(client.POST('/v1/orders/{id}/commands/{name}', {
    params: { path: { id: order, name }, header: { 'Idempotency-Key': key ?? newKey() } },
    body: data,
  }));
}

export function sendBulk(orders: string[], name: string, data: Record<string, unknown>): Promise<BulkAnswer> {
  return call(client.POST('/v1/commands', {
    params: { header: { 'Idempotency-Key': newKey() } },
    body: { items: orders.map((order) => ({ order, name, data })) },
  }));
}

export interface Correction {
  target: string;
  retract: boolean;
  reason: string;
  text?: string;
  occurred?: string;
  data?: Record<string, unknown>;
  move_to?: string;
}

export function sendCorrection(order: string, body: Correction): Promise<CommandAnswer> {
  return call(client.POST('/v1/orders/{id}/corrections', { params: { path: { id: order }, header: { 'Idempotency-Key': newKey() } }, body }));
}

export function dismissWaiting(id: string, reason: string, text: string): Promise<unknown> {
  return call(client.POST('/v1/quarantine/{id}/dismiss', {
    params: { path: { id }, header: { 'Idempotency-Key': newKey() } },
    body: { reason, ...(text && { text }) },
  }));
}
