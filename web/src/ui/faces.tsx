import { Button } from 'antd';
import { Component, type ReactNode } from 'react';
import { ApiError } from '@/api/client';
import { translate, getLanguage, useText } from '@/lib/i18n';
import s from './ui.module.css';

/// The four faces of whatever is loaded: loading, failed with a way to retry, empty, content. What was
/// loaded and cannot be read again stays, and is said to be from before.
interface Query<T> {
  data: T | undefined;
  error: Error | null;
  isPending: boolean;
  refetch: () => unknown;
}

export function Faces<T>(props: { query: Query<T>; isEmpty?: (data: T) => boolean; empty?: ReactNode; rows?: number; children: (data: T) => ReactNode }) {
  const { query } = props;
  if (query.data !== undefined)
    return (
      <>
        {props.empty && props.isEmpty?.(query.data) ? props.empty : props.children(query.data)}
        {query.error && <Stale error={query.error} onRetry={() => void query.refetch()} />}
      </>
    );
  if (query.error) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  return <Loading rows={props.rows} />;
}

export function Loading({ rows = 6 }: { rows?: number }) {
  const { t } = useText();
  return (
    <div role="status" aria-label={t('face.loading')} className={s.bones}>
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} className={s.bone} />
      ))}
    </div>
  );
}

export function Empty(props: { title: string; hint?: string; children?: ReactNode }) {
  return (
    <div className={s.face}>
      <h2>{props.title}</h2>
      {props.hint && <p>{props.hint}</p>}
      {props.children}
    </div>
  );
}

/// What went wrong, in the reader's language where the server's table has it.
export function useProblemText(): (error: Error) => { title: string; detail: string; request: string } {
  const { t, lang } = useText();
  return (error) => {
    if (!(error instanceof ApiError)) return { title: t('face.failed'), detail: error.message, request: '' };
    const { problem } = error;
    if (problem.code === 'network') return { title: t('face.failed'), detail: t('face.network'), request: '' };
    if (problem.code === 'unexpected') return { title: t('face.failed'), detail: `${t('face.unexpected')} (${problem.status})`, request: problem.request };
    return { title: (lang === 'zh' && problem.title_zh) || problem.title, detail: problem.why?.[lang] ?? problem.detail ?? '', request: problem.request };
  };
}

export function Failed({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  const { t } = useText();
  const { title, detail, request } = useProblemText()(error);
  return (
    <div className={s.face} role="alert">
      <h2>{title}</h2>
      <p>{detail}</p>
      {request && (
        <p className={s.code}>
          {t('face.request')} {request}
        </p>
      )}
      {onRetry && <Button onClick={onRetry}>{t('face.retry')}</Button>}
    </div>
  );
}

/// A lost network is said by the sign of the stream, a refused key has its form: both end by themselves.
function Stale({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const { t } = useText();
  const { title } = useProblemText()(error);
  if (error instanceof ApiError && [0, 401].includes(error.problem.status)) return null;
  return (
    <div className={s.stale} role="alert">
      <span>{t('face.stale')}</span> <b>{title}</b>
      <Button size="small" onClick={onRetry}>
        {t('face.retry')}
      </Button>
    </div>
  );
}

/// The same in one line, where the rest of the screen is good without it.
export function FailedNote({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const { t } = useText();
  const { title, detail } = useProblemText()(error);
  return (
    <div className={s.failedNote} role="alert">
      <b>{title}</b> <span>{detail}</span>
      <Button size="small" onClick={onRetry}>
        {t('face.retry')}
      </Button>
    </div>
  );
}

/// Keeps a screen that throws from taking the others with it.
export class Fence extends Component<{ children: ReactNode }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };
  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error };
  }
  override render(): ReactNode {
    const { error } = this.state;
    if (!error) return this.props.children;
    const lang = getLanguage();
    return (
      <div className={s.face} role="alert">
        <h2>{translate(lang, 'face.broken')}</h2>
        <p>{translate(lang, 'face.broken_hint')}</p>
        <p className={s.code}>{error.message}</p>
        <Button onClick={() => location.reload()}>{translate(lang, 'face.reload')}</Button>
      </div>
    );
  }
}
