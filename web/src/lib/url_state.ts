import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router';

/// Page state lives in the URL: what somebody sees can be sent as a link, and going back goes back.
export function useUrlState(): { get: (name: string) => string; set: (changes: Record<string, string | undefined>) => void; all: URLSearchParams } {
  const [params, setParams] = useSearchParams();
  const set = useCallback(
    (changes: Record<string, string | undefined>) =>
      setParams(
        (before) => {
          const next = new URLSearchParams(before);
          for (const [name, value] of Object.entries(changes)) {
            if (value) next.set(name, value);
            else next.delete(name);
          }
          return next;
        },
        { replace: true },
      ),
    [setParams],
  );
  return useMemo(() => ({ get: (name: string) => params.get(name) ?? '', set, all: params }), [params, set]);
}
