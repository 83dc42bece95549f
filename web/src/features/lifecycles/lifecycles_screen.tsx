import { useQuery } from '@tanstack/react-query';
import { Segmented } from 'antd';
import { useMemo, type ReactNode } from 'react';
import { Link } from 'react-router';
import { boardQuery } from '@/api/queries';
import type { Board, Lifecycle } from '@/api/types';
import { count } from '@/lib/format';
import { readable, useText } from '@/lib/i18n';
import { useMeta } from '@/lib/meta_context';
import { useUrlState } from '@/lib/url_state';
import { Empty, FailedNote, Loading } from '@/ui/faces';
import { Facts, Page, Panel } from '@/ui/page';
import { Pill } from '@/ui/pills';
import { LifecycleChart } from './chart';
import s from './lifecycles.module.css';

export function LifecyclesScreen() {
  const { t } = useText();
  const { meta } = useMeta();
  const url = useUrlState();
  const counts = useQuery(boardQuery({ group: 'state', limit: 0, closed: true }));
  if (meta.lifecycles.length === 0)
    return (
      <Page title={t('lifecycles.title')}>
        <Empty title={t('lifecycles.empty')} hint={t('lifecycles.empty_hint')} />
      </Page>
    );
  // Which is shown first depends on the counts; a lifecycle that is asked for need not wait for them.
  if (counts.isPending && !url.get('id'))
    return (
      <Page title={t('lifecycles.title')}>
        <Loading rows={10} />
      </Page>
    );
  const failed = !counts.data && counts.error && <FailedNote error={counts.error} onRetry={() => void counts.refetch()} />;
  return <Content groups={counts.data?.groups} failed={failed || null} />;
}

/// Without groups it is not known how many orders there are.
function Content({ groups, failed }: { groups: Board['groups'] | undefined; failed: ReactNode }) {
  const { t, label } = useText();
  const { meta } = useMeta();
  const url = useUrlState();
  const ordered = useMemo(() => [...meta.lifecycles].sort((a, b) => Number(b.subject === 'order') - Number(a.subject === 'order')), [meta.lifecycles]);
  const ordersOf = (id: string) => (groups ?? []).reduce((sum, g) => sum + (g.value.startsWith(`${id}/`) ? g.count : 0), 0);
  const busiest = ordered.reduce((best, l) => (ordersOf(best.id) >= ordersOf(l.id) ? best : l), ordered[0]!);
  const lifecycle = meta.lifecycles.find((l) => l.id === url.get('id')) ?? busiest;
  const isCounted = groups && lifecycle.subject === 'order';
  const countOf = isCounted ? (state: string) => groups.find((g) => g.value === `${lifecycle.id}/${state}`)?.count ?? 0 : undefined;
  const chosen = lifecycle.states.find((x) => x.code === url.get('state'))?.code ?? '';
  return (
    <Page
      title={t('lifecycles.title')}
      note={[t('lifecycles.states', { n: lifecycle.states.length }), t('lifecycles.transitions', { n: lifecycle.transitions.length }), t('lifecycles.version', { v: lifecycle.version.slice(0, 8) })].join(' · ')}
      tools={<Segmented value={lifecycle.id} onChange={(id) => url.set({ id, state: undefined })} options={ordered.map((l) => ({ value: l.id, label: label(l.label, l.id) }))} />}
    >
      {failed}
      <div className={s.layout}>
        <div className={s.chart} role="region" tabIndex={0} aria-label={t('lifecycles.chart', { name: label(lifecycle.label, lifecycle.id) })}>
          <LifecycleChart lifecycle={lifecycle} chosen={chosen} countOf={countOf} onChoose={(state) => url.set({ state: state === chosen ? undefined : state })} />
        </div>
        <StateDetails lifecycle={lifecycle} code={chosen} count={countOf?.(chosen)} />
      </div>
    </Page>
  );
}

function StateDetails({ lifecycle, code, count: orders }: { lifecycle: Lifecycle; code: string; count: number | undefined }) {
  const { t, label } = useText();
  const { tone, name } = useMeta();
  const state = lifecycle.states.find((x) => x.code === code);
  if (!state)
    return (
      <Panel title={label(lifecycle.label, lifecycle.id)}>
        <p className="quiet">{t('lifecycles.pick')}</p>
      </Panel>
    );
  return (
    <div className={s.details}>
      <Panel title={label(state.label, state.code)} tools={<Pill tone={tone('categories', state.category)}>{name('categories', state.category)}</Pill>}>
        <Facts
          rows={[
            [t('lifecycles.customer'), label(state.customer)],
            ['', state.final ? t('lifecycles.final') : state.start ? t('lifecycles.start') : undefined],
            ['', orders !== undefined && <Link to={`/orders?state=${state.code}&lifecycle=${lifecycle.id}`}>{t('lifecycles.count', { n: count(orders) })}</Link>],
          ]}
        />
      </Panel>
      <Moves title={t('lifecycles.out')} lifecycle={lifecycle} transitions={lifecycle.transitions.filter((tr) => tr.from === code)} other="to" />
      <Moves title={t('lifecycles.in')} lifecycle={lifecycle} transitions={lifecycle.transitions.filter((tr) => tr.to.includes(code))} other="from" />
    </div>
  );
}

function Moves(props: { title: string; lifecycle: Lifecycle; transitions: Lifecycle['transitions']; other: 'from' | 'to' }) {
  const { t, label, lang } = useText();
  const { name } = useMeta();
  const say = (code: string) => label(props.lifecycle.states.find((x) => x.code === code)?.label, readable(code));
  const comma = lang === 'zh' ? '、' : ', ';
  return (
    <Panel title={props.title}>
      {props.transitions.length === 0 && <p className="quiet">{t('lifecycles.none')}</p>}
      <div className={s.items}>
        {props.transitions.map((tr, i) => (
          <div key={i} className={s.item}>
            <span className={s.row}>
              <b>{label(tr.label, tr.on)}</b>
              <Pill tone={tr.kind === 'fact' ? 'info' : tr.kind === 'command' ? 'good' : 'neutral'} square>
                {t(`lifecycles.kind.${tr.kind}`)}
              </Pill>
              <span className="quiet">{props.other === 'from' ? say(tr.from) : tr.to.length ? `→ ${tr.to.map(say).join(comma)}` : t('lifecycles.stay')}</span>
            </span>
            <span className={s.sub}>
              {t('lifecycles.who')}: {tr.who.map((w) => name('roles', w)).join(comma)}
            </span>
            {tr.guard && (
              <span className={s.sub}>
                {t('lifecycles.guard')}: {label(tr.guard)}
              </span>
            )}
            {tr.after && (
              <span className={s.sub}>
                {t('lifecycles.after')}: {tr.after}
              </span>
            )}
          </div>
        ))}
      </div>
    </Panel>
  );
}
