import { lazy, type ComponentType, type ReactNode } from 'react';
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
}

const lazily = (load: () => Promise<Record<string, ComponentType>>, name: string) =>
  lazy(async () => ({ default: (await load())[name] as ComponentType }));

export const screens: Screen[] = [
  { path: '/', title: 'nav.board', sign: sign.board, shortcut: 'g b', view: lazily(() => import('@/features/board/board_screen'), 'BoardScreen') },
  { path: '/orders', title: 'nav.orders', sign: sign.orders, shortcut: 'g o', view: lazily(() => import('@/features/orders/orders_screen'), 'OrdersScreen') },
  { path: '/orders/:id', title: 'nav.orders', view: lazily(() => import('@/features/order/order_screen'), 'OrderScreen') },
  { path: '/conflicts', title: 'nav.conflicts', sign: sign.conflicts, shortcut: 'g c', view: lazily(() => import('@/features/conflicts/conflicts_screen'), 'ConflictsScreen') },
  { path: '/quarantine', title: 'nav.quarantine', sign: sign.quarantine, shortcut: 'g q', view: lazily(() => import('@/features/quarantine/quarantine_screen'), 'QuarantineScreen') },
  { path: '/lifecycles', title: 'nav.lifecycles', sign: sign.lifecycles, shortcut: 'g s', view: lazily(() => import('@/features/lifecycles/lifecycles_screen'), 'LifecyclesScreen') },
  { path: '/live', title: 'nav.live', sign: sign.live, shortcut: 'g l', view: lazily(() => import('@/features/live/live_screen'), 'LiveScreen') },
];
