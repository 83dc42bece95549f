import { createElement, lazy, useState, type ComponentType, type ReactNode } from 'react';
import { matchPath } from 'react-router';
import type { TextKey } from '@/lib/i18n';
import * as sign from './signs';

/// Every screen of the console: where it is, what it is called, what draws it. A screen without a
/// place in the navigation has no `sign`.
export interface Screen {
  path: string;
  title: TextKey;
  sign?: ReactNode;
  shortcut?: string;
  view: ComponentType;
  load: () => Promise<unknown>;
}

/// A screen whose code is fetched when it is first wanted. Code that is here by then is drawn at once:
/// React holds back for 300 ms what follows a placeholder. What is drawn once stays what it is.
function lazily(fetchCode: () => Promise<Record<string, ComponentType>>, name: string): Pick<Screen, 'view' | 'load'> {
  let here: ComponentType | undefined;
  const load = async () => ({ default: (here = (await fetchCode())[name] as ComponentType) });
  const Later = lazy(load);
  function View() {
    const [view] = useState<ComponentType>(() => here ?? Later);
    return createElement(view);
  }
  return { load, view: View };
}

export const screens: Screen[] = [
  { path: '/', title: 'nav.board', sign: sign.board, shortcut: 'g b', ...lazily(() => import('@/features/board/board_screen'), 'BoardScreen') },
  { path: '/orders', title: 'nav.orders', sign: sign.orders, shortcut: 'g o', ...lazily(() => import('@/features/orders/orders_screen'), 'OrdersScreen') },
  { path: '/orders/:id', title: 'nav.orders', ...lazily(() => import('@/features/order/order_screen'), 'OrderScreen') },
  { path: '/conflicts', title: 'nav.conflicts', sign: sign.conflicts, shortcut: 'g c', ...lazily(() => import('@/features/conflicts/conflicts_screen'), 'ConflictsScreen') },
  { path: '/quarantine', title: 'nav.quarantine', sign: sign.quarantine, shortcut: 'g q', ...lazily(() => import('@/features/quarantine/quarantine_screen'), 'QuarantineScreen') },
  { path: '/lifecycles', title: 'nav.lifecycles', sign: sign.lifecycles, shortcut: 'g s', ...lazily(() => import('@/features/lifecycles/lifecycles_screen'), 'LifecyclesScreen') },
  { path: '/live', title: 'nav.live', sign: sign.live, shortcut: 'g l', ...lazily(() => import('@/features/live/live_screen'), 'LiveScreen') },
];

/// Fetches the code of the screen at a path while something else is waited for. That it cannot be had
/// is said when the screen is drawn.
export function fetchScreen(path: string): void {
  screens.find((screen) => matchPath(screen.path, path))?.load().catch(() => undefined);
}
