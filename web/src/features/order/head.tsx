import { Button, Checkbox, Dropdown, Input, Popover, Tooltip } from 'antd';
import { useState } from 'react';
import type { View } from '@/api/queries';
import type { CommandOffer, Order } from '@/api/types';
import { useActions } from '@/lib/actions';
import { useText } from '@/lib/i18n';
import { useIsPhone } from '@/lib/media';
import { useMeta } from '@/lib/meta_context';
import { places } from '@/lib/places';
import { fromLocalInput, shortTime, toLocalInput } from '@/lib/time';
import { useUrlState } from '@/lib/url_state';
import { Copy } from '@/ui/bits';
import { useCommands } from '@/ui/command_host';
import { isAsked, useDeciders } from '@/ui/deciders';
import { Moment, TimeLeft } from '@/ui/moment';
import { Badges, HealthPill, StatePill } from '@/ui/pills';
import s from './order.module.css';

const shown_max = 6;
const shown_max_phone = 2;

/// What the order is, in one look: headline, health, promise, whose turn, and what can be done now.
export function Head({ order, view }: { order: Order; view: View }) {
  const { t, label } = useText();
  const { meta } = useMeta();
  const { status } = order;
  const owner = meta.roles.find((r) => r.code === order.next_owner);
  const number = status.order_no ?? order.id;
  const category = meta.categories.find((c) => c.code === status.category);
  const settled = !category?.open;
  return (
    <>
      <header className={s.top}>
        <div className={s.line}>
          <h1>
            {number} <Copy text={number} />
          </h1>
          <StatePill status={status} />
          <HealthPill health={status.health} />
          <TimeLeft due={order.due_at} settled={settled} />
          <Badges codes={order.badges} />
          <span style={{ marginLeft: 'auto' }}>
            <Then view={view} />
          </span>
        </div>
        <div className={s.line}>
          <span>
            <span className="quiet">{t('order.promise')}</span>{' '}
            {status.promise ? <Moment at={status.promise.to} /> : t('order.promise_none')}
          </span>
          {owner && !settled && (
            <span>
              <span className="quiet">{t('order.next')}</span> {label(owner.label)}
            </span>
          )}
          {order.customer_label && <span className="quiet">{t('order.customer_sees', { text: label(order.customer_label) })}</span>}
        </div>
        {!order.view && <CommandBar order={order} />}
      </header>
      {order.view && <ThenBanner view={order.view} />}
    </>
  );
}

/// Buttons for what is allowed; one menu for the rest, each with the reason.
function CommandBar({ order }: { order: Order }) {
  const { t, label, lang } = useText();
  const { meta } = useMeta();
  const asked = useDeciders();
  const { ask } = useCommands();
  const isPhone = useIsPhone();
  const number = order.status.order_no ?? order.id;
  const run = (offer: CommandOffer) =>
    ask({ order: order.id, orderNo: number, offer, context: { currency: order.currency, lines: order.lines, packages: order.packages.map((p) => p.id) } });
  const allowed = order.commands.filter((c) => c.allowed && c.name !== places.besideConflict);
  const inState = new Set(meta.lifecycles.find((l) => l.id === order.status.lifecycle)?.transitions.map((tr) => tr.on));
  const first = [...allowed].sort((a, b) => weight(a, inState) - weight(b, inState));
  const buttons = first.filter((c) => inState.has(c.name)).slice(0, isPhone ? shown_max_phone : shown_max);
  const rest = first.filter((c) => !buttons.includes(c));
  const refused = order.commands.filter((c) => !c.allowed);
  useActions(
    allowed.map((offer) => ({ id: offer.name, label: label(offer.label, offer.name), group: 'here', hint: number, run: () => run(offer) })),
    `order-${order.id}-${order.status.version}-${allowed.length}-${lang}`,
  );
  const effect = (offer: CommandOffer) => [label(offer.effect), isAsked(offer) ? t('cmd.decided_by', { master: asked({ approval: offer.approval, master: offer.decided_by }) }) : t('cmd.decided_by_cairn')].filter(Boolean).join(' ');
  return (
    <div className={s.commands} role="toolbar" aria-label={t('order.commands')}>
      {buttons.length === 0 && <span className="quiet">{t('order.commands_none')}</span>}
      {buttons.map((offer, i) => (
        <Tooltip key={offer.name} title={effect(offer)}>
          <Button type={offer.tone === 'primary' && i === 0 ? 'primary' : 'default'} danger={offer.tone === 'danger'} onClick={() => run(offer)}>
            {label(offer.label, offer.name)}
            {isAsked(offer) && <span className={s.who}>→ {asked({ approval: offer.approval, master: offer.decided_by })}</span>}
          </Button>
        </Tooltip>
      ))}
      <Dropdown
        trigger={['click']}
        menu={{
          items: [
            ...rest.map((offer) => ({ key: offer.name, label: label(offer.label, offer.name) })),
            ...(refused.length
              ? [
                  {
                    type: 'group' as const,
                    label: t('order.commands_other'),
                    children: refused.map((offer) => ({
                      key: offer.name,
                      disabled: true,
                      label: (
                        <span>
                          {label(offer.label, offer.name)} <span className={s.who}>{label(offer.why_not)}</span>
                        </span>
                      ),
                    })),
                  },
                ]
              : []),
          ],
          onClick: ({ key }) => {
            const offer = order.commands.find((c) => c.name === key);
            if (offer?.allowed) run(offer);
          },
        }}
      >
        <Button>{t('act.more')} ▾</Button>
      </Dropdown>
    </div>
  );
}

function weight(offer: CommandOffer, inState: ReadonlySet<string>): number {
  return (inState.has(offer.name) ? 0 : 10) + (offer.tone === 'primary' ? 0 : offer.tone === 'danger' ? 3 : 1);
}

/// 当时显示了什么: picks a time; the URL keeps it.
function Then({ view }: { view: View }) {
  const { t } = useText();
  const url = useUrlState();
  const [isOpen, setIsOpen] = useState(false);
  const [at, setAt] = useState(toLocalInput(view.at ?? new Date().toISOString()));
  const [isKnown, setIsKnown] = useState(!!view.known_at);
  const show = () => {
    const time = fromLocalInput(at);
    url.set({ at: time, known_at: isKnown ? time : undefined });
    setIsOpen(false);
  };
  return (
    <Popover
      trigger="click"
      open={isOpen}
      onOpenChange={setIsOpen}
      placement="bottomRight"
      content={
        <form
          className={s.thenForm}
          onSubmit={(e) => {
            e.preventDefault();
            show();
          }}
        >
          <label htmlFor="then-at">{t('order.then_at')}</label>
          <Input id="then-at" type="datetime-local" value={at} onChange={(e) => setAt(e.target.value)} />
          <Checkbox checked={isKnown} onChange={(e) => setIsKnown(e.target.checked)}>
            {t('order.then_known')}
          </Checkbox>
          <Button type="primary" htmlType="submit" disabled={!at}>
            {t('order.then_show')}
          </Button>
        </form>
      }
    >
      <Button size="small">{t('order.then')}</Button>
    </Popover>
  );
}

function ThenBanner({ view }: { view: NonNullable<Order['view']> }) {
  const { t, lang } = useText();
  const url = useUrlState();
  return (
    <div className={s.then} role="status">
      {t(view.known_at ? 'order.then_banner_known' : 'order.then_banner', { at: shortTime(view.at, lang) })}
      <Button size="small" onClick={() => url.set({ at: undefined, known_at: undefined })}>
        {t('order.then_leave')}
      </Button>
    </div>
  );
}
