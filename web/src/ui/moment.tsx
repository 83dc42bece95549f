import { useNow } from '@/lib/clock';
import { useText } from '@/lib/i18n';
import { shortTime, span, tickOf } from '@/lib/time';
import s from './ui.module.css';

/// A time in the reader's zone; hovering shows it in UTC.
export function Moment({ at, className }: { at: string | undefined; className?: string }) {
  const { lang, t } = useText();
  if (!at) return null;
  return (
    <time dateTime={at} title={t('time.utc', { t: at })} className={className ?? 'nowrap'}>
      {shortTime(at, lang)}
    </time>
  );
}

const soon_ms = 24 * 3_600_000;

/// Time left until `due`, counting; red once it has passed, unless it no longer matters.
export function TimeLeft({ due, settled }: { due: string | undefined; settled?: boolean }) {
  const { lang, t } = useText();
  const end = due ? Date.parse(due) : 0;
  const step = tickOf(end - Date.now());
  const now = useNow(step);
  if (!due || settled) return null;
  const left = end - now;
  return (
    <time dateTime={due} title={shortTime(due, lang)} className={`${s.left} ${left < 0 ? s.late : left < soon_ms ? s.soon : ''}`}>
      {left < 0 ? t('time.late', { t: span(left, lang) }) : t('time.left', { t: span(left, lang) })}
    </time>
  );
}

export function Ago({ at }: { at: string }) {
  const { lang, t } = useText();
  const step = tickOf(Date.now() - Date.parse(at));
  const since = useNow(step) - Date.parse(at);
  return (
    <time dateTime={at} title={shortTime(at, lang)} className="nowrap">
      {Math.abs(since) < 5_000 ? t('time.now') : since > 0 ? t('time.ago', { t: span(since, lang) }) : t('time.in', { t: span(since, lang) })}
    </time>
  );
}
