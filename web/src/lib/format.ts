import type { Language } from './i18n';

const digits = new Map<string, number>();
function minorDigits(currency: string): number {
  let found = digits.get(currency);
  if (found === undefined) {
    try {
      found = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
    } catch {
      found = 2;
    }
    digits.set(currency, found);
  }
  return found;
}

/// Minor units as people write money.
export function money(minor: number | undefined, currency: string | undefined, lang: Language): string {
  if (minor === undefined) return '';
  const places = currency ? minorDigits(currency) : 2;
  const text = new Intl.NumberFormat(lang === 'zh' ? 'zh-CN' : 'en-GB', { minimumFractionDigits: places, maximumFractionDigits: places })
    .format(minor / 10 ** places);
  return currency ? `${symbol(currency)}${text}` : text;
}

function symbol(currency: string): string {
  return { CNY: '¥', USD: '$', EUR: '€', GBP: '£', BRL: 'R$' }[currency] ?? `${currency} `;
}

export function toMinor(text: string, currency: string | undefined): number | undefined {
  const value = Number(text.replace(/[,\s¥$€£]/g, ''));
  return text.trim() === '' || Number.isNaN(value) ? undefined : Math.round(value * 10 ** (currency ? minorDigits(currency) : 2));
}

/// A quantity in smallest units, in the line's unit of measure.
export function quantity(smallest: number, scale: number, unit: string | undefined): string {
  const value = scale > 1 ? Number((smallest / scale).toFixed(6)) : smallest;
  return unit ? `${value} ${unit}` : String(value);
}

export function count(n: number): string {
  return n.toLocaleString('en-US');
}
