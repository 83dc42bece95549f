import { useEffect, type ReactNode } from 'react';
import s from './ui.module.css';

/// The frame of every screen: title, what is known about it, tools, content.
export function Page(props: { title: string; note?: ReactNode; tools?: ReactNode; children: ReactNode }) {
  useEffect(() => {
    document.title = `${props.title} · Cairn`;
  }, [props.title]);
  return (
    <div className={s.page}>
      <header className={s.head}>
        <h1>{props.title}</h1>
        {props.note && <span className={s.note}>{props.note}</span>}
        {props.tools && <div className={s.tools}>{props.tools}</div>}
      </header>
      <div className={s.body}>{props.children}</div>
    </div>
  );
}

export function Panel(props: { title: ReactNode; tools?: ReactNode; flush?: boolean; children: ReactNode; label?: string }) {
  return (
    <section className={s.panel} aria-label={props.label}>
      <div className={s.panelHead}>
        <h2>{props.title}</h2>
        {props.tools && <div>{props.tools}</div>}
      </div>
      <div className={`${s.panelBody} ${props.flush ? s.flush : ''}`}>{props.children}</div>
    </section>
  );
}

/// Names and values; those without a value are left out.
export function Facts({ rows }: { rows: [string, ReactNode][] }) {
  const shown = rows.filter(([, value]) => value !== undefined && value !== '' && value !== null && value !== false);
  if (shown.length === 0) return null;
  return (
    <dl className={s.facts}>
      {shown.map(([name, value]) => (
        <div key={name} style={{ display: 'contents' }}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
