import { Button, Input, Popover, Select } from 'antd';
import { useEffect, useState } from 'react';
import type { OrderFilter } from '@/api/types';
import { attributesOf, attributeTitle, choicesOf } from '@/lib/attributes';
import { useText, type TextKey } from '@/lib/i18n';
import { useMeta } from '@/lib/meta_context';
import { fromLocalInput, shortTime, toLocalInput } from '@/lib/time';
import type { UrlState } from '@/lib/url_state';
import s from './orders.module.css';

const main = ['category', 'state', 'health', 'shop'] as const;
const further = ['lane', 'lifecycle', 'source', 'warehouse', 'supplier', 'carrier', 'hold', 'badge', 'attribute'] as const;
const yesNo = ['open', 'has_after_sale'] as const;
const words = ['tag', 'flag', 'party', 'phone_tail'] as const;
const times = ['placed_from', 'placed_until', 'promised_from', 'promised_until', 'changed_from', 'changed_until'] as const;
const folded: readonly string[] = [...further, ...yesNo, ...words, ...times];
export const filterNames: readonly string[] = [...main, ...folded, 'q', 'numbers', 'sort'];

/// The query of the list is what the URL says, name by name.
export function filterOf(url: UrlState): OrderFilter {
  return Object.fromEntries(filterNames.filter((n) => url.get(n)).map((n) => [n, n === 'attribute' ? url.get(n).split(',') : url.get(n)])) as OrderFilter;
}

interface Option {
  value: string;
  label: string;
}
type Options = (Option | { label: string; options: Option[] })[];
function useOptions(): (name: string) => Options {
  const { meta } = useMeta();
  const { label, lang } = useText();
  const of = (rows: { code: string; label: { zh: string; en: string } }[] | undefined) => (rows ?? []).map((r) => ({ value: r.code, label: label(r.label, r.code) }));
  const states = meta.lifecycles.filter((l) => l.subject === 'order').flatMap((l) => l.states);
  const unique = [...new Map(states.map((state) => [state.code, state])).values()];
  const attribute = attributesOf(meta, 'order')
    .map(({ name, schema }) => {
      const title = attributeTitle(meta, name, lang);
      return { label: title, options: choicesOf(schema, lang).map((choice) => ({ value: `${name}:${String(choice.value)}`, label: `${title}: ${choice.label}` })) };
    })
    .filter((group) => group.options.length > 0);
  const lifecycle = meta.lifecycles.filter((l) => l.subject === 'order').map((l) => ({ value: l.id, label: label(l.label, l.id) }));
  const known: Record<string, Options> = { attribute, lifecycle, category: of(meta.categories), state: of(unique), health: of(meta.health), lane: of(meta.lanes), hold: of(meta.holds), badge: of(meta.badges) };
  return (name) => known[name] ?? of(meta.words[name]);
}

export function Filters({ url }: { url: UrlState }) {
  const { t } = useText();
  const options = useOptions();
  const pick = (name: string) => (
    <Select
      key={name}
      mode="multiple"
      className={s.pick}
      aria-label={t(`filter.${name}` as TextKey)}
      placeholder={t(`filter.${name}` as TextKey)}
      value={url.get(name) ? url.get(name).split(',') : []}
      options={options(name)}
      showSearch={{ optionFilterProp: 'label' }}
      maxTagCount={1}
      allowClear
      popupMatchSelectWidth={false}
      onChange={(values: string[]) => url.set({ [name]: values.join(',') })}
    />
  );
  const count = folded.filter((n) => url.get(n)).length;
  const isFiltered = filterNames.some((n) => n !== 'sort' && url.get(n));
  return (
    <>
      <div className={s.filters} role="search">
        <Search url={url} />
        {main.map(pick)}
        <Popover
          trigger="click"
          placement="bottomLeft"
          content={
            <div className={`${s.wide} ${s.further}`}>
              {further.map(pick)}
              {yesNo.map((name) => (
                <YesNo key={name} url={url} name={name} />
              ))}
              {words.map((name) => (
                <Text key={name} url={url} name={name} pattern={name === 'phone_tail' ? /^\d{4}$/ : undefined} />
              ))}
              {times.map((name) => (
                <Day key={name} url={url} name={name} />
              ))}
            </div>
          }
        >
          <Button>
            {t('orders.more_filters')} {count > 0 && `(${count})`}
          </Button>
        </Popover>
        {isFiltered && (
          <Button type="link" onClick={() => url.set(Object.fromEntries(filterNames.map((n) => [n, undefined])))}>
            {t('orders.filters_clear')}
          </Button>
        )}
      </div>
      <Chips url={url} />
    </>
  );
}

