import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { places } from '@/lib/places';

const root = join(import.meta.dirname, '../src');
const files = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return name === 'texts' ? [] : files(path);
    return /\.tsx?$/.test(name) && !name.includes('.gen.') && name !== 'places.ts' ? [path] : [];
  });
const definitions = readFileSync(join(import.meta.dirname, '../../definitions/commands.yaml'), 'utf8');
const commands = [...definitions.matchAll(/^ {2}(\w+):$/gm)].map((m) => m[1]!);
const events = [...definitions.matchAll(/^ {4}emits: (\w+)$/gm)].map((m) => m[1]!);

describe('the console', () => {
  it('names commands and events in one file only', () => {
    expect(commands.length).toBeGreaterThan(60);
    expect(events.length).toBeGreaterThan(60);
    const named = files(root).flatMap((path) => [...readFileSync(path, 'utf8').matchAll(/['"](\w+)['"]/g)].filter((m) => [...commands, ...events].includes(m[1]!)).map((m) => `${path.slice(root.length)}: ${m[1]}`));
    expect(named).toEqual([]);
  });

  it('names there only what is defined', () => {
    expect(Object.values(places).filter((code) => !commands.includes(code))).toEqual([]);
  });
});
