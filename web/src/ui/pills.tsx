import type { Status, Tone } from '@/api/types';
import { useText } from '@/lib/i18n';
import { useMeta } from '@/lib/meta_context';
import s from './ui.module.css';

export function Pill(props: { tone: Tone; children: React.ReactNode; dot?: boolean; square?: boolean; title?: string }) {
  return (
    <span className={`${s.pill} ${s[props.tone]} ${props.square ? s.square : ''}`} title={props.title}>
      {props.dot && <span className={s.dot} aria-hidden />}
      <span>{props.children}</span>
    </span>
  );
}

export function Dot({ tone }: { tone: Tone }) {
  return <span className={`${s.dot} ${s[tone]}`} aria-hidden />;
}

/// The headline, in the colour of its category.
export function StatePill({ status }: { status: Status }) {
  const { label } = useText();
  const { tone } = useMeta();
  return <Pill tone={tone('categories', status.category)}>{label(status.label, status.state)}</Pill>;
}

/// How the order does; with `title`, in its words and the colour of its health.
export function HealthPill({ health, title }: { health: string; title?: string }) {
  const { tone, name } = useMeta();
  return (
    <Pill tone={tone('health', health)} dot>
      {title ?? name('health', health)}
    </Pill>
  );
}

export function Badges({ codes }: { codes: string[] }) {
  const { tone, name } = useMeta();
  return codes.map((code) => (
    <Pill key={code} tone={tone('badges', code)} square>
      {name('badges', code)}
    </Pill>
  ));
}
