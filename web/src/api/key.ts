import { useSyncExternalStore } from 'react';

/// The key that requests carry, for as long as this browser session lasts, and whether the server has
/// refused it: a key may end at any time.
const keyName = 'cairn.key';
let isRefused = false;
const listeners = new Set<() => void>();
const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export function apiKey(): string | null {
  return sessionStorage.getItem(keyName);
}
export function bearer(): Record<string, string> {
  const key = apiKey();
  return key ? { Authorization: `Bearer ${key}` } : {};
}
export function setApiKey(key: string): void {
  sessionStorage.setItem(keyName, key);
}

/// What was sent was refused; of a key that is no longer ours a late answer says nothing.
export function keyRefused(sent: string | null): void {
  if (sent !== (bearer().Authorization ?? null)) return;
  isRefused = true;
  listeners.forEach((tell) => tell());
}
export function keyAccepted(): void {
  isRefused = false;
  listeners.forEach((tell) => tell());
}

export function useKeyIsRefused(): boolean {
  return useSyncExternalStore(subscribe, () => isRefused);
}
