import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { useCallback, useMemo, useState } from 'react';
import { belongingQuery, ordersQuery } from '@/api/queries';
import type { OrderFilter } from '@/api/types';
import { useActions } from '@/lib/actions';
import { useNow } from '@/lib/clock';
import { count } from '@/lib/format';
import { useText } from '@/lib/i18n';
import { useFeed, useLiveCache } from '@/lib/live_context';
import { useIsPhone } from '@/lib/media';
import { useMeta } from '@/lib/meta_context';
import { useUrlState } from '@/lib/url_state';
import { Empty, Faces } from '@/ui/faces';
import { Page } from '@/ui/page';
import { Table } from '@/ui/table';
import { BulkBar } from './bulk';
import { askedFor, attributeColumns, orderColumns, phoneColumn, shownFirst } from './columns';
import { Filters, filterOf } from './filters';
import s from './orders.module.css';
import { ColumnsButton, ExportButton, PasteButton, ViewsButton } from './tools';

export function OrdersScreen() {
  const texts = useText();
  const { t, lang } = texts;
  const vocabulary = useMeta();
  const url = useUrlState();
  const filter = filterOf(url);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());

  const all = useMemo(() => [...orderColumns(texts, vocabulary), ...attributeColumns(vocabulary.meta, lang)], [texts, vocabulary, lang]);
  const ids = url.get('columns') ? url.get('columns').split(',') : shownFirst;
  const columns = all.filter((c) => ids.includes(c.id));
  const isPhone = useIsPhone();
  const asked = { ...filter, ...askedFor(columns) };
  const query = useInfiniteQuery(ordersQuery(asked));
  const pages = query.data?.pages;
  const rows = useMemo(() => pages?.flatMap((page) => page.items) ?? [], [pages]);
  const notFound = pages?.[0]?.not_found ?? [];
  const total = pages?.[0]?.total;
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = query;
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);

  useActions(
    [{ id: 'search', label: t('orders.search'), group: 'here', shortcut: '/', run: () => document.getElementById('order-search')?.focus() }],
    `orders-${lang}`,
  );

  return (
    <Page
      title={t('orders.title')}
      note={total !== undefined ? t('orders.total', { n: count(total) }) : rows.length > 0 && t('orders.loaded', { n: count(rows.length) })}
      tools={
        <>
          <PasteButton url={url} />
          <ViewsButton url={url} />
          {!isPhone && <ColumnsButton all={all} chosen={ids} onChange={(next) => url.set({ columns: next.join(',') })} />}
          <ExportButton filter={asked} columns={columns} />
        </>
      }
    >
      <div className={s.screen}>
        <Filters url={url} />
        <FreshNote key={query.dataUpdatedAt} filter={filter} onRefresh={() => void query.refetch()} />
        {filter.numbers && (
          <div className={s.notes} role="status">
            {t('orders.numbers', { n: filter.numbers.split(',').length })}
            {notFound.length > 0 && (
              <span title={notFound.join('\n')}>
                <b>{t('orders.not_found', { n: notFound.length })}</b>: <span className="mono">{notFound.slice(0, 8).join(' ')}</span>
              </span>
            )}
          </div>
        )}
        {chosen.size > 0 && <BulkBar chosen={rows.filter((row) => chosen.has(row.id))} onClear={() => setChosen(new Set())} />}
        <div className={s.table}>
          <Faces query={query} isEmpty={() => rows.length === 0} empty={<Empty title={t('orders.empty')} hint={t('orders.empty_hint')} />} rows={14}>
            {() => (
              <Table
                label={t('orders.title')}
                columns={isPhone ? [phoneColumn(texts, vocabulary)] : columns}
                rowHeight={isPhone ? 56 : undefined}
                rows={rows}
                idOf={(row) => row.id}
                onEnd={onEnd}
                sort={filter.sort ?? '-placed_at'}
                onSort={(sort) => url.set({ sort })}
                selection={{ ids: chosen, onChange: setChosen, labelAll: t('orders.select_all'), labelOne: (row) => t('orders.select', { no: row.status.order_no ?? row.id }) }}
              />
            )}
          </Faces>
        </div>
      </div>
    </Page>
  );
}

const asked_max = 200;
const asked_every_ms = 2_000;

/// A list keeps still; that there is something new is said, and shown when asked for. Which of the new
/// ones belong here only the server can tell, where the list is filtered.
function FreshNote({ filter, onRefresh }: { filter: OrderFilter; onRefresh: () => void }) {
  const { t } = useText();
  const { arrivedIds } = useLiveCache();
  const [before] = useState(() => new Set(arrivedIds()));
  useFeed();
  const ids = arrivedIds().filter((id) => !before.has(id)).slice(-asked_max);
  const isFiltered = Object.keys(filter).some((name) => name !== 'sort');
  const tick = useNow(asked_every_ms);
  const asked = useMemo(() => ids, [tick]); // eslint-disable-line
  const belonging = useQuery({ ...belongingQuery(filter, asked), enabled: isFiltered && asked.length > 0 });
  const fresh = isFiltered ? (belonging.data ?? 0) : ids.length;
  if (fresh === 0) return null;
  return (
    <div className={s.notes}>
      <Button type="link" size="small" onClick={onRefresh}>
        {t('orders.fresh', { n: fresh === asked_max ? `${fresh}+` : fresh })}
      </Button>
    </div>
  );
}
