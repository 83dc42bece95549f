import type { Order } from '@/api/types';
import { useText } from '@/lib/i18n';
import { useMeta } from '@/lib/meta_context';
import { Moment, TimeLeft } from '@/ui/moment';
import { Panel } from '@/ui/page';
import { Dot, Pill } from '@/ui/pills';
import s from './order.module.css';

const tones = { waiting: 'neutral', started: 'info', blocked: 'bad', finished: 'good', skipped: 'neutral' } as const;

/// The order's plan: who does what after what, planned and actual.
export function Plan({ order }: { order: Order }) {
  const { t, label } = useText();
  const { name } = useMeta();
  return (
    <Panel title={t('order.steps')}>
      <div className={s.steps}>
        {order.steps.map((step) => (
          <div key={step.id} className={s.step}>
            <Dot tone={tones[step.state]} />
            <span>
              <b>{label(step.label, step.id)}</b> <span className="quiet">{step.owner && name('roles', step.owner)}</span>{' '}
              {step.state === 'blocked' && <Pill tone="bad" square>{[t('order.step.blocked'), step.reason].filter(Boolean).join(' · ')}</Pill>}
            </span>
            <span className={s.sub}>
              {t(`order.step.${step.state}`)} {step.finished_at ? <Moment at={step.finished_at} /> : <TimeLeft due={step.estimated_end ?? step.planned_end} />}
            </span>
          </div>
        ))}
      </div>
    </Panel>
  );
}
