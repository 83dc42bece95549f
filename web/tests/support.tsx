import { render } from '@testing-library/react';
import axe from 'axe-core';
import { expect, vi } from 'vitest';
import { App } from '@/app/app';
import { setLanguage, type Language } from '@/lib/i18n';
import { createHandler } from '../mock/handler.mjs';
import { World as PretendWorld } from '../mock/world.mjs';

export interface PretendOrder {
  id: string;
  order_no: string;
  state: string;
  version: number;
  timeline: { id: string; type: string; occurred: string; retracted?: unknown }[];
  conflicts: { id: string; settled?: unknown }[];
  requests: Record<string, unknown>[];
  packages: { number: string }[];
  buyer: Record<string, string>;
  attributes: Record<string, unknown>;
  lines: { id: string; name: string }[];
}
export interface World {
  orders: Map<string, PretendOrder>;
  position: number;
  quarantine: { id: string; reference: { value: string } }[];
  streams?: Set<() => void>;
  place: (body: Record<string, unknown>) => PretendOrder;
  tell: (order: PretendOrder, type: string, data: Record<string, unknown>, by?: Record<string, unknown>) => { id: string };
}
export const World = PretendWorld as new (options?: { seed?: number; orders?: number }) => World;

type Handle = (request: Request) => Promise<Response>;

/// The whole console on `path`, over a pretend server; `answer` may stand in front of it.
export function open(path: string, options: { world?: World; lang?: Language; answer?: (request: Request, otherwise: Handle) => Promise<Response> } = {}) {
  const world = options.world ?? new World({ orders: 40 });
  const handle = createHandler(world) as Handle;
  const asked: Request[] = [];
  const serve = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const { signal, ...rest } = init ?? {};
    const request = input instanceof Request ? input : new Request(new URL(String(input), location.origin), rest);
    asked.push(request.clone());
    const answer = await (options.answer ? options.answer(request, handle) : handle(request));
    signal?.addEventListener('abort', () => void answer.body?.cancel().catch(() => undefined));
    return answer;
  };
  vi.stubGlobal('fetch', serve);
  setLanguage(options.lang ?? 'en');
  window.history.replaceState(null, '', path);
  const view = render(<App />);
  return { world, asked, ...view };
}

export function find(world: World, is: (order: PretendOrder) => boolean): PretendOrder {
  const order = [...world.orders.values()].find(is);
  if (!order) throw new Error('the pretend world has no such order');
  return order;
}

export function problem(status: number, code: string, detail: string): Response {
  return new Response(JSON.stringify({ type: code, code, title: 'It failed', title_zh: '出错了', status, detail, request: 'req-77', retryable: false }), {
    status,
    headers: { 'content-type': 'application/problem+json' },
  });
}

/// No violation of WCAG 2.2 AA that can be found without a layout (contrast and sizes need a browser:
/// the journeys in tests/e2e look at those).
export async function expectAccessible(container: Element): Promise<void> {
  const { violations } = await axe.run(container, {
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
    rules: { 'color-contrast': { enabled: false } },
  });
  expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`)).toEqual([]);
}
