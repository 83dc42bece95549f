import { Link } from 'react-router';
import { attributes_max } from '@/api/queries';
import type { Meta, OrderFilter, OrderRow } from '@/api/types';
import { attributeRaw, attributesOf, attributeText, attributeTitle } from '@/lib/attributes';
import type { CsvColumn } from '@/lib/csv';
import { money } from '@/lib/format';
import type { Language, Texts } from '@/lib/i18n';
import type { Vocabulary } from '@/lib/meta_context';
import { Moment, TimeLeft } from '@/ui/moment';
import { Badges, HealthPill, Pill, StatePill } from '@/ui/pills';
import type { TableColumn } from '@/ui/table';
import s from './orders.module.css';

/// What an order's columns are: how each is drawn, and what it says in an export.
export interface OrderColumn extends TableColumn<OrderRow> {
  text: (row: OrderRow) => string | number | undefined;
  isId?: boolean;
}

export const shownFirst = ['order_no', 'state', 'health', 'due', 'buyer', 'shop', 'summary', 'total', 'milestone', 'badges', 'placed', 'changed'];

export function orderColumns({ t, lang, label }: Texts, { name, word, meta }: Vocabulary): OrderColumn[] {
  const settled = (row: OrderRow) => !meta.categories.find((c) => c.code === row.status.category)?.open;
  const named = (id: string, vocabulary: string, width: string, of: (row: OrderRow) => string | string[] | undefined): OrderColumn => {
    const text = (row: OrderRow) => [of(row) ?? []].flat().map((code) => word(vocabulary, code)).join(', ');
    return { id, title: t(`col.${id}` as 'col.shop'), width, text, cell: text };
  };
  const plain = (id: 'buyer' | 'city' | 'summary', width: string): OrderColumn => ({ id, title: t(`col.${id}`), width, text: (row) => row[id], cell: (row) => <span title={row[id]}>{row[id]}</span> });
  return [
    { id: 'order_no', title: t('col.order_no'), width: '176px', isId: true, text: (row) => row.status.order_no ?? row.id, cell: (row) => <Link to={`/orders/${row.id}`}>{row.status.order_no ?? row.id}</Link> },
    { id: 'state', title: t('col.state'), width: '140px', text: (row) => label(row.status.label, row.status.state), cell: (row) => <StatePill status={row.status} /> },
    { id: 'health', title: t('col.health'), width: '128px', text: (row) => name('health', row.status.health), cell: (row) => <HealthPill health={row.status.health} /> },
    { id: 'due', title: t('col.due'), width: '112px', text: (row) => row.due_at, cell: (row) => <TimeLeft due={row.due_at} settled={settled(row)} /> },
    { id: 'promise', title: t('col.promise'), width: '112px', sort: 'promised', text: (row) => row.status.promise?.to, cell: (row) => <Moment at={row.status.promise?.to} /> },
    plain('buyer', '84px'),
    plain('city', '90px'),
    named('shop', 'shop', '124px', (row) => row.shop),
    plain('summary', 'minmax(180px, 1fr)'),
    { id: 'total', title: t('col.total'), width: '108px', align: 'right', sort: 'total', text: (row) => money(row.total, row.currency, lang), cell: (row) => money(row.total, row.currency, lang) },
    named('payment', 'payment_state', '96px', (row) => row.payment),
    named('warehouse', 'warehouse', '100px', (row) => row.warehouse),
    named('suppliers', 'supplier', '120px', (row) => row.suppliers),
    named('carriers', 'carrier', '110px', (row) => row.carriers),
    { id: 'milestone', title: t('col.milestone'), width: '110px', text: (row) => name('milestones', row.status.milestone), cell: (row) => name('milestones', row.status.milestone) },
    { id: 'badges', title: t('col.badges'), width: '150px', text: (row) => row.badges.map((b) => name('badges', b)).join(', '), cell: (row) => <span className={s.flex}><Badges codes={row.badges} /></span> },
    { id: 'tags', title: t('col.tags'), width: '120px', text: (row) => row.tags.join(', '), cell: (row) => <span className={s.flex}>{row.tags.map((tag) => <Pill key={tag} tone="neutral" square>{tag}</Pill>)}</span> },
    { id: 'placed', title: t('col.placed'), width: '108px', sort: 'placed_at', text: (row) => row.placed_at ?? undefined, cell: (row) => <Moment at={row.placed_at ?? undefined} /> },
    { id: 'changed', title: t('col.changed'), width: '108px', sort: 'changed_at', text: (row) => row.changed_at ?? undefined, cell: (row) => <Moment at={row.changed_at ?? undefined} /> },
  ];
}

/// On a phone an order is one cell of two lines.
export function phoneColumn({ t, label }: Texts, { meta }: Vocabulary): OrderColumn {
  const settled = (row: OrderRow) => !meta.categories.find((c) => c.code === row.status.category)?.open;
  return {
    id: 'order',
    title: t('col.order_no'),
    width: 'minmax(0, 1fr)',
    text: (row) => row.status.order_no ?? row.id,
    cell: (row) => (
      <div className={s.two}>
        <Link to={`/orders/${row.id}`}>{row.status.order_no ?? row.id}</Link>
        <span>
          <TimeLeft due={row.due_at} settled={settled(row)} />
        </span>
        <span className={s.cut}>{[row.buyer, row.summary || t('card.lines', { n: row.line_count })].filter(Boolean).join(' · ')}</span>
        <HealthPill health={row.status.health} title={label(row.status.label, row.status.state)} />
      </div>
    ),
  };
}

const prefix = 'attribute.';
const text_max = 200;

/// A column for every attribute of orders that some set names. An export has the bare values, which a
/// program may read; a screen has their words.
export function attributeColumns(meta: Meta, lang: Language): OrderColumn[] {
  return attributesOf(meta, 'order').map(({ name }) => ({
    id: prefix + name,
    title: attributeTitle(meta, name, lang),
    width: '130px',
    text: (row) => attributeRaw(row.attributes?.[name]),
    cell: (row) => {
      const text = attributeText(meta, name, row.attributes?.[name], lang);
      return <span title={text}>{text?.slice(0, text_max)}</span>;
    },
  }));
}

export const isAttribute = ({ id }: OrderColumn): boolean => id.startsWith(prefix);

/// What a list must be asked for so that its rows can fill these columns.
export function askedFor(columns: OrderColumn[]): Pick<OrderFilter, 'attributes'> {
  const names = columns.filter(isAttribute).map(({ id }) => id.slice(prefix.length));
  return names.length > 0 ? { attributes: names.slice(0, attributes_max).join(',') } : {};
}

export function csvColumns(columns: OrderColumn[]): CsvColumn<OrderRow>[] {
  return columns.map((c) => ({ title: c.title, value: c.text, isId: c.isId }));
}
