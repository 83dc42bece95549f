import { Button } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router';
import { attachmentBytes } from '@/api/queries';
import type { Order } from '@/api/types';
import { attributeText, attributeTitle } from '@/lib/attributes';
import { saveFile } from '@/lib/csv';
import { money } from '@/lib/format';
import { useText } from '@/lib/i18n';
import { useMeta } from '@/lib/meta_context';
import { places } from '@/lib/places';
import { Copy } from '@/ui/bits';
import { useCommands } from '@/ui/command_host';
import { useProblemText } from '@/ui/faces';
import { Moment } from '@/ui/moment';
import { Facts, Panel } from '@/ui/page';
import { Pill } from '@/ui/pills';
import s from './order.module.css';

/// Everything about the order that is not its movement.
export function Side({ order }: { order: Order }) {
  return (
    <aside className={s.side}>
      <People order={order} />
      <Money order={order} />
      <Details order={order} />
      <Notes order={order} />
      <Promises order={order} />
      <More order={order} />
    </aside>
  );
}

function useOffer(order: Order): (name: string) => (() => void) | undefined {
  const { ask } = useCommands();
  return (name) => {
    const offer = order.commands.find((c) => c.name === name && c.allowed);
    return offer && (() => ask({ order: order.id, orderNo: order.status.order_no ?? order.id, offer, context: { currency: order.currency } }));
  };
}

function OfferButton({ order, name, text }: { order: Order; name: string; text?: string }) {
  const run = useOffer(order)(name);
  const { name: named } = useMeta();
  if (!run) return null;
  return (
    <Button size="small" type="text" onClick={run}>
      {text ?? named('commands', name)}
    </Button>
  );
}

function People({ order }: { order: Order }) {
  const { t } = useText();
  const { buyer = {}, receiver } = order;
  const sameReceiver = !receiver || Object.keys(receiver).length === 0 || ['name', 'phone', 'address', 'city'].every((k) => receiver[k as 'name'] === buyer[k as 'name']);
  const rows = (p: NonNullable<Order['buyer']>): [string, React.ReactNode][] => [
    [t('field.name'), p.name],
    [t('field.phone'), p.phone],
    [t('field.address'), [p.region, p.city, p.address].filter(Boolean).join(' ')],
    [t('field.country'), p.country],
    ['ID', p.id],
  ];
  return (
    <Panel title={t('order.people')} tools={<OfferButton order={order} name={places.atPeople} />}>
      {order.forgotten ? <p className="quiet">{t('order.forgotten')}</p> : <Facts rows={rows(buyer)} />}
      {!sameReceiver && receiver && (
        <>
          <h3 style={{ marginTop: 8 }}>{t('order.receiver')}</h3>
          <Facts rows={rows(receiver)} />
        </>
      )}
    </Panel>
  );
}

function Money({ order }: { order: Order }) {
  const { t, lang } = useText();
  const { word } = useMeta();
  return (
    <Panel title={t('order.money')} tools={order.payment && <Pill tone={order.payment === 'paid' ? 'good' : 'neutral'}>{word('payment_state', order.payment)}</Pill>}>
      <Facts
        rows={[
          [t('order.total'), money(order.total, order.currency, lang)],
          [t('order.deposit'), money(order.deposit, order.currency, lang)],
          [t('order.paid'), money(order.paid, order.currency, lang)],
          [t('order.refunded'), order.refunded ? money(order.refunded, order.currency, lang) : undefined],
          [t('order.terms'), word('payment_terms', order.terms)],
        ]}
      />
    </Panel>
  );
}

function Details({ order }: { order: Order }) {
  const { t, label, lang } = useText();
  const { word, lifecycle } = useMeta();
  return (
    <Panel title={t('order.facts')} tools={<OfferButton order={order} name={places.atFacts} />}>
      <Facts
        rows={[
          [t('order.tags'), order.tags.length > 0 && <span className={s.tags}>{order.tags.map((tag) => <Pill key={tag} tone="neutral" square>{tag}</Pill>)}</span>],
          [t('col.shop'), word('shop', order.shop)],
          [t('order.source'), word('source', order.source)],
          [t('order.company'), order.company],
          [t('order.channel'), order.channel],
          [t('col.warehouse'), word('warehouse', order.warehouse)],
          [t('col.suppliers'), (order.suppliers ?? []).map((x) => word('supplier', x)).join(lang === 'zh' ? '、' : ', ')],
          [t('order.placed'), <Moment at={order.placed_at ?? undefined} />],
          [t('order.lifecycle'), label(lifecycle(order.status.lifecycle)?.label, order.status.lifecycle)],
          ['ID', <span className="mono">{order.id} <Copy text={order.id} /></span>],
          ['', <span className="quiet">{t('order.version', { n: order.status.version })}</span>],
        ]}
      />
    </Panel>
  );
}

