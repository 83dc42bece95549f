import { useQueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore, type ReactNode } from 'react';
import { bearer, keyRefused, useKeyIsRefused } from '@/api/key';
import { rowsOf } from '@/api/queries';
import type { Change } from '@/api/types';
import { setServerTime } from './clock';
import { LiveStream, type LiveState } from './live';
import { LiveCache } from './live_cache';

const feed_max = 500;

const nameOf = (change: Change) => `${change.id}/${change.version}`;

type Scope = Record<string, string | undefined>;
// A change says little of its order: what else the server filtered by when it came is remembered.
const heard = new WeakMap<Change, Scope>();
export function heardUnder(change: Change): Scope {
  return heard.get(change) ?? {};
}

/// What the stream has said lately, for whoever wants to list it.
class Feed {
  private changes: Change[] = [];
  private listeners = new Set<() => void>();
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  readonly get = (): Change[] => this.changes;
  // After a gap the server may say again what it had said.
  add(changes: Change[], scope: Scope): void {
    for (const change of changes) heard.set(change, scope);
    const known = new Set(this.changes.map(nameOf));
    const fresh = changes.filter((change) => !known.has(nameOf(change)));
    if (fresh.length === 0) return;
    this.changes = [...fresh].reverse().concat(this.changes).slice(0, feed_max);
    this.listeners.forEach((tell) => tell());
  }
}

interface Live {
  state: LiveState;
  feed: Feed;
  cache: LiveCache;
  follow: (scope: Scope) => void;
}

const Context = createContext<Live | null>(null);
const patience_ms = 1_000;

function urlOf(scope: Scope): string {
  const entries = Object.entries(scope).filter((e): e is [string, string] => !!e[1]);
  return entries.length ? `/v1/live?${new URLSearchParams(entries)}` : '/v1/live';
}

/// Draws nothing until the stream is open, so that no change falls between what is read and what is
/// heard; where it does not open, all is read anew once it does.
export function LiveProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const [state, setState] = useState<LiveState>('connecting');
  const [isReady, setIsReady] = useState(false);
  const isRefused = useKeyIsRefused();
  const parts = useMemo(() => {
    const cache = new LiveCache(queries, rowsOf);
    const feed = new Feed();
    let scope: Scope = {};
    const stream = new LiveStream({
      headers: bearer,
      onRefused: keyRefused,
      onChanges: (changes) => {
        cache.apply(changes);
        feed.add(changes, scope);
      },
      onReset: () => cache.reset(),
      onState: (next) => {
        setState(next);
        if (next === 'live' || next === 'waiting') setIsReady(true);
      },
      onTime: setServerTime,
    });
    // One function for good: an effect that follows must not run again because the state changed.
    const follow = (next: Scope) => {
      stream.follow(urlOf(next)); // hands on what came before by the scope it came by
      scope = next;
    };
    return { cache, feed, stream, follow };
  }, [queries]);

  useEffect(() => {
    const { stream } = parts;
    const wake = () => {
      if (document.visibilityState === 'visible') stream.wake();
    };
    parts.follow({});
    const impatient = setTimeout(() => setIsReady(true), patience_ms);
    window.addEventListener('online', wake);
    window.addEventListener('pageshow', wake);
    document.addEventListener('visibilitychange', wake);
    return () => {
      clearTimeout(impatient);
      stream.stop();
      window.removeEventListener('online', wake);
      window.removeEventListener('pageshow', wake);
      document.removeEventListener('visibilitychange', wake);
    };
  }, [parts]);

  // With another key the stream goes on at once from where it was.
  useEffect(() => {
    if (!isRefused) parts.stream.wake();
  }, [isRefused, parts]);

  const value = useMemo(
    () => ({ state, feed: parts.feed, cache: parts.cache, follow: parts.follow }),
    [state, parts],
  );
  return <Context.Provider value={value}>{isReady && children}</Context.Provider>;
}

function useLive(): Live {
  const live = useContext(Context);
  if (!live) throw new Error('LiveProvider is missing');
  return live;
}

export function useLiveState(): LiveState {
  return useLive().state;
}
export function useFeed(): Change[] {
  const { feed } = useLive();
  return useSyncExternalStore(feed.subscribe, feed.get);
}
export function useLiveCache(): Pick<LiveCache, 'applyStatus' | 'arrivedIds'> {
  return useLive().cache;
}

/// Follows these orders for as long as the component is there, then all of them again. The server
/// filters; the position stays good.
export function useLiveScope(filter: Scope): void {
  const { follow } = useLive();
  const url = urlOf(filter);
  const latest = useRef({ url, filter });
  latest.current = { url, filter };
  // Before anything is drawn by the new filter: what comes between would be of the old one.
  useLayoutEffect(() => {
    follow(latest.current.filter);
    return () => {
      if (latest.current.url === url) follow({});
    };
  }, [url, follow]);
}
