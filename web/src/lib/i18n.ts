import { useSyncExternalStore } from 'react';
import type { Label } from '@/api/types';
import { en } from './texts/en';
import { zh, type TextKey } from './texts/zh';

export type Language = 'zh' | 'en';
export type { TextKey };

const tables: Record<Language, Record<TextKey, string>> = { zh, en };
const storeName = 'cairn.language';

function firstLanguage(): Language {
  const asked = new URLSearchParams(globalThis.location?.search ?? '').get('lang') ?? localStorage.getItem(storeName);
  if (asked === 'zh' || asked === 'en') return asked;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

let language: Language = firstLanguage();
const listeners = new Set<() => void>();

export function setLanguage(next: Language): void {
  language = next;
  localStorage.setItem(storeName, next);
  document.documentElement.lang = next === 'zh' ? 'zh-CN' : 'en';
  listeners.forEach((tell) => tell());
}

export function getLanguage(): Language {
  return language;
}

export type Params = Record<string, string | number>;
export function translate(lang: Language, key: TextKey, params: Params = {}): string {
  return (tables[lang][key] ?? key).replace(/\{(\w+)\}/g, (_, name: string) => String(params[name] ?? ''));
}

/// Text of a code that only the server knows: its own label, else the console's words for fields,
/// else the code itself, made readable.
export function readable(code: string): string {
  return code.replace(/_/g, ' ');
}
export function fieldText(lang: Language, name: string): string {
  const key = `field.${name}` as TextKey;
  return tables[lang][key] ?? readable(name);
}

export interface Texts {
  lang: Language;
  t: (key: TextKey, params?: Params) => string;
  label: (label: Label | undefined, otherwise?: string) => string;
}

function textsOf(lang: Language): Texts {
  return {
    lang,
    t: (key, params) => translate(lang, key, params),
    label: (label, otherwise = '') => label?.[lang] ?? label?.zh ?? otherwise,
  };
}
const texts: Record<Language, Texts> = { zh: textsOf('zh'), en: textsOf('en') };

export function useText(): Texts {
  const lang = useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
    () => language,
  );
  return texts[lang];
}
