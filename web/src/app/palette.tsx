import { useEffect, useId, useMemo, useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import { useAllActions, type Action } from '@/lib/actions';
import { useText } from '@/lib/i18n';
import { Kbd } from '@/ui/bits';
import s from './shell.module.css';

/// Ctrl-K: everything that can be done here, and any number that can be looked up.
export function Palette({ onClose }: { onClose: () => void }) {
  const { t } = useText();
  const actions = useAllActions();
  const navigate = useNavigate();
  const [q, setQ] = useState('');
  const [at, setAt] = useState(0);
  const id = useId();
  const before = useRef(document.activeElement);
  useEffect(() => () => (before.current instanceof HTMLElement ? before.current.focus() : undefined), []);

  const shown = useMemo(() => {
    const words = q.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const hits = actions.filter((a) => words.every((w) => `${a.label} ${a.hint ?? ''}`.toLowerCase().includes(w)));
    const sorted = [...hits.filter((a) => a.group === 'here'), ...hits.filter((a) => a.group === 'go')];
    const find: Action = { id: 'find', label: t('palette.find_order', { q: q.trim() }), group: 'go', run: () => void navigate(`/orders?q=${encodeURIComponent(q.trim())}`) };
    return q.trim() ? [...sorted, find] : sorted;
  }, [actions, q, t, navigate]);

  const pick = Math.min(at, shown.length - 1);
  const run = (action: Action | undefined) => {
    if (!action) return;
    onClose();
    action.run();
  };
  const onKey = (event: React.KeyboardEvent) => {
    if (event.key === 'Escape') onClose();
    else if (event.key === 'ArrowDown') setAt((pick + 1) % shown.length);
    else if (event.key === 'ArrowUp') setAt((pick - 1 + shown.length) % shown.length);
    else if (event.key === 'Enter' && !event.nativeEvent.isComposing) run(shown[pick]);
    else if (event.key !== 'Tab') return;
    event.preventDefault();
  };

  return (
    <div className={s.palette} onMouseDown={(e) => e.target === e.currentTarget && onClose()}>
      <div className={s.box} role="dialog" aria-modal aria-label={t('palette.title')}>
        <input
          role="combobox"
          aria-expanded
          aria-controls={id}
          aria-activedescendant={shown[pick] ? `${id}-${pick}` : undefined}
          aria-label={t('palette.placeholder')}
          placeholder={t('palette.placeholder')}
          value={q}
          autoFocus
          onChange={(e) => {
            setQ(e.target.value);
            setAt(0);
          }}
          onKeyDown={onKey}
        />
        <div className={s.options} role="listbox" id={id} aria-label={t('palette.title')}>
          {shown.map((action, i) => (
            <div
              key={action.id}
              id={`${id}-${i}`}
              role="option"
              aria-selected={i === pick}
              className={s.option}
              onMouseEnter={() => setAt(i)}
              onMouseDown={(e) => e.preventDefault()}
              onClick={() => run(action)}
              ref={i === pick ? (el) => el?.scrollIntoView?.({ block: 'nearest' }) : undefined}
            >
              <span>{action.label}</span>
              <span>{action.shortcut ? <Kbd keys={action.shortcut} /> : (action.hint ?? t(action.group === 'go' ? 'palette.go' : 'palette.here'))}</span>
            </div>
          ))}
          {shown.length === 0 && <div className={s.nothing}>{t('palette.none')}</div>}
        </div>
      </div>
    </div>
  );
}
