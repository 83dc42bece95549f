import { createContext, useContext, useMemo, type ReactNode } from 'react';
import type { Label, Lifecycle, Meta, Tone, Word } from '@/api/types';
import { readable, useText } from './i18n';

/// The definitions in force, with look-ups that always give something: an unknown code is shown as it
/// is, because the server may know words that this page was not built with.
export interface Vocabulary {
  meta: Meta;
  word: (vocabulary: string, code: string | undefined) => string;
  tone: (list: 'lanes' | 'health' | 'badges' | 'categories', code: string | undefined) => Tone;
  name: (list: Listed, code: string | undefined) => string;
  lifecycle: (id: string) => Lifecycle | undefined;
}
type Listed = 'categories' | 'lanes' | 'health' | 'badges' | 'holds' | 'milestones' | 'roles' | 'conflicts' | 'event_types' | 'commands';

const Context = createContext<Meta | null>(null);

export function MetaProvider({ meta, children }: { meta: Meta; children: ReactNode }) {
  return <Context.Provider value={meta}>{children}</Context.Provider>;
}

function find<T extends { code: string }>(list: readonly T[] | undefined, code: string): T | undefined {
  return list?.find((item) => item.code === code);
}

export function useMeta(): Vocabulary {
  const meta = useContext(Context);
  const { label } = useText();
  if (!meta) throw new Error('MetaProvider is missing');
  return useMemo(() => {
    const say = (found: { label: Label } | undefined, code: string) => (found ? label(found.label) : readable(code));
    return {
      meta,
      word: (vocabulary, code) => (code ? say(find(meta.words[vocabulary] as Word[] | undefined, code), code) : ''),
      tone: (list, code) => find(meta[list] as { code: string; tone: Tone }[], code ?? '')?.tone ?? 'neutral',
      name: (list, code) => (code ? say(find(meta[list] as Word[], code), code) : ''),
      lifecycle: (id) => meta.lifecycles.find((l) => l.id === id),
    };
  }, [meta, label]);
}