function Notes({ order }: { order: Order }) {
  const { t } = useText();
  const { name } = useMeta();
  return (
    <Panel title={t('order.notes')} tools={<OfferButton order={order} name={places.atNotes} text={t('order.note_add')} />}>
      {order.notes.length === 0 ? (
        <p className="quiet">{t('order.notes_none')}</p>
      ) : (
        <div className={s.items}>
          {[...order.notes].reverse().map((note, i) => (
            <div key={i} className={s.item}>
              <p className={s.note}>{note.text}</p>
              <span className={s.sub}>
                {[note.actor, note.role && name('roles', note.role)].filter(Boolean).join(' · ')} <Moment at={note.at} />
              </span>
            </div>
          ))}
        </div>
      )}
    </Panel>
  );
}

function Promises({ order }: { order: Order }) {
  const { t } = useText();
  const { word } = useMeta();
  if (order.promises.length === 0) return null;
  return (
    <Panel title={t('order.promises')} tools={<OfferButton order={order} name={places.atPromises} />}>
      <div className={s.items}>
        {[...order.promises].reverse().slice(0, 12).map((promise, i) => (
          <div key={i} className={s.item}>
            <span className={promise.current ? '' : s.withdrawn}>
              {t(`order.promise_of.${promise.of}`)} <Moment at={promise.to} />
            </span>
            <span className={s.sub}>
              {word('promise_basis', promise.basis)} · {word('source', promise.source)} <Moment at={promise.told_at} /> {promise.reason}
            </span>
          </div>
        ))}
      </div>
    </Panel>
  );
}

function More({ order }: { order: Order }) {
  const { t, label, lang } = useText();
  const { word, meta } = useMeta();
  // What names people comes masked; revealing it is a command.
  const attributes = Object.entries({ ...order.attributes, ...order.personal_attributes });
  return (
    <>
      {order.references.length > 0 && (
        <Panel title={t('order.references')} tools={<OfferButton order={order} name={places.atReferences} />}>
          <Facts rows={order.references.map((r) => [[word('reference_scheme', r.scheme), word('source', r.issuer)].filter(Boolean).join(' · '), <Reference order={order} reference={r} />] as [string, React.ReactNode])} />
        </Panel>
      )}
      {order.relations.length > 0 && (
        <Panel title={t('order.relations')}>
          <Facts rows={order.relations.map((r) => [word('relation_kind', r.kind), <span><Link to={`/orders/${r.order}`}>{r.order_no ?? r.order}</Link> {label(r.label)}</span>] as [string, React.ReactNode])} />
        </Panel>
      )}
      {order.attachments.length > 0 && (
        <Panel title={t('order.attachments')}>
          <Facts rows={order.attachments.map((a) => [a.kind ?? a.media_type ?? '', <Attachment attachment={a} />] as [string, React.ReactNode])} />
        </Panel>
      )}
      {attributes.length > 0 && (
        <Panel title={t('order.attributes')} label={t('order.attributes')}>
          <Facts rows={attributes.map(([k, v]) => [attributeTitle(meta, k, lang), <LongText text={attributeText(meta, k, v, lang) ?? ''} />] as [string, React.ReactNode])} />
        </Panel>
      )}
    </>
  );
}

/// The bytes are fetched with the key, which a link could not carry, and saved.
function Attachment({ attachment }: { attachment: Order['attachments'][number] }) {
  const { notice } = useCommands();
  const problemText = useProblemText();
  const [isBusy, setIsBusy] = useState(false);
  const name = attachment.name || attachment.hash;
  const save = async () => {
    setIsBusy(true);
    try {
      saveFile(name, await attachmentBytes(attachment.hash), attachment.media_type ?? '');
    } catch (error) {
      const { title, detail } = problemText(error as Error);
      notice(`${name}: ${title}`, detail, 'error');
    }
    setIsBusy(false);
  };
  return (
    <Button type="link" size="small" className={s.file} loading={isBusy} onClick={() => void save()}>
      {name}
    </Button>
  );
}

/// A number with what copies it; of a tracking link only its hash is known, so it can be taken back only.
function Reference({ order, reference }: { order: Order; reference: Order['references'][number] }) {
  const { t } = useText();
  const { ask } = useCommands();
  const isHash = reference.value.length > 40;
  const remove = order.commands.find((c) => c.name === places.besideLink && c.allowed);
  if (!isHash)
    return (
      <span className="mono">
        {reference.value} <Copy text={reference.value} />
      </span>
    );
  const { scheme, issuer, value } = reference;
  return (
    <span className="mono">
      {value.slice(0, 8)}…{' '}
      {remove && (
        <Button size="small" type="link" onClick={() => ask({ order: order.id, orderNo: order.status.order_no ?? order.id, offer: { ...remove, preset: { reference: { scheme, ...(issuer && { issuer }), value } } } })}>
          {t('order.reference_revoke')}
        </Button>
      )}
    </span>
  );
}

const text_max = 300;
function LongText({ text }: { text: string }) {
  if (text.length <= text_max) return <span className={s.note}>{text}</span>;
  return (
    <details>
      <summary className={s.note}>{text.slice(0, 80)}…</summary>
      <pre className={s.raw} tabIndex={0}>{text.slice(0, 100_000)}</pre>
    </details>
  );
}
