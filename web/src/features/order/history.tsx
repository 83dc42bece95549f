import { useInfiniteQuery } from '@tanstack/react-query';
import { Button, Segmented } from 'antd';
import { useEffect, useMemo, useState } from 'react';
import { auditQuery, timelineQuery, type View } from '@/api/queries';
import type { Order, TimelineItem } from '@/api/types';
import { useText } from '@/lib/i18n';
import { useMeta } from '@/lib/meta_context';
import { dayKey, dayName } from '@/lib/time';
import { Empty, Faces, Loading } from '@/ui/faces';
import { Moment } from '@/ui/moment';
import { Panel } from '@/ui/page';
import { Dot, Pill } from '@/ui/pills';
import { CorrectDialog, RawDialog } from './event_dialogs';
import { EventRow } from './event_row';
import s from './order.module.css';

/// What happened, newest first and by day, with what is still to come on top; or who tried what.
export function History({ order, view }: { order: Order; view: View }) {
  const { t } = useText();
  const [tab, setTab] = useState<'timeline' | 'audit'>('timeline');
  return (
    <Panel
      title={t(tab === 'timeline' ? 'order.timeline' : 'order.audit')}
      flush
      tools={<Segmented size="small" value={tab} onChange={setTab} options={[{ value: 'timeline', label: t('order.timeline') }, { value: 'audit', label: t('order.audit') }]} />}
    >
      {tab === 'timeline' ? <Timeline order={order} view={view} /> : <Audit id={order.id} />}
    </Panel>
  );
}

function Timeline({ order, view }: { order: Order; view: View }) {
  const { t, lang } = useText();
  const query = useInfiniteQuery(timelineQuery(order.id, view.known_at));
  const [raw, setRaw] = useState<TimelineItem | null>(null);
  const [corrected, setCorrected] = useState<TimelineItem | null>(null);
  const pages = query.data?.pages;
  const days = useMemo(() => byDay((pages ?? []).flatMap((p) => p.items).filter((item) => !view.at || Date.parse(item.occurred) <= Date.parse(view.at))), [pages, view.at]);
  // Pages come newest first: those of a time long ago are further down.
  const { hasNextPage, isFetching, isFetchNextPageError, fetchNextPage } = query;
  const isSeeking = !!view.at && days.length === 0 && hasNextPage && !isFetchNextPageError;
  useEffect(() => {
    if (isSeeking && !isFetching) void fetchNextPage();
  }, [isSeeking, isFetching, fetchNextPage]);
  if (isSeeking) return <Loading />;
  return (
    <Faces query={query} isEmpty={() => days.length === 0 && !hasNextPage} empty={<Empty title={t('tl.empty')} />}>
      {() => (
        <div role="group" aria-label={t('order.timeline')} aria-busy={query.isFetching}>
          {!view.at && <Future order={order} />}
          {days.map(([key, items]) => (
            <section key={key} aria-label={dayName(items[0]!.occurred, lang)}>
              <h3 className={s.day}>{dayName(items[0]!.occurred, lang)}</h3>
              {items.map((item) => (
                <EventRow key={item.id} item={item} order={order} onRaw={setRaw} onCorrect={order.view ? undefined : setCorrected} />
              ))}
            </section>
          ))}
          {query.hasNextPage && (
            <Button type="link" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
              {t('act.load_more')}
            </Button>
          )}
          {raw && <RawDialog order={order.id} item={raw} onClose={() => setRaw(null)} />}
          {corrected && <CorrectDialog order={order} item={corrected} onClose={() => setCorrected(null)} />}
        </div>
      )}
    </Faces>
  );
}

// The newest first; among events of one moment the order the server gave is kept, reversed.
function byDay(items: TimelineItem[]): [string, TimelineItem[]][] {
  const sorted = [...items].sort((a, b) => b.occurred.localeCompare(a.occurred));
  const days = new Map<string, TimelineItem[]>();
  for (const item of sorted) {
    const key = dayKey(item.occurred);
    days.set(key, [...(days.get(key) ?? []), item]);
  }
  return [...days];
}

/// What is planned or promised and has not happened.
function Future({ order }: { order: Order }) {
  const { t, label } = useText();
  const { meta } = useMeta();
  const isOpen = meta.categories.find((c) => c.code === order.status.category)?.open;
  const planned = order.steps.filter((step) => step.planned_end && !step.finished_at && step.state !== 'skipped').map((step) => ({ key: step.id, text: label(step.label, step.id), at: step.estimated_end ?? step.planned_end! }));
  const { ordered, cancelled, delivered } = order.axes;
  const isKept = ordered > cancelled && delivered >= ordered - cancelled;
  const promise = isOpen && !isKept && order.status.promise ? [{ key: 'promise', text: t('tl.planned_promise'), at: order.status.promise.to }] : [];
  const rows = [...planned, ...promise].sort((a, b) => b.at.localeCompare(a.at));
  if (rows.length === 0 || !isOpen) return null;
  return (
    <section className={s.future} aria-label={t('tl.future')}>
      {rows.map((row) => (
        <div key={row.key} className={s.event}>
          <span className={s.clock}>{t('tl.planned')}</span>
          <span className={s.mark}>
            <Dot tone={Date.parse(row.at) < Date.now() ? 'bad' : 'neutral'} />
          </span>
          <span className={s.what}>{row.text}</span>
          <Moment at={row.at} className={s.by} />
        </div>
      ))}
    </section>
  );
}

function Audit({ id }: { id: string }) {
  const { t, label } = useText();
  const { name, word } = useMeta();
  const query = useInfiniteQuery(auditQuery(id));
  const rows = query.data?.pages.flatMap((p) => p.items) ?? [];
  return (
    <Faces query={query} isEmpty={() => rows.length === 0} empty={<Empty title={t('order.audit_none')} />}>
      {() => (
        <div className={s.scroll} tabIndex={0} role="region" aria-label={t('order.audit')}>
          <table className={s.table}>
            <tbody>
              {rows.map((row) => (
                <tr key={`${row.shard ?? 0}-${row.number}-${row.what}-${row.outcome}`}>
                  <td>
                    <Moment at={row.recorded} />
                  </td>
                  <td>
                    {label(row.label, row.what)}
                    {row.reason && <div className={s.sub}>{row.reason}</div>}
                  </td>
                  <td>
                    <Pill tone={row.outcome === 'refused' ? 'bad' : row.outcome === 'accepted' ? 'good' : 'neutral'} square>
                      {t(`order.outcome.${row.outcome}`)}
                    </Pill>
                  </td>
                  <td>{[row.actor, name('roles', row.role)].filter(Boolean).join(' · ')}</td>
                  <td>{word('source', row.source)}</td>
                  <td className="mono quiet">{row.ip}</td>
                  <td className="mono quiet">{row.request}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {query.hasNextPage && (
            <Button type="link" onClick={() => void query.fetchNextPage()}>
              {t('act.load_more')}
            </Button>
          )}
        </div>
      )}
    </Faces>
  );
}
