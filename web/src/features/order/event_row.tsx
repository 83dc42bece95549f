import { Button } from 'antd';
import { memo } from 'react';
import type { Order, TimelineItem, Tone } from '@/api/types';
import { attributeText, attributeTitle } from '@/lib/attributes';
import { money } from '@/lib/format';
import { fieldText, useText, type Language } from '@/lib/i18n';
import { useMeta, type Vocabulary } from '@/lib/meta_context';
import { clockTime, shortTime } from '@/lib/time';
import { Dot, Pill } from '@/ui/pills';
import s from './order.module.css';

interface Props {
  item: TimelineItem;
  order: Order;
  onRaw: (item: TimelineItem) => void;
  onCorrect: ((item: TimelineItem) => void) | undefined;
}

const kindTone: Record<TimelineItem['kind'], Tone> = { fact: 'info', command: 'good', correction: 'warn', timer: 'neutral' };

export const EventRow = memo(function EventRow({ item, order, onRaw, onCorrect }: Props) {
  const { t, lang, label } = useText();
  const vocabulary = useMeta();
  const { name, word } = vocabulary;
  const isStruck = !!item.retracted || !!item.rival;
  const dayOnly = item.precision === 'day';
  const sources = item.sources ?? (item.source ? [item.source] : []);
  const who = [item.actor, item.role && name('roles', item.role)].filter(Boolean).join(' · ');
  return (
    <article className={s.event} aria-label={label(item.label, item.type)}>
      <time className={s.clock} dateTime={item.occurred} title={`${t('time.utc', { t: item.occurred })}${item.recorded ? `\n${t('time.recorded', { t: shortTime(item.recorded, lang) })}` : ''}`}>
        {item.no_date ? '—' : dayOnly ? '' : clockTime(item.occurred, lang)}
      </time>
      <span className={s.mark}>
        <Dot tone={item.conflicts?.length ? 'bad' : kindTone[item.kind]} />
      </span>
      <div className={`${s.what} ${isStruck ? s.struck : ''}`}>
        <div className={s.title}>
          <b>{label(item.label, item.type)}</b>
          {item.kind !== 'fact' && (
            <Pill tone={kindTone[item.kind]} square>
              {t(`tl.${item.kind}`)}
            </Pill>
          )}
          {item.no_date && <Pill tone="unknown" square>{t('tl.no_date')}</Pill>}
          {dayOnly && <Pill tone="unknown" square>{t('time.day_only')}</Pill>}
          {item.rival && <Pill tone="bad" square>{t('tl.rival')}</Pill>}
          {!!item.conflicts?.length && <Pill tone="bad" square>{t('tl.conflict')}</Pill>}
          {sources.length > 1 && <Pill tone="neutral" square title={sources.map((x) => word('source', x)).join(', ')}>{t('tl.also', { n: sources.length })}</Pill>}
          {item.changes?.from && item.changes.from.state !== item.changes.to.state && <Step item={item} order={order} vocabulary={vocabulary} />}
        </div>
        <span className={s.words}>{inWords(item.data ?? {}, order, lang, vocabulary)}</span>
        <span className={s.by}>{[who, word('source', item.source)].filter(Boolean).join(' · ')}</span>
        {item.retracted && <span className={s.correction}>{t('tl.retracted', { reason: [word('correction_reason', item.retracted.reason), item.retracted.text, item.retracted.actor].filter(Boolean).join(' · ') })}</span>}
        {item.corrected && (
          <span className={s.correction}>
            {t('tl.corrected', { reason: [word('correction_reason', item.corrected.reason), item.corrected.text, item.corrected.actor].filter(Boolean).join(' · ') })}
            {item.corrected.was && (
              <>
                {' — '}
                {t('tl.was')} <s>{inWords(item.corrected.was, order, lang, vocabulary)}</s>
              </>
            )}
          </span>
        )}
      </div>
      <div className={s.tools}>
        {item.kind !== 'timer' && (
          <Button type="text" size="small" onClick={() => onRaw(item)}>
            {t('tl.raw')}
          </Button>
        )}
        {onCorrect && item.kind === 'fact' && !item.retracted && (
          <Button type="text" size="small" onClick={() => onCorrect(item)}>
            {t('tl.correct')}
          </Button>
        )}
      </div>
    </article>
  );
});

