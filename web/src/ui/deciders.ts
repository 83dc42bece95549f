import { useCallback } from 'react';
import { useText } from '@/lib/i18n';
import { useMeta } from '@/lib/meta_context';

interface Asked {
  approval?: string[] | undefined;
  master?: string | undefined;
}

/// Others decide before it takes effect.
export function isAsked(offer: { decided_by?: string | undefined; approval?: string[] | undefined }): boolean {
  return offer.decided_by !== 'cairn' || Boolean(offer.approval?.length);
}

/// Who is asked: the roles that must approve it, else the system that decides.
export function useDeciders(): (asked: Asked) => string {
  const { word, name } = useMeta();
  const { lang } = useText();
  return useCallback(
    ({ approval, master }) => (approval?.length ? approval.map((role) => name('roles', role)).join(lang === 'zh' ? '、' : ', ') : word('source', master)),
    [lang, name, word],
  );
}
