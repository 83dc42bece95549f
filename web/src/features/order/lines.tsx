import type { Order, OrderLine } from '@/api/types';
import { money, quantity } from '@/lib/format';
import { useText } from '@/lib/i18n';
import { useMeta } from '@/lib/meta_context';
import { Shares } from '@/ui/bits';
import { Moment } from '@/ui/moment';
import { Panel } from '@/ui/page';
import { Pill } from '@/ui/pills';
import { Attributes } from './attributes';
import s from './order.module.css';

export function Lines({ order }: { order: Order }) {
  const { t } = useText();
  const { axes } = order;
  const due = axes.ordered - axes.cancelled;
  const hasCancelled = axes.cancelled > 0;
  const hasBack = axes.back > 0;
  return (
    <Panel
      title={t('order.lines')}
      flush
      tools={
        due > 0 && (
          <span className={s.line}>
            <span className="quiet">
              {t('order.shipped')} {axes.shipped}/{due} · {t('order.delivered')} {axes.delivered}/{due}
            </span>
            <Shares
              of={due}
              label={`${t('order.shipped')} ${axes.shipped}/${due}, ${t('order.delivered')} ${axes.delivered}/${due}`}
              parts={[
                { value: Math.min(axes.delivered, due), color: 'var(--good-solid)' },
                { value: Math.max(0, axes.shipped - axes.delivered), color: 'var(--info-solid)' },
              ]}
            />
          </span>
        )
      }
    >
      {order.lines.length === 0 ? (
        <p className="quiet" style={{ padding: '10px 12px' }}>
          {t('order.lines_none')}
        </p>
      ) : (
        <div className={s.scroll} tabIndex={0} role="region" aria-label={t('order.lines')}>
          <table className={s.table}>
            <thead>
              <tr>
                <th>{t('order.line')}</th>
                <th className={s.n}>{t('order.ordered')}</th>
                {hasCancelled && <th className={s.n}>{t('order.cancelled')}</th>}
                <th className={`${s.n} ${s.roomy}`}>{t('order.picked')}</th>
                <th className={s.n}>{t('order.shipped')}</th>
                <th className={s.n}>{t('order.delivered')}</th>
                {hasBack && <th className={s.n}>{t('order.back')}</th>}
                <th className={s.n}>{t('order.price')}</th>
              </tr>
            </thead>
            <tbody>
              {order.lines.map((line) => (
                <LineRow key={line.id} line={line} order={order} hasCancelled={hasCancelled} hasBack={hasBack} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

function LineRow({ line, order, hasCancelled, hasBack }: { line: OrderLine; order: Order; hasCancelled: boolean; hasBack: boolean }) {
  const { lang } = useText();
  const { word } = useMeta();
  const due = line.quantity - line.cancelled;
  const cell = (value: number, more = '') => (
    <td className={`${s.n} ${more} ${value === 0 ? s.zero : value >= due ? s.good : ''}`}>{value === 0 ? '–' : quantity(value, line.scale, undefined)}</td>
  );
  return (
    <tr>
      <td>
        <span>{line.name || line.sku || line.id}</span>{' '}
        {line.kind !== 'goods' && (
          <Pill tone="neutral" square>
            {word('line_kind', line.kind)}
          </Pill>
        )}
        <div className={s.sub}>
          {[line.sku, word('supplier', line.supplier), word('warehouse', line.warehouse)].filter(Boolean).join(' · ')}
          {line.promised_delivery && (
            <>
              {' · '}
              <Moment at={line.promised_delivery.to} />
            </>
          )}
          <Attributes open={line.attributes} />
        </div>
      </td>
      <td className={s.n}>{quantity(line.quantity, line.scale, line.unit)}</td>
      {hasCancelled && cell(line.cancelled)}
      {cell(line.steps.picked ?? 0, s.roomy)}
      {cell(line.shipped)}
      {cell(line.delivered)}
      {hasBack && cell(line.back)}
      <td className={s.n}>{money(line.price, order.currency, lang)}</td>
    </tr>
  );
}
