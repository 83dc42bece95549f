import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, Input, Modal, Select } from 'antd';
import { useState } from 'react';
import { call, client } from '@/api/client';
import { dismissWaiting, quarantineQuery, sendCommand } from '@/api/queries';
import type { QuarantineItem, Status } from '@/api/types';
import { count } from '@/lib/format';
import { useText } from '@/lib/i18n';
import { useMeta } from '@/lib/meta_context';
import { places } from '@/lib/places';
import { useUrlState } from '@/lib/url_state';
import { useCommands } from '@/ui/command_host';
import { FormButtons } from '@/ui/command_form';
import { Empty, Faces, useProblemText } from '@/ui/faces';
import { Ago, Moment } from '@/ui/moment';
import { Page } from '@/ui/page';
import { HealthPill, StatePill } from '@/ui/pills';
import ui from '@/ui/ui.module.css';
import s from './quarantine.module.css';

export function QuarantineScreen() {
  const { t } = useText();
  const url = useUrlState();
  const query = useInfiniteQuery(quarantineQuery(url.get('q')));
  const items = query.data?.pages.flatMap((p) => p.items) ?? [];
  const total = query.data?.pages[0]?.total;
  return (
    <Page
      title={t('quarantine.title')}
      note={total !== undefined && count(total)}
      tools={<Input.Search aria-label={t('quarantine.search')} placeholder={t('quarantine.search')} defaultValue={url.get('q')} onSearch={(q) => url.set({ q: q || undefined })} allowClear style={{ width: 220 }} />}
    >
      <p className={s.hint}>{t('quarantine.hint')}</p>
      <Faces query={query} isEmpty={() => items.length === 0} empty={<Empty title={t('quarantine.empty')} hint={t('quarantine.empty_hint')} />}>
        {() => (
          <div className={s.list}>
            {items.map((item) => (
              <Waiting key={item.id} item={item} />
            ))}
            {query.hasNextPage && <Button onClick={() => void query.fetchNextPage()}>{t('act.load_more')}</Button>}
          </div>
        )}
      </Faces>
    </Page>
  );
}

function Waiting({ item }: { item: QuarantineItem }) {
  const { t, label } = useText();
  const { word, name } = useMeta();
  const [open, setOpen] = useState<'attach' | 'dismiss'>();
  return (
    <article className={s.item} aria-label={item.reference.value}>
      <div className={s.head}>
        <span className={s.value}>{item.reference.value}</span>
        <span className="quiet">{[word('reference_scheme', item.reference.scheme), word('carrier', item.reference.issuer)].filter(Boolean).join(' · ')}</span>
        <span>{t('quarantine.count', { n: item.count })}</span>
        <span className="quiet">
          {t('quarantine.first')} <Ago at={item.first_at} />
        </span>
        <span>
          <Button size="small" type="primary" onClick={() => setOpen('attach')}>
            {t('quarantine.attach')}
          </Button>
          <Button size="small" onClick={() => setOpen('dismiss')}>
            {t('quarantine.dismiss')}
          </Button>
        </span>
      </div>
      <div className={s.events}>
        {item.events.slice(-3).map((event) => (
          <div key={event.id} className={s.event}>
            <Moment at={event.occurred} />
            <b>{label(event.label, event.type)}</b>
            <span>{name('milestones', event.data?.milestone as string | undefined)}</span>
            <span>{String(event.data?.place ?? '')}</span>
            <span className="quiet">{word('source', event.source)}</span>
          </div>
        ))}
      </div>
      {open === 'attach' && <AttachDialog item={item} onClose={() => setOpen(undefined)} />}
      {open === 'dismiss' && <DismissDialog item={item} onClose={() => setOpen(undefined)} />}
    </article>
  );
}

