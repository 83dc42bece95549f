import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router';

type Changes = Record<string, string | undefined>;

export interface UrlState {
  get: (name: string) => string;
  /// A choice is a step that going back takes back.
  set: (changes: Changes) => void;
  /// What is being typed is no step of its own.
  type: (changes: Changes) => void;
  all: URLSearchParams;
}

/// Page state lives in the URL: what somebody sees can be sent as a link, and going back goes back.
export function useUrlState(): UrlState {
  const [params, setParams] = useSearchParams();
  const change = useCallback(
    (changes: Changes, replace: boolean) => {
      if (Object.entries(changes).every(([name, value]) => (params.get(name) ?? '') === (value ?? ''))) return;
      setParams(
        (before) => {
          const next = new URLSearchParams(before);
          for (const [name, value] of Object.entries(changes)) {
            if (value) next.set(name, value);
            else next.delete(name);
          }
          return next;
        },
        { replace },
      );
    },
    [params, setParams],
  );
  return useMemo(
    () => ({
      get: (name: string) => params.get(name) ?? '',
      set: (changes: Changes) => change(changes, false),
      type: (changes: Changes) => change(changes, true),
      all: params,
    }),
    [params, change],
  );
}
