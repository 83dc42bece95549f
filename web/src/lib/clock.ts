import { useSyncExternalStore } from 'react';

/// The server's time, as far as the stream has told it, so that time left is right on a machine whose
/// clock is wrong.
let offset_ms = 0;
export function setServerTime(iso: string): void {
  const offset = Date.parse(iso) - Date.now();
  if (Number.isNaN(offset)) return;
  offset_ms = Math.abs(offset) < 1_500 ? 0 : offset;
}
export function serverNow(): number {
  return Date.now() + offset_ms;
}

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => listeners.forEach((tell) => tell()), 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/// The time, rounded down to `step` ms: a component is drawn again only when that changes.
export function useNow(step_ms: number): number {
  return useSyncExternalStore(subscribe, () => Math.floor(serverNow() / step_ms) * step_ms);
}