function AttachDialog({ item, onClose }: { item: QuarantineItem; onClose: () => void }) {
  const { t } = useText();
  const { notice } = useCommands();
  const queries = useQueryClient();
  const problemText = useProblemText();
  const [number, setNumber] = useState('');
  const [asked, setAsked] = useState('');
  const found = useQuery({
    queryKey: ['find', asked],
    enabled: asked !== '',
    queryFn: async () => (await call(client.GET('/v1/orders', { params: { query: { numbers: asked, limit: 10 } } }))).items.map((row) => row.status),
  });
  const attach = useMutation({
    mutationFn: (order: Status) => sendCommand({ order: order.id, name: places.besideWaiting, data: { reference: item.reference } }),
    onSuccess: (_, order) => {
      notice(t('quarantine.attached', { no: order.order_no ?? order.id }));
      void queries.invalidateQueries({ queryKey: ['quarantine'] });
      onClose();
    },
  });
  const offers = asked ? (found.data ?? []) : (item.candidates ?? []);
  return (
    <Modal open title={t('quarantine.attach_title', { value: item.reference.value })} onCancel={onClose} footer={<Button onClick={onClose}>{t('act.cancel')}</Button>} width={460}>
      <div className={ui.form}>
        <div className={ui.field}>
          <label htmlFor="attach-to">{t('quarantine.attach_order')}</label>
          <Input.Search id="attach-to" value={number} onChange={(e) => setNumber(e.target.value)} onSearch={(v) => setAsked(v.trim())} enterButton={t('quarantine.attach_find')} loading={found.isFetching} autoFocus />
        </div>
        {!asked && offers.length > 0 && <span className={ui.hint}>{t('quarantine.candidates')}</span>}
        {asked && found.data?.length === 0 && <p role="status">{t('quarantine.attach_none')}</p>}
        {offers.map((order) => (
          <div key={order.id} className={s.found}>
            <Button size="small" type="primary" loading={attach.isPending} onClick={() => attach.mutate(order)}>
              {t('quarantine.attach_to', { no: order.order_no ?? order.id })}
            </Button>
            <StatePill status={order} />
            <HealthPill health={order.health} />
          </div>
        ))}
        {attach.error && (
          <p role="alert" className={ui.wrong}>
            {problemText(attach.error).detail}
          </p>
        )}
      </div>
    </Modal>
  );
}

function DismissDialog({ item, onClose }: { item: QuarantineItem; onClose: () => void }) {
  const { t, label } = useText();
  const { meta } = useMeta();
  const { notice } = useCommands();
  const queries = useQueryClient();
  const problemText = useProblemText();
  const [reason, setReason] = useState<string>();
  const [text, setText] = useState('');
  const dismiss = useMutation({
    mutationFn: () => dismissWaiting(item.id, reason ?? '', text),
    onSuccess: () => {
      notice(t('quarantine.dismissed'), item.reference.value);
      void queries.invalidateQueries({ queryKey: ['quarantine'] });
      onClose();
    },
  });
  return (
    <Modal open title={t('quarantine.dismiss_title', { value: item.reference.value })} onCancel={onClose} width={420} footer={<FormButtons submit={t('quarantine.dismiss')} danger busy={dismiss.isPending} disabled={!reason} onCancel={onClose} onSubmit={() => dismiss.mutate()} />}>
      <div className={ui.form}>
        <div className={ui.field}>
          <label htmlFor="dismiss-reason" className={ui.required}>
            {t('field.reason')}
          </label>
          <Select id="dismiss-reason" value={reason} onChange={setReason} options={(meta.words.dismiss_reason ?? []).map((r) => ({ value: r.code, label: label(r.label, r.code) }))} />
        </div>
        <div className={ui.field}>
          <label htmlFor="dismiss-text">{t('field.text')}</label>
          <Input.TextArea id="dismiss-text" rows={2} value={text} onChange={(e) => setText(e.target.value)} />
        </div>
        {dismiss.error && (
          <p role="alert" className={ui.wrong}>
            {problemText(dismiss.error).detail}
          </p>
        )}
      </div>
    </Modal>
  );
}
