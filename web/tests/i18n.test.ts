import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { en } from '@/lib/texts/en';
import { zh } from '@/lib/texts/zh';

const root = join(import.meta.dirname, '../src');
const files = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return name === 'texts' ? [] : files(path);
    return /\.tsx?$/.test(name) && !name.includes('.gen.') ? [path] : [];
  });
const code = files(root)
  .map((path) => readFileSync(path, 'utf8'))
  .join('\n');
const keys = Object.keys(zh);
const params = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort();

describe('texts', () => {
  it('are there in both languages, none empty', () => {
    expect(Object.keys(en).sort()).toEqual([...keys].sort());
    for (const [key, text] of [...Object.entries(zh), ...Object.entries(en)]) expect(text.trim(), key).not.toBe('');
  });

  it('name the same values in both languages', () => {
    for (const key of keys) expect(params(en[key as keyof typeof en]), key).toEqual(params(zh[key as keyof typeof zh]));
  });

  it('exist wherever the code asks for one', () => {
    const literal = [...code.matchAll(/\b(?:t|translate)\((?:lang, )?'([\w.]+)'/g)].map((m) => m[1]!);
    expect(literal.length).toBeGreaterThan(150);
    expect(literal.filter((key) => !keys.includes(key))).toEqual([]);
    const built = [...code.matchAll(/`([a-z_]+\.(?:[a-z_]+\.)?)\$\{/g)].map((m) => m[1]!).filter((p) => !p.startsWith('attribute.'));
    expect(built.filter((prefix) => !keys.some((key) => key.startsWith(prefix)))).toEqual([]);
  });

  it('are all in use', () => {
    const built = [...code.matchAll(/`([a-z_]+\.(?:[a-z_]+\.)?)\$\{/g)].map((m) => m[1]!);
    const isUsed = (key: string) => code.includes(`'${key}'`) || built.some((prefix) => key.startsWith(prefix));
    expect(keys.filter((key) => !isUsed(key))).toEqual([]);
  });

  it('are not written into the screens', () => {
    const spoken = code.replace(/\/\/.*$/gm, '');
    expect([...spoken.matchAll(/.*[\u4e00-\u9fff].*/g)].map((m) => m[0].trim())).toEqual([]);
  });
});