/// What narrows the list without a control in sight is said, and taken away by a press.
function Chips({ url }: { url: UrlState }) {
  const { t, lang } = useText();
  const options = useOptions();
  const names = folded.filter((n) => url.get(n));
  if (names.length === 0) return null;
  const say = (name: string) => {
    const value = url.get(name);
    if ((yesNo as readonly string[]).includes(name)) return t(value === 'true' ? 'filter.yes' : 'filter.no');
    if ((times as readonly string[]).includes(name)) return shortTime(value, lang);
    const known = options(name).flatMap((o) => ('options' in o ? o.options : [o]));
    return value.split(',').map((v) => known.find((o) => o.value === v)?.label ?? v).join(lang === 'zh' ? '、' : ', ');
  };
  return (
    <ul className={s.chips} aria-label={t('orders.narrowed')}>
      {names.map((name) => (
        <li key={name} className={s.chip}>
          <span className="quiet">{t(`filter.${name}` as TextKey)}</span> {say(name)}
          <button type="button" aria-label={t('orders.filter_remove', { filter: t(`filter.${name}` as TextKey) })} onClick={() => url.set({ [name]: undefined })}>
            ×
          </button>
        </li>
      ))}
    </ul>
  );
}

const typing_ms = 250;

function Search({ url }: { url: UrlState }) {
  const { t } = useText();
  const asked = url.get('q');
  const [text, setText] = useState(asked);
  useEffect(() => setText(asked), [asked]);
  useEffect(() => {
    if (text === asked) return undefined;
    const timer = setTimeout(() => url.type({ q: text.trim() || undefined }), typing_ms);
    return () => clearTimeout(timer);
  }, [text, asked, url]);
  return <Input id="order-search" className={s.search} allowClear aria-label={t('orders.search')} placeholder={t('orders.search')} value={text} onChange={(e) => setText(e.target.value)} />;
}

function YesNo({ url, name }: { url: UrlState; name: (typeof yesNo)[number] }) {
  const { t } = useText();
  const title = t(`filter.${name}`);
  const options = [{ value: 'true', label: `${title}: ${t('filter.yes')}` }, { value: 'false', label: `${title}: ${t('filter.no')}` }];
  return <Select className={s.pick} aria-label={title} placeholder={title} allowClear value={url.get(name) || undefined} options={options} onChange={(value?: string) => url.set({ [name]: value })} />;
}

function Text({ url, name, pattern }: { url: UrlState; name: (typeof words)[number]; pattern?: RegExp }) {
  const { t } = useText();
  const title = t(`filter.${name}`);
  const asked = url.get(name);
  const [text, setText] = useState(asked);
  useEffect(() => setText(asked), [asked]);
  const set = (value: string) => {
    setText(value);
    if (value === '' || !pattern || pattern.test(value)) url.type({ [name]: value || undefined });
  };
  return <Input aria-label={title} placeholder={title} value={text} maxLength={name === 'phone_tail' ? 4 : 100} onChange={(e) => set(e.target.value)} allowClear />;
}

function Day({ url, name }: { url: UrlState; name: (typeof times)[number] }) {
  const { t } = useText();
  const value = url.get(name);
  return (
    <label>
      <span className="quiet">{t(`filter.${name}`)}</span>
      <Input type="datetime-local" value={value ? toLocalInput(value) : ''} onChange={(e) => url.type({ [name]: e.target.value ? fromLocalInput(e.target.value) : undefined })} />
    </label>
  );
}
