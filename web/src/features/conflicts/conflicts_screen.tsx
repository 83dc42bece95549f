import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Segmented } from 'antd';
import { useEffect } from 'react';
import { Link } from 'react-router';
import { conflictsQuery } from '@/api/queries';
import { count } from '@/lib/format';
import { useText } from '@/lib/i18n';
import { useFeed } from '@/lib/live_context';
import { useMeta } from '@/lib/meta_context';
import { useUrlState } from '@/lib/url_state';
import { ConflictCard } from '@/ui/conflict_card';
import { Empty, Faces } from '@/ui/faces';
import { Page } from '@/ui/page';
import { HealthPill, StatePill } from '@/ui/pills';
import s from './conflicts.module.css';

export function ConflictsScreen() {
  const { t } = useText();
  const { name, word } = useMeta();
  const url = useUrlState();
  const code = url.get('code');
  const settled = url.get('settled') === 'true';
  const query = useInfiniteQuery(conflictsQuery({ ...(code && { code }), settled }));
  const items = query.data?.pages.flatMap((p) => p.items) ?? [];
  useSettling(items.map(({ order }) => order.id));
  const counts = query.data?.pages[0]?.counts ?? {};
  const total = Object.values(counts).reduce((a, b) => a + b, 0);
  return (
    <Page
      title={t('conflicts.title')}
      note={query.data && count(total)}
      tools={<Segmented value={settled ? 'true' : ''} onChange={(v) => url.set({ settled: v || undefined, code: undefined })} options={[{ value: '', label: t('conflicts.open') }, { value: 'true', label: t('conflicts.settled') }]} />}
    >
      <Faces query={query} isEmpty={() => total === 0} empty={<Empty title={t('conflicts.empty')} hint={t('conflicts.empty_hint')} />}>
        {() => (
          <div className={s.layout}>
            <div className={s.codes} role="group" aria-label={t('conflicts.title')}>
              {[['', total] as const, ...Object.entries(counts)].map(([c, n]) => (
                <button key={c} type="button" className={s.code} aria-pressed={c === code} onClick={() => url.set({ code: c || undefined })}>
                  <span>{c ? name('conflicts', c) : t('conflicts.all')}</span>
                  <span className="quiet">{count(n)}</span>
                </button>
              ))}
            </div>
            <div className={s.list}>
              {items.map(({ order, shop, conflict }) => (
                <section key={order.id + conflict.id} className={s.item}>
                  <header className={s.head}>
                    <Link to={`/orders/${order.id}`}>{order.order_no ?? order.id}</Link>
                    <StatePill status={order} />
                    <HealthPill health={order.health} />
                    <span className="quiet">{word('shop', shop)}</span>
                  </header>
                  <ConflictCard order={order.id} orderNo={order.order_no ?? order.id} conflict={conflict} />
                </section>
              ))}
              {query.hasNextPage && <Button onClick={() => void query.fetchNextPage()}>{t('act.load_more')}</Button>}
            </div>
          </div>
        )}
      </Faces>
    </Page>
  );
}

/// What ends a conflict is a change of its order, which comes over the stream: then the list is read again.
function useSettling(orders: string[]): void {
  const queries = useQueryClient();
  const shown = new Set(orders);
  const newest = useFeed().find((change) => shown.has(change.id));
  const key = newest && `${newest.id}-${newest.version}`;
  useEffect(() => {
    if (key) void queries.invalidateQueries({ queryKey: ['conflicts'] });
  }, [key, queries]);
}
