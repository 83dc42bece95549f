import { useEffect, useRef } from 'react';
import { useAllActions } from '@/lib/actions';

const sequence_ms = 900;

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));
}

/// Listens for Ctrl-K and for the shortcuts of all actions on the screen.
export function useShortcuts(togglePalette: () => void, isPaletteOpen: boolean): void {
  const actions = useAllActions();
  const state = useRef({ actions, togglePalette, isPaletteOpen, before: '', at: 0 });
  Object.assign(state.current, { actions, togglePalette, isPaletteOpen });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const now = state.current;
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        now.togglePalette();
        return;
      }
      const isDialogOpen = document.querySelector('[role="dialog"]') !== null;
      if (event.ctrlKey || event.metaKey || event.altKey || now.isPaletteOpen || isDialogOpen || isTyping(event.target)) return;
      const keys = event.timeStamp - now.at < sequence_ms && now.before ? `${now.before} ${event.key}` : event.key;
      const action = now.actions.find((a) => a.shortcut === keys) ?? now.actions.find((a) => a.shortcut === event.key);
      now.before = event.key;
      now.at = event.timeStamp;
      if (!action) return;
      event.preventDefault();
      now.before = '';
      action.run();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}
