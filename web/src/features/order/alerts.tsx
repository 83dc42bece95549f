import { Button } from 'antd';
import { useState } from 'react';
import type { Order } from '@/api/types';
import { useText, type TextKey } from '@/lib/i18n';
import { useMeta } from '@/lib/meta_context';
import { places } from '@/lib/places';
import { useCommands } from '@/ui/command_host';
import { Ago, Moment, TimeLeft } from '@/ui/moment';
import { Pill } from '@/ui/pills';
import { ConflictCard } from '@/ui/conflict_card';
import { useDeciders } from '@/ui/deciders';
import { Panel } from '@/ui/page';
import s from './order.module.css';

const conflicts_shown = 10;

/// What is not as it should be: holds, conflicts, requests that others have not answered, cases.
export function Alerts({ order }: { order: Order }) {
  const { t } = useText();
  const [isAll, setIsAll] = useState(false);
  const open = order.conflicts.filter((c) => !c.settled);
  const shown = isAll ? open : open.slice(0, conflicts_shown);
  return (
    <>
      {!order.view && <Trouble order={order} />}
      {order.holds.filter((h) => h.open).map((hold) => (
        <HoldAlert key={hold.id} order={order} hold={hold} />
      ))}
      {order.requests.map((request) => (
        <RequestAlert key={request.id} order={order} request={request} />
      ))}
      {open.length > 0 && (
        <Panel title={`${t('order.conflicts')}${open.length > 1 ? ` ${open.length}` : ''}`}>
          <div className={s.items}>
            {shown.map((conflict) => (
              <ConflictCard key={conflict.id} order={order.id} orderNo={order.status.order_no ?? order.id} conflict={conflict} />
            ))}
            {shown.length < open.length && (
              <Button type="link" onClick={() => setIsAll(true)}>
                {t('order.conflicts_all', { n: open.length })}
              </Button>
            )}
          </div>
        </Panel>
      )}
      {order.cases.length > 0 && <Cases order={order} />}
    </>
  );
}

/// Why the order does not stand well, in one line: what was due, since when nothing was heard, whose
/// turn it is.
function Trouble({ order }: { order: Order }) {
  const { t } = useText();
  const { tone, name, meta } = useMeta();
  const { label } = useText();
  const { status } = order;
  const owner = meta.roles.find((r) => r.code === order.next_owner);
  const lane = tone('lanes', status.lane);
  const isOpen = meta.categories.find((c) => c.code === status.category)?.open;
  if (!isOpen || lane === 'good' || lane === 'neutral') return null;
  const heard = order.packages.flatMap((p) => (p.last_seen_at && !p.delivered_at ? [p.last_seen_at] : [])).sort().at(-1);
  return (
    <div className={`${s.alert} ${s[lane] ?? ''}`} role="status" aria-label={t('order.trouble')}>
      <div className={s.trouble}>
        <b>{name('health', status.health)}</b>
        {order.due_at && (
          <span>
            {t('order.due')} <Moment at={order.due_at} /> · <TimeLeft due={order.due_at} />
          </span>
        )}
        {heard && (
          <span>
            {t('order.heard')} <Ago at={heard} />
          </span>
        )}
        {owner && (
          <span>
            {t('order.next')} <b>{label(owner.label)}</b>
          </span>
        )}
      </div>
    </div>
  );
}

function HoldAlert({ order, hold }: { order: Order; hold: Order['holds'][number] }) {
  const { t, label } = useText();
  const { word } = useMeta();
  const { ask } = useCommands();
  const release = order.commands.find((c) => c.name === places.besideHold && c.allowed);
  return (
    <div className={`${s.alert} ${s.warn}`} role="group" aria-label={t('order.hold_open')}>
      <div className={s.alertRow}>
        <b>
          {t('order.hold_open')}: {label(hold.label, hold.reason)}
        </b>
        <span>{[word('hold_party', hold.party), word('hold_clock', hold.clock)].filter(Boolean).join(' · ')}</span>
        {hold.text && <span className={s.note}>{hold.text}</span>}
        <Ago at={hold.placed_at} />
        {release && (
          <Button size="small" onClick={() => ask({ order: order.id, orderNo: order.status.order_no ?? order.id, offer: { ...release, preset: { ...release.preset, ...(release.fields.some((f) => f.name === 'hold_id') && { hold_id: hold.id }) } } })}>
            {label(release.label, release.name)}
          </Button>
        )}
      </div>
    </div>
  );
}

function RequestAlert({ order, request }: { order: Order; request: Order['requests'][number] }) {
  const { t, label } = useText();
  const { ask } = useCommands();
  const asked = useDeciders();
  const key = { pending: 'order.request_waits', granted: 'order.request_granted', refused: 'order.request_refused', silent: 'order.request_silent' }[request.state] as TextKey;
  const tone = { pending: s.info, granted: s.info, refused: s.bad, silent: s.bad }[request.state];
  if (request.state === 'granted') return null;
  return (
    <div className={`${s.alert} ${tone}`} role="status">
      <div className={s.alertRow}>
        <b>{t(key, { command: label(request.label, request.command), master: asked(request) })}</b>
        {request.reason && <span>{request.reason}</span>}
        {request.state === 'pending' ? <TimeLeft due={request.deadline} /> : <Moment at={request.ended_at} />}
        {request.commands?.map((offer) => (
          <Button key={offer.name} size="small" danger={offer.tone === 'danger'} onClick={() => ask({ order: order.id, orderNo: order.status.order_no ?? order.id, offer })}>
            {label(offer.label, offer.name)}
          </Button>
        ))}
      </div>
    </div>
  );
}

function Cases({ order }: { order: Order }) {
  const { t, label } = useText();
  const { word, tone } = useMeta();
  const { ask } = useCommands();
  return (
    <Panel title={t('order.cases')}>
      <div className={s.items}>
        {order.cases.map((item) => (
          <div key={item.id} className={s.item}>
            <div className={s.line}>
              <b>{word('case_type', item.type)}</b>
              <span className="mono">{item.id}</span>
              <Pill tone={tone('categories', item.category)}>{label(item.label, item.state)}</Pill>
              {item.open && item.due_at && (
                <span>
                  <span className="quiet">{t('order.case_due')}</span> <TimeLeft due={item.due_at} />
                </span>
              )}
              {item.commands.filter((c) => c.allowed).map((offer) => (
                <Button key={offer.name} size="small" danger={offer.tone === 'danger'} onClick={() => ask({ order: order.id, orderNo: `${order.status.order_no ?? order.id} · ${item.id}`, offer, context: { currency: order.currency, lines: order.lines } })}>
                  {label(offer.label, offer.name)}
                </Button>
              ))}
            </div>
            {(item.reason || item.text) && <p className={s.note}>{[item.reason, item.text].filter(Boolean).join(' · ')}</p>}
          </div>
        ))}
      </div>
    </Panel>
  );
}
