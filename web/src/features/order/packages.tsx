import { Button } from 'antd';
import { useState } from 'react';
import type { Order, Package } from '@/api/types';
import { quantity } from '@/lib/format';
import { useText } from '@/lib/i18n';
import { useMeta } from '@/lib/meta_context';
import { Copy } from '@/ui/bits';
import { Moment } from '@/ui/moment';
import { Panel } from '@/ui/page';
import { Pill } from '@/ui/pills';
import { Attributes } from './attributes';
import s from './order.module.css';

const packages_shown = 20;
const stops_shown = 6;

export function Packages({ order }: { order: Order }) {
  const { t } = useText();
  const [isAll, setIsAll] = useState(false);
  const shown = isAll ? order.packages : order.packages.slice(0, packages_shown);
  return (
    <Panel title={`${t('order.packages')}${order.packages.length ? ` ${order.packages.length}` : ''}`} flush>
      {order.packages.length === 0 && (
        <p className="quiet" style={{ padding: '10px 12px' }}>
          {t('order.packages_none')}
        </p>
      )}
      <div className={s.packages}>
        {shown.map((item) => (
          <PackageRow key={item.id} item={item} order={order} />
        ))}
      </div>
      {shown.length < order.packages.length && (
        <Button type="link" onClick={() => setIsAll(true)}>
          {t('order.packages_all', { n: order.packages.length })}
        </Button>
      )}
    </Panel>
  );
}

function PackageRow({ item, order }: { item: Package; order: Order }) {
  const { t, label, lang } = useText();
  const { word } = useMeta();
  const [isAll, setIsAll] = useState(false);
  const stops = isAll ? item.milestones : item.milestones.slice(-stops_shown);
  const names = new Map(order.lines.map((line) => [line.id, line]));
  return (
    <article className={s.package} aria-label={item.number ?? item.id}>
      <div className={s.line}>
        <b className={item.withdrawn ? s.withdrawn : ''}>{label(item.label, item.milestone)}</b>
        {item.direction !== 'outbound' && (
          <Pill tone="warn" square>
            {word('direction', item.direction)}
          </Pill>
        )}
        <span>{word('carrier', item.carrier)}</span>
        {item.number && (
          <span className="mono">
            {item.number} <Copy text={item.number} />
          </span>
        )}
        {item.flags.map((flag) => (
          <Pill key={flag} tone="warn" square>
            {word('package_flag', flag)}
          </Pill>
        ))}
        {item.withdrawn && <Pill tone="neutral">{t('order.package_withdrawn')}</Pill>}
        {item.received_by && item.received_by !== 'unknown' && <span className="quiet">{word('received_by', item.received_by)}</span>}
        <span className={s.sub} style={{ marginLeft: 'auto' }}>
          {item.eta && !item.delivered_at && (
            <>
              {t('order.package_eta', { t: '' })}
              <Moment at={item.eta} />{' '}
            </>
          )}
          {item.last_place && t('order.package_last', { place: item.last_place })}
        </span>
      </div>
      {item.declared_at && !item.confirmed_at && !item.withdrawn && <Pill tone="unknown">{t('order.package_declared')}</Pill>}
      <Attributes open={item.attributes} personal={item.personal_attributes} />
      {item.legs.length > 0 && (
        <div className={s.legs}>
          {item.legs.map((leg) => (
            <span key={leg.leg}>
              {leg.leg}: {[word('carrier', leg.carrier), leg.number].filter(Boolean).join(' ')}
            </span>
          ))}
        </div>
      )}
      {item.milestones.length > 0 && (
        <ol className={s.track} aria-label={t('order.timeline')} tabIndex={0}>
          {stops.map((stop, i) => (
            <li key={i} className={s.stop} title={stop.sources.map((x) => word('source', x)).join(lang === 'zh' ? '、' : ', ')}>
              <MilestoneName code={stop.milestone} />
              {stop.at && !stop.no_date ? <Moment at={stop.at} /> : t('time.unknown')}
              <div>{stop.place}</div>
              {stop.sources.length > 1 && <span className="quiet">{t('tl.also', { n: stop.sources.length })}</span>}
            </li>
          ))}
        </ol>
      )}
      {item.milestones.length > stops_shown && !isAll && (
        <Button type="link" size="small" style={{ justifySelf: 'start' }} onClick={() => setIsAll(true)}>
          {t('order.package_more', { n: item.milestones.length })}
        </Button>
      )}
      {order.packages.length > 1 && item.parts.length > 0 && (
        <div className={s.sub}>
          {t('order.package_parts')}{' '}
          {item.parts
            .slice(0, 12)
            .map((part) => `${names.get(part.line)?.name ?? part.line} × ${quantity(part.quantity, names.get(part.line)?.scale ?? 1, names.get(part.line)?.unit)}`)
            .join(lang === 'zh' ? '、' : ', ')}
        </div>
      )}
    </article>
  );
}

function MilestoneName({ code }: { code: string }) {
  const { name } = useMeta();
  return <b>{name('milestones', code)}</b>;
}
