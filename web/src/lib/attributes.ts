import type { AttributeSchema, Label, Meta } from '@/api/types';
import { readable, type Language } from './i18n';

/// Dynamic attributes in words, as the sets of GET /v1/meta describe them. What no set knows is shown
/// as it is.
export interface Attribute {
  name: string;
  schema: AttributeSchema;
  set: Label;
}
export interface Choice {
  value: unknown;
  label: string;
}

/// Those that things of a level have, or all, in order of the sets; of one name the first.
export function attributesOf(meta: Meta, level?: string): Attribute[] {
  const out = new Map<string, Attribute>();
  for (const set of meta.attribute_sets)
    if (level === undefined || (set.levels as string[]).includes(level))
      for (const [name, schema] of Object.entries(set.schema.properties)) if (!out.has(name)) out.set(name, { name, schema, set: set.label });
  return [...out.values()];
}

function find(meta: Meta, name: string): AttributeSchema | undefined {
  return meta.attribute_sets.map((set) => set.schema.properties[name]).find((schema) => schema);
}

export function attributeTitle(meta: Meta, name: string, lang: Language): string {
  const found = find(meta, name);
  return found?.['x-label']?.[lang] ?? found?.title ?? readable(name);
}

/// A symbol is the same in every language.
export function unitOf(schema: AttributeSchema | undefined, lang: Language): string | undefined {
  const unit = schema?.['x-unit'];
  return typeof unit === 'object' ? unit[lang] : unit;
}

/// The values of an enumerated one with their words; nothing of any other.
export function choicesOf(schema: AttributeSchema, lang: Language): Choice[] {
  return (schema.enum ?? []).map((value) => ({ value, label: schema['x-options']?.[String(value)]?.[lang] ?? String(value) }));
}

/// A value as the server has it, for exports.
export function attributeRaw(value: unknown): string | undefined {
  return value === undefined ? undefined : typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/// … and as people say it.
export function attributeText(meta: Meta, name: string, value: unknown, lang: Language): string | undefined {
  return wordsOf(find(meta, name), value, lang);
}

function wordsOf(schema: AttributeSchema | undefined, value: unknown, lang: Language): string | undefined {
  if (Array.isArray(value) && schema?.items) return value.map((item) => wordsOf(schema.items as AttributeSchema, item, lang)).join(lang === 'zh' ? '、' : ', ');
  const label = typeof value === 'object' ? undefined : schema?.['x-options']?.[String(value)];
  return label?.[lang] ?? attributeRaw(value);
}
