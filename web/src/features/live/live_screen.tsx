import { Button, Input, Select } from 'antd';
import { useMemo, useState } from 'react';
import { Link } from 'react-router';
import type { Change } from '@/api/types';
import { useActions } from '@/lib/actions';
import { useNow } from '@/lib/clock';
import { useText } from '@/lib/i18n';
import { heardUnder, useFeed, useLiveScope } from '@/lib/live_context';
import { useIsPhone } from '@/lib/media';
import { useMeta } from '@/lib/meta_context';
import { clockTime } from '@/lib/time';
import { useUrlState } from '@/lib/url_state';
import { Empty } from '@/ui/faces';
import { Page } from '@/ui/page';
import { Dot, HealthPill, Pill, StatePill } from '@/ui/pills';
import { Table, type TableColumn } from '@/ui/table';
import s from './live.module.css';

const filters = ['shop', 'category', 'lane', 'carrier'] as const;

/// The stream as it comes. The server filters; pausing only stops the drawing.
export function LiveScreen() {
  const { t, label, lang } = useText();
  const { meta, word, tone, lifecycle } = useMeta();
  const url = useUrlState();
  const isPhone = useIsPhone();
  const scope = Object.fromEntries(filters.map((f) => [f, url.get(f) || undefined]));
  useLiveScope(scope);
  const all = useFeed();
  const [held, setHeld] = useState<Change[] | null>(null);
  const q = url.get('q').toLowerCase();
  const now = useNow(1_000);
  const source = held ?? all;
  const shown = useMemo(() => source.filter((c) => matches(c, scope) && (!q || `${c.order_no} ${c.cause.label.zh} ${c.cause.label.en} ${c.cause.type}`.toLowerCase().includes(q))), [source, q, JSON.stringify(scope)]); // eslint-disable-line
  const perMinute = all.filter((c) => now - Date.parse(c.at) < 60_000).length;
  const toggle = () => setHeld(held ? null : all);
  useActions([{ id: 'pause', label: t(held ? 'feed.resume' : 'feed.pause'), group: 'here', shortcut: 'p', run: toggle }], `live-${lang}-${held !== null}`);

  const stateName = (change: Change) => label(lifecycle(change.status.lifecycle)?.states.find((x) => x.code === change.from?.state)?.label, change.from?.state);
  const columns: TableColumn<Change>[] = [
    { id: 'at', title: t('field.at'), width: '84px', cell: (c) => <span className="quiet">{clockTime(c.at, lang)}</span> },
    { id: 'order', title: t('col.order_no'), width: '180px', cell: (c) => <Link to={`/orders/${c.id}`}>{c.order_no ?? c.id}</Link> },
    { id: 'cause', title: t('feed.event'), width: '190px', cell: (c) => <span><Dot tone={tone('lanes', c.to.lane)} /> {label(c.cause.label, c.cause.type)}</span> },
    {
      id: 'state',
      title: t('col.state'),
      width: 'minmax(260px, 1fr)',
      cell: (c) => (
        <span>
          {!c.from ? <Pill tone="info" square>{t('feed.new')}</Pill> : c.from.state !== c.to.state && <span className="quiet">{stateName(c)} → </span>} <StatePill status={c.status} />
        </span>
      ),
    },
    { id: 'health', title: t('col.health'), width: '120px', cell: (c) => <HealthPill health={c.to.health} /> },
    { id: 'source', title: t('order.source'), width: '120px', cell: (c) => word('source', c.cause.source) },
    { id: 'shop', title: t('col.shop'), width: '130px', cell: (c) => word('shop', c.shop) },
  ];
  const phone: TableColumn<Change> = {
    id: 'change',
    title: t('feed.event'),
    width: 'minmax(0, 1fr)',
    cell: (c) => (
      <div className={s.two}>
        <Link to={`/orders/${c.id}`}>{c.order_no ?? c.id}</Link>
        <span className="quiet">{clockTime(c.at, lang)}</span>
        <span className={s.cut}>
          <Dot tone={tone('lanes', c.to.lane)} /> {label(c.cause.label, c.cause.type)}
        </span>
        <StatePill status={c.status} />
      </div>
    ),
  };
  const options = { shop: meta.words.shop, carrier: meta.words.carrier, category: meta.categories, lane: meta.lanes };
  return (
    <Page
      title={t('feed.title')}
      note={held ? t('feed.paused', { n: Math.max(0, all.indexOf(held[0]!)) }) : t('feed.rate', { n: perMinute })}
      tools={
        <>
          {filters.map((f) => (
            <Select key={f} aria-label={t(f === 'lane' ? 'board.lanes' : `filter.${f}`)} placeholder={t(f === 'lane' ? 'board.lanes' : `filter.${f}`)} allowClear popupMatchSelectWidth={false} value={url.get(f) || undefined} onChange={(v) => url.set({ [f]: v })} options={(options[f] ?? []).map((o) => ({ value: o.code, label: label(o.label, o.code) }))} />
          ))}
          <Input aria-label={t('feed.search')} placeholder={t('feed.search')} defaultValue={url.get('q')} onChange={(e) => url.type({ q: e.target.value || undefined })} allowClear style={{ width: 150 }} />
          <Button type={held ? 'primary' : 'default'} onClick={toggle}>
            {t(held ? 'feed.resume' : 'feed.pause')}
          </Button>
        </>
      }
    >
      {shown.length === 0 ? <Empty title={t('feed.empty')} hint={t('feed.empty_hint')} /> : <Table label={t('feed.title')} columns={isPhone ? [phone] : columns} rowHeight={isPhone ? 56 : undefined} rows={shown} idOf={(c) => `${c.id}-${c.version}`} />}
    </Page>
  );
}

// What came before the filter was set is filtered here; by what a change does not say, only what came
// under that filter is shown.
function matches(change: Change, scope: Record<string, string | undefined>): boolean {
  return (!scope.shop || change.shop === scope.shop) && (!scope.category || change.to.category === scope.category) && (!scope.lane || change.to.lane === scope.lane) && (!scope.carrier || heardUnder(change).carrier === scope.carrier);
}
