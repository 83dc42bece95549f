import { createContext, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';

/// Everything a user can do is one of these; buttons, the palette and shortcuts are views of the list.
export interface Action {
  id: string;
  label: string;
  group: 'go' | 'here';
  /// "g o" is two keys one after the other; "/" one key.
  shortcut?: string;
  hint?: string;
  run: () => void;
}

interface Registry {
  actions: Action[];
  add: (owner: symbol, actions: Action[]) => void;
  remove: (owner: symbol) => void;
}
const Context = createContext<Registry>({ actions: [], add: () => undefined, remove: () => undefined });

export function ActionsProvider({ children }: { children: ReactNode }) {
  const [owners, setOwners] = useState(new Map<symbol, Action[]>());
  const api = useMemo(
    () => ({
      add: (owner: symbol, actions: Action[]) => setOwners((before) => new Map(before).set(owner, actions)),
      remove: (owner: symbol) =>
        setOwners((before) => {
          const next = new Map(before);
          next.delete(owner);
          return next;
        }),
    }),
    [],
  );
  const value = useMemo(() => ({ ...api, actions: [...owners.values()].flat() }), [api, owners]);
  return <Context.Provider value={value}>{children}</Context.Provider>;
}

export function useAllActions(): Action[] {
  return useContext(Context).actions;
}

/// Offers actions for as long as the component is there. They are registered anew when `key` changes.
export function useActions(actions: Action[], key: string): void {
  const { add, remove } = useContext(Context);
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const owner = Symbol(key);
    add(owner, latest.current.map((action) => ({ ...action, run: () => latest.current.find((a) => a.id === action.id)?.run() })));
    return () => remove(owner);
  }, [key, add, remove]);
}
