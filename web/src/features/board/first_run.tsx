import { useText } from '@/lib/i18n';
import { Copy } from '@/ui/bits';
import { Empty } from '@/ui/faces';
import s from './board.module.css';

/// What somebody sees who has just started: three ways to get orders in.
export function FirstRun() {
  const { t } = useText();
  const report = `curl -X POST ${location.origin}/v1/orders -H 'Content-Type: application/json' -d '{"order_no":"T-1","lines":[{"id":"1","name":"Tent","quantity":1}]}'`;
  const offers = [
    { title: t('board.empty_import'), hint: t('board.empty_import_hint'), command: 'cairn import --source orders.yaml orders.csv' },
    { title: t('board.empty_demo'), hint: t('board.empty_demo_hint'), command: './dev run' },
    { title: t('board.empty_source'), hint: t('board.empty_source_hint'), command: report },
  ];
  return (
    <Empty title={t('board.empty')} hint={t('board.empty_hint')}>
      <div className={s.first}>
        {offers.map((offer) => (
          <section key={offer.title} className={s.offer}>
            <h2>
              {offer.title} <Copy text={offer.command} />
            </h2>
            <p className="quiet">{offer.hint}</p>
            <pre>{offer.command}</pre>
          </section>
        ))}
      </div>
    </Empty>
  );
}
