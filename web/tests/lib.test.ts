import { describe, expect, it, vi } from 'vitest';
import { serverNow, setServerTime } from '@/lib/clock';
import { toCsv } from '@/lib/csv';
import { count, money, quantity, toMinor } from '@/lib/format';
import { dayKey, fromLocalInput, shortTime, span, tickOf, toLocalInput } from '@/lib/time';

describe('money and quantities', () => {
  it('counts minor units as the currency does', () => {
    expect(money(25800, 'CNY', 'zh')).toBe('¥258.00');
    expect(money(1234567, 'USD', 'en')).toBe('$12,345.67');
    expect(money(500, 'JPY', 'en')).toBe('JPY 500');
    expect(money(0, 'EUR', 'en')).toBe('€0.00');
    expect(money(100, 'XX?', 'en')).toBe('XX? 1.00');
    expect(money(undefined, 'CNY', 'zh')).toBe('');
  });
  it('reads what people type', () => {
    expect(toMinor('1,234.50', 'CNY')).toBe(123450);
    expect(toMinor('¥ 0.29', 'CNY')).toBe(29);
    expect(toMinor('500', 'JPY')).toBe(500);
    expect(toMinor('', 'CNY')).toBeUndefined();
    expect(toMinor('abc', 'CNY')).toBeUndefined();
  });
  it('shows smallest units in the unit of measure', () => {
    expect(quantity(3, 1, undefined)).toBe('3');
    expect(quantity(1500, 1000, 'kg')).toBe('1.5 kg');
    expect(count(1234567)).toBe('1,234,567');
  });
});

describe('times', () => {
  it('says spans shortly', () => {
    expect(span(2 * 86_400_000 + 3 * 3_600_000, 'zh')).toBe('2天3时');
    expect(span(5 * 3_600_000 + 12 * 60_000, 'en')).toBe('5h 12m');
    expect(span(-(4 * 60_000 + 31_000), 'en')).toBe('04:31');
    expect(span(40 * 86_400_000, 'en')).toBe('40d');
    expect(tickOf(30 * 60_000)).toBe(1_000);
    expect(tickOf(5 * 3_600_000)).toBe(60_000);
  });
  it('takes local times there and back', () => {
    const iso = fromLocalInput('2026-11-24T14:02');
    expect(new Date(iso).getTime()).toBe(new Date(2026, 10, 24, 14, 2).getTime());
    expect(toLocalInput(iso)).toBe('2026-11-24T14:02');
    expect(dayKey(iso)).toBe('2026-11-24');
  });
  it('shows text that is no time as it is', () => {
    expect(shortTime('soon', 'en')).toBe('soon');
  });
  it('names the year only where it is another', () => {
    const now = Date.parse('2026-11-24T12:00:00Z');
    expect(shortTime('2026-03-02T10:00:00Z', 'zh', now)).toMatch(/^03-02 \d\d:00$/);
    expect(shortTime('2025-03-02T10:00:00Z', 'zh', now)).toMatch(/^2025-03-02 /);
    expect(shortTime('2026-03-02T10:00:00Z', 'en', now)).toMatch(/^0?2 Mar \d\d:00$/);
  });
  it('follows the clock of the server, but not its small change', () => {
    vi.useFakeTimers({ now: Date.parse('2026-11-24T06:00:00Z') });
    setServerTime('2026-11-24T06:10:00Z');
    expect(serverNow()).toBe(Date.parse('2026-11-24T06:10:00Z'));
    setServerTime('not a time');
    expect(serverNow()).toBe(Date.parse('2026-11-24T06:10:00Z'));
    setServerTime('2026-11-24T06:00:01Z');
    expect(serverNow()).toBe(Date.now());
    vi.useRealTimers();
  });
});

describe('CSV', () => {
  const columns = [
    { title: 'No', value: (r: { no: string; name: string; n: number }) => r.no, isId: true },
    { title: 'Name, full', value: (r: { name: string }) => r.name },
    { title: 'N', value: (r: { n: number }) => r.n },
  ];
  it('begins with a byte order mark and keeps long numbers as text', () => {
    const text = toCsv(columns, [{ no: '7310000000000123', name: '张三', n: 2 }]);
    expect(text).toBe('\ufeffNo,"Name, full",N\r\n"=""7310000000000123""",张三,2\r\n');
  });
  it('quotes what needs it and lets nothing run', () => {
    const text = toCsv(columns, [
      { no: 'A-1', name: 'say "hi"\nthere', n: 1 },
      { no: '=1+1', name: '=HYPERLINK("http://x")', n: -1 },
      { no: '-5e3', name: '@cmd', n: 0 },
    ]);
    const lines = text.slice(1).split('\r\n');
    expect(lines[1]).toBe('A-1,"say ""hi""\nthere",1');
    expect(lines[2]).toBe(`'=1+1,"'=HYPERLINK(""http://x"")",-1`);
    expect(lines[3]).toBe("'-5e3,'@cmd,0");
  });
});
