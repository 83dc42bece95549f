import { useState } from 'react';
import { useText } from '@/lib/i18n';
import s from './ui.module.css';

export function Copy({ text }: { text: string }) {
  const { t } = useText();
  const [done, setDone] = useState(false);
  const copy = async () => {
    await navigator.clipboard?.writeText(text).catch(() => undefined);
    setDone(true);
    setTimeout(() => setDone(false), 1_200);
  };
  return (
    <button type="button" className={s.copy} aria-label={`${t(done ? 'act.copied' : 'act.copy')} ${text}`} title={t(done ? 'act.copied' : 'act.copy')} onClick={() => void copy()}>
      {done ? '✓' : <CopySign />}
    </button>
  );
}

function CopySign() {
  return (
    <svg width="12" height="12" viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.6" aria-hidden>
      <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
      <path d="M10.5 3V2.5A1.5 1.5 0 0 0 9 1H3.5A1.5 1.5 0 0 0 2 2.5V9a1.5 1.5 0 0 0 1.5 1.5H4" />
    </svg>
  );
}

export function Kbd({ keys }: { keys: string }) {
  return (
    <span className="nowrap">
      {keys.split(' ').map((key, i) => (
        <kbd key={i} className={s.kbd}>
          {key}
        </kbd>
      ))}
    </span>
  );
}

/// Shares of a whole, such as shipped and delivered of ordered.
export function Shares({ of, parts, label }: { of: number; parts: { value: number; color: string }[]; label: string }) {
  let x = 0;
  return (
    <div className={s.bar} role="img" aria-label={label}>
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden>
        {parts.map((part, i) => {
          const width = of > 0 ? Math.min(100 - x, (part.value / of) * 100) : 0;
          const rect = <rect key={i} x={x} y="0" width={width} height="6" fill={part.color} />;
          x += width;
          return rect;
        })}
      </svg>
    </div>
  );
}
