import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { Link, useParams } from 'react-router';
import { ApiError } from '@/api/client';
import { orderQuery, type View } from '@/api/queries';
import type { Order } from '@/api/types';
import { useText } from '@/lib/i18n';
import { useUrlState } from '@/lib/url_state';
import { Empty, Faces } from '@/ui/faces';
import { Alerts } from './alerts';
import { Head } from './head';
import { History } from './history';
import { Lines } from './lines';
import s from './order.module.css';
import { Packages } from './packages';
import { Plan } from './plan';
import { Side } from './side';

export function OrderScreen() {
  const { id = '' } = useParams();
  const { t } = useText();
  const url = useUrlState();
  const at = url.get('at');
  const knownAt = url.get('known_at');
  const view: View = { ...(at && { at }), ...(knownAt && { known_at: knownAt }) };
  const order = useQuery(orderQuery(id, view));
  if (order.error instanceof ApiError && order.error.problem.status === 404 && !order.data) return (
      <Empty title={t('order.not_found')} hint={id}>
        <Link to="/orders">{t('nav.orders')}</Link>
      </Empty>
    );
  return (
    <Faces query={order} rows={14}>
      {(data) => <Content order={data} view={view} />}
    </Faces>
  );
}

function Content({ order, view }: { order: Order; view: View }) {
  const { t } = useText();
  const number = order.status.order_no ?? order.id;
  useEffect(() => {
    document.title = `${t('order.title', { no: number })} · Cairn`;
  }, [t, number]);
  return (
    <div style={{ height: '100%', overflow: 'auto' }}>
      <Head order={order} view={view} />
      <div className={s.columns}>
        <div className={s.main}>
          <Alerts order={order} />
          <Lines order={order} />
          <Packages order={order} />
          {order.steps.length > 0 && <Plan order={order} />}
          <History order={order} view={view} />
        </div>
        <Side order={order} />
      </div>
    </div>
  );
}
