import { useQueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useMemo, useRef, useState, useSyncExternalStore, type ReactNode } from 'react';
import { bearer, keyRefused, useKeyIsRefused } from '@/api/key';
import { rowsOf } from '@/api/queries';
import type { Change, Status } from '@/api/types';
import { setServerTime } from './clock';
import { LiveStream, type LiveState } from './live';
import { LiveCache } from './live_cache';

const feed_max = 500;

const nameOf = (change: Change) => `${change.id}/${change.version}`;

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
  add(changes: Change[]): void {
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
  follow: (url: string) => void;
}

const Context = createContext<Live | null>(null);
const everything = '/v1/live';
const patience_ms = 1_000;

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
    const stream = new LiveStream({
      headers: bearer,
      onRefused: keyRefused,
      onChanges: (changes) => {
        cache.apply(changes);
        feed.add(changes);
      },
      onReset: () => cache.reset(),
      onState: (next) => {
        setState(next);
        if (next === 'live' || next === 'waiting') setIsReady(true);
      },
      onTime: setServerTime,
    });
    // One function for good: an effect that follows must not run again because the state changed.
    return { cache, feed, stream, follow: (url: string) => stream.follow(url) };
  }, [queries]);

  useEffect(() => {
    const { stream } = parts;
    const wake = () => {
      if (document.visibilityState === 'visible') stream.wake();
    };
    stream.follow(everything);
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
export function useLiveCache(): { applyStatus: (status: Status) => void; arrivedCount: () => number } {
  return useLive().cache;
}

/// Follows these orders for as long as the component is there, then all of them again. The server
/// filters; the position stays good.
export function useLiveScope(filter: Record<string, string | undefined>): void {
  const { follow } = useLive();
  const entries = Object.entries(filter).filter((e): e is [string, string] => !!e[1]);
  const url = entries.length ? `${everything}?${new URLSearchParams(entries)}` : everything;
  const latest = useRef(url);
  latest.current = url;
  useEffect(() => {
    follow(url);
    return () => {
      if (latest.current === url) follow(everything);
    };
  }, [url, follow]);
}
