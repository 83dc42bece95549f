import { translate, type Language } from './i18n';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

const formats = new Map<string, Intl.DateTimeFormat>();
function format(lang: Language, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = lang + JSON.stringify(options);
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(lang === 'zh' ? 'zh-CN' : 'en-GB', { hourCycle: 'h23', ...options });
    formats.set(key, found);
  }
  return found;
}

/// "11-24 14:02" or "24 Nov 14:02", with the year where it is another one; in the reader's own zone.
export function shortTime(iso: string, lang: Language, now = Date.now()): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const sameYear = at.getFullYear() === new Date(now).getFullYear();
  const text = format(lang, { ...(!sameYear && { year: 'numeric' }), month: lang === 'zh' ? '2-digit' : 'short', day: '2-digit', hour: '2-digit', minute: '2-digit' }).format(at);
  return text.replace(/\//g, '-').replace(',', '');
}

export function clockTime(iso: string, lang: Language): string {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? iso : format(lang, { hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(at);
}

export function dayName(iso: string, lang: Language, now = Date.now()): string {
  const at = new Date(iso);
  const midnight = new Date(now);
  midnight.setHours(0, 0, 0, 0);
  if (at.getTime() >= midnight.getTime() && at.getTime() < midnight.getTime() + day) return translate(lang, 'tl.today');
  if (at.getTime() >= midnight.getTime() - day && at.getTime() < midnight.getTime()) return translate(lang, 'tl.yesterday');
  return format(lang, { year: 'numeric', month: 'long', day: 'numeric', weekday: 'short' }).format(at);
}

export function dayKey(iso: string): string {
  const at = new Date(iso);
  return `${at.getFullYear()}-${at.getMonth() + 1}-${at.getDate()}`;
}

/// "2天3时", "5h 12m", "04:31" below an hour.
export function span(ms: number, lang: Language): string {
  const of = Math.abs(ms);
  const unit = (key: 'unit.d' | 'unit.h' | 'unit.m') => translate(lang, key);
  const gap = lang === 'zh' ? '' : ' ';
  const pair = (big: number, b: string, small: number, s: string) => `${big}${b}${small ? `${gap}${small}${s}` : ''}`;
  if (of >= 30 * day) return `${Math.floor(of / day)}${unit('unit.d')}`;
  if (of >= day) return pair(Math.floor(of / day), unit('unit.d'), Math.floor((of % day) / hour), unit('unit.h'));
  if (of >= hour) return pair(Math.floor(of / hour), unit('unit.h'), Math.floor((of % hour) / minute), unit('unit.m'));
  const two = (n: number) => String(n).padStart(2, '0');
  return `${two(Math.floor(of / minute))}:${two(Math.floor((of % minute) / 1000))}`;
}

/// How often a span of this length looks different.
export function tickOf(ms: number): number {
  return Math.abs(ms) < hour + minute ? 1_000 : minute;
}

/// Value of an <input type="datetime-local"> as RFC 3339 with the reader's offset, and back.
export function fromLocalInput(text: string): string {
  const at = new Date(text);
  const offset = -at.getTimezoneOffset();
  const two = (n: number) => String(Math.floor(Math.abs(n))).padStart(2, '0');
  return `${text.length === 16 ? `${text}:00` : text}${offset < 0 ? '-' : '+'}${two(offset / 60)}:${two(offset % 60)}`;
}
export function toLocalInput(iso: string): string {
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * minute).toISOString().slice(0, 16);
}