function Step({ item, order, vocabulary }: { item: TimelineItem; order: Order; vocabulary: Vocabulary }) {
  const { label } = useText();
  const states = vocabulary.lifecycle(order.status.lifecycle)?.states;
  const say = (code: string | undefined) => label(states?.find((x) => x.code === code)?.label, code);
  return (
    <span className={s.arrow}>
      {say(item.changes?.from?.state)} → {say(item.changes?.to.state)}
    </span>
  );
}

// Which vocabulary a field's codes belong to; all other values are shown as they are.
const vocabularies: Record<string, string> = { terms: 'payment_terms', of: 'promise_of', reached: 'reached', carrier: 'carrier', source: 'source', shop: 'shop', step: 'step', direction: 'direction', basis: 'promise_basis', received_by: 'received_by', warehouse: 'warehouse', supplier: 'supplier', verdict: 'verdict', type: 'case_type' };
const moments = new Set(['at', 'until', 'promised_delivery', 'promised_dispatch', 'planned_start', 'planned_end', 'estimated', 'occurred']);
const amounts = new Set(['amount', 'total', 'deposit']);
const words_max = 220;

// A number is shown whole; a hash says nothing.
const short = (text: string) => (text.length > 40 ? `${text.slice(0, 8)}…` : text);

/// The payload as a line of text: names and values, nothing left out that fits.
function inWords(data: Record<string, unknown>, order: Order, lang: Language, vocabulary: Vocabulary): string {
  const lines = new Map(order.lines.map((line) => [line.id, line.name || line.sku || line.id]));
  // A total of a step is a quantity, a total of an order is money.
  const isQuantity = data.step !== undefined || data.line !== undefined;
  const say = (name: string, value: unknown): string => {
    if (name === 'attributes' && value && typeof value === 'object' && !Array.isArray(value))
      return Object.entries(value).map(([key, v]) => `${attributeTitle(vocabulary.meta, key, lang)}: ${v === null ? '–' : attributeText(vocabulary.meta, key, v, lang)}`).join(lang === 'zh' ? '、' : ', ');
    if (Array.isArray(value)) return value.map((v) => say(name, v)).join(lang === 'zh' ? '、' : ', ');
    if (value && typeof value === 'object') {
      const part = value as { line?: string; quantity?: number };
      if (part.line !== undefined && part.quantity !== undefined) return `${lines.get(part.line) ?? part.line} × ${part.quantity}`;
      const thing = value as { name?: string; sku?: string; quantity?: number; scheme?: string; value?: string };
      if (thing.name || thing.sku) return `${thing.name ?? thing.sku}${thing.quantity && thing.quantity > 1 ? ` × ${thing.quantity}` : ''}`;
      if (thing.value) return [vocabulary.word('reference_scheme', thing.scheme), short(thing.value)].filter(Boolean).join(' ');
      return Object.values(value).map((v) => say('', v)).filter(Boolean).join(' ');
    }
    const text = String(value);
    if (name === 'milestone') return vocabulary.name('milestones', text);
    if (name === 'reason') return vocabulary.meta.holds.some((h) => h.code === text) ? vocabulary.name('holds', text) : text;
    if (name === 'line') return lines.get(text) ?? text;
    if (name.endsWith('_e6') && typeof value === 'number') return `${(value / 1e6).toFixed(4)}°`;
    if (moments.has(name)) return shortTime(text, lang);
    if (amounts.has(name) && typeof value === 'number' && order.currency && !isQuantity) return money(value, order.currency, lang);
    return vocabularies[name] ? vocabulary.word(vocabularies[name], text) : text;
  };
  const text = Object.entries(data)
    .filter(([name, value]) => value !== '' && value !== false && !['payment_id', 'case_id', 'hold_id', 'request_id'].includes(name))
    .map(([name, value]) => (value === true ? fieldText(lang, name) : `${fieldText(lang, name)} ${say(name, value)}`))
    .join(' · ');
  return text.length > words_max ? `${text.slice(0, words_max)}…` : text;
}
