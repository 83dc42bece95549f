import { Button, Input, Popover, Select } from 'antd';
import { useEffect, useState } from 'react';
import type { OrderFilter } from '@/api/types';
import { attributesOf, attributeTitle, choicesOf } from '@/lib/attributes';
import { useText, type TextKey } from '@/lib/i18n';
import { useMeta } from '@/lib/meta_context';
import { fromLocalInput, toLocalInput } from '@/lib/time';
import type { useUrlState } from '@/lib/url_state';
import s from './orders.module.css';

type Url = ReturnType<typeof useUrlState>;

const main = ['category', 'state', 'health', 'shop'] as const;
const further = ['warehouse', 'supplier', 'carrier', 'hold', 'badge', 'attribute'] as const;
const texts = ['q', 'numbers', 'tag', 'phone_tail', 'placed_from', 'placed_until', 'lane', 'lifecycle', 'sort'] as const;
export const filterNames: readonly string[] = [...main, ...further, ...texts];

/// The query of the list is what the URL says, name by name.
export function filterOf(url: Url): OrderFilter {
  return Object.fromEntries(filterNames.filter((n) => url.get(n)).map((n) => [n, n === 'attribute' ? url.get(n).split(',') : url.get(n)])) as OrderFilter;
}

interface Option {
  value: string;
  label: string;
}
function useOptions(): (name: string) => (Option | { label: string; options: Option[] })[] {
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
  return (name) => ({ attribute, category: of(meta.categories), state: of(unique), health: of(meta.health), hold: of(meta.holds), badge: of(meta.badges) })[name] ?? of(meta.words[name]);
}

export function Filters({ url }: { url: Url }) {
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
  const count = further.filter((n) => url.get(n)).length + ['tag', 'phone_tail', 'placed_from', 'placed_until'].filter((n) => url.get(n)).length;
  const isFiltered = filterNames.some((n) => n !== 'sort' && url.get(n));
  return (
    <div className={s.filters} role="search">
      <Search url={url} />
      {main.map(pick)}
      <Popover
        trigger="click"
        placement="bottomLeft"
        content={
          <div className={s.wide}>
            {further.map(pick)}
            <Text url={url} name="tag" />
            <Text url={url} name="phone_tail" pattern={/^\d{4}$/} />
            <Day url={url} name="placed_from" />
            <Day url={url} name="placed_until" />
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
  );
}

const typing_ms = 250;

function Search({ url }: { url: Url }) {
  const { t } = useText();
  const asked = url.get('q');
  const [text, setText] = useState(asked);
  useEffect(() => setText(asked), [asked]);
  useEffect(() => {
    if (text === asked) return undefined;
    const timer = setTimeout(() => url.set({ q: text.trim() || undefined }), typing_ms);
    return () => clearTimeout(timer);
  }, [text, asked, url]);
  return <Input id="order-search" className={s.search} allowClear aria-label={t('orders.search')} placeholder={t('orders.search')} value={text} onChange={(e) => setText(e.target.value)} />;
}

function Text({ url, name, pattern }: { url: Url; name: 'tag' | 'phone_tail'; pattern?: RegExp }) {
  const { t } = useText();
  const title = t(name === 'tag' ? 'filter.tag' : 'orders.phone_tail');
  const [text, setText] = useState(url.get(name));
  const set = (value: string) => {
    setText(value);
    if (value === '' || !pattern || pattern.test(value)) url.set({ [name]: value || undefined });
  };
  return <Input aria-label={title} placeholder={title} value={text} maxLength={name === 'phone_tail' ? 4 : 100} onChange={(e) => set(e.target.value)} allowClear />;
}

function Day({ url, name }: { url: Url; name: 'placed_from' | 'placed_until' }) {
  const { t } = useText();
  const value = url.get(name);
  return (
    <label>
      <span className="quiet">{t(`orders.${name}`)}</span>
      <Input type="datetime-local" value={value ? toLocalInput(value) : ''} onChange={(e) => url.set({ [name]: e.target.value ? fromLocalInput(e.target.value) : undefined })} />
    </label>
  );
}
