import { useSyncExternalStore } from 'react';

const phone = '(max-width: 720px)';
export function useIsPhone(): boolean {
  return useSyncExternalStore(
    (tell) => {
      const query = globalThis.matchMedia?.(phone);
      query?.addEventListener('change', tell);
      return () => query?.removeEventListener('change', tell);
    },
    () => globalThis.matchMedia?.(phone).matches ?? false,
  );
}
