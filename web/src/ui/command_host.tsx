import { Button, Modal, notification } from 'antd';
import { createContext, useCallback, useContext, useMemo, useRef, useState, type ReactNode } from 'react';
import { ApiError, newKey } from '@/api/client';
import { sendCommand } from '@/api/queries';
import type { CommandAnswer, CommandOffer } from '@/api/types';
import { attributesOf } from '@/lib/attributes';
import { useText } from '@/lib/i18n';
import { useLiveCache } from '@/lib/live_context';
import { useMeta } from '@/lib/meta_context';
import { shortTime } from '@/lib/time';
import { CommandFields, dataOf, fieldsOf, FormButtons, type Draft, type FormContext } from './command_form';
import { Copy } from './bits';
import { isAsked, useDeciders } from './deciders';
import { Facts } from './page';
import { UndoButton, withOwnId } from './undo';
import s from './ui.module.css';

/// An offer of the server, or what is known of one before the order itself has been read.
export type Offer = Pick<CommandOffer, 'name' | 'label' | 'fields'> & Partial<CommandOffer>;
export interface Asked {
  order: string;
  orderNo: string;
  offer: Offer;
  draft?: Draft;
  context?: FormContext;
}

interface Commands {
  /// Shows what the command does and who decides, asks for its fields, then sends it.
  ask: (asked: Asked) => void;
  /// Sends at once; for a command whose fields are all known.
  send: (asked: Asked, data: Record<string, unknown>, key?: string) => Promise<CommandAnswer | undefined>;
  notice: (text: string, detail?: ReactNode, kind?: 'success' | 'info' | 'error' | 'warning', key?: string) => void;
}
const Context = createContext<Commands | null>(null);

export function useCommands(): Commands {
  const commands = useContext(Context);
  if (!commands) throw new Error('CommandHost is missing');
  return commands;
}

export function CommandHost({ children }: { children: ReactNode }) {
  const [api, holder] = notification.useNotification({ placement: 'bottomRight', stack: { threshold: 3 } });
  const [asked, setAsked] = useState<Asked | null>(null);
  const [result, setResult] = useState<CommandAnswer | null>(null);
  const { applyStatus } = useLiveCache();
  const { name } = useMeta();
  const deciders = useDeciders();
  const texts = useText();
  const { t, label } = texts;

  const notice = useCallback<Commands['notice']>(
    (title, description, kind = 'success', key = newKey()) => api[kind]({ key, title, description, duration: kind === 'error' ? 10 : 5, role: kind === 'error' ? 'alert' : 'status' }),
    [api],
  );

  const send = useCallback<Commands['send']>(
    async (which, data, key) => {
      const command = label(which.offer.label, which.offer.name);
      try {
        const attempt = key ?? newKey();
        const sent = withOwnId(which.offer, data, attempt);
        const answer = await sendCommand({ order: which.order, name: which.offer.name, data: sent, key: attempt });
        applyStatus(answer.status);
        const done = answer.outcome === 'requested' ? t('cmd.requested', { command, master: deciders(answer) }) : t('cmd.accepted', { command });
        const undoButton = which.offer.undo && answer.outcome === 'accepted' && (
          <UndoButton order={which.order} command={which.offer.undo} data={sent} onUndo={(offer, reverse) => { api.destroy(attempt); void send({ ...which, offer }, reverse); }} />
        );
        notice(done, <span>{which.orderNo} {undoButton}</span>, answer.outcome === 'requested' ? 'info' : 'success', attempt);
        if (answer.result) setResult(answer);
        return answer;
      } catch (error) {
        const { title, detail } = refusal(error, command, t, (codes) => codes.map((c) => name('commands', c)).join(texts.lang === 'zh' ? '、' : ', '), texts.lang);
        notice(title, detail, 'error');
        return undefined;
      }
    },
    [api, applyStatus, deciders, label, name, notice, t, texts.lang],
  );

  const value = useMemo(() => ({ ask: setAsked, send, notice }), [send, notice]);
  return (
    <Context.Provider value={value}>
      {holder}
      {children}
      {asked && <CommandDialog key={asked.order + asked.offer.name} asked={asked} onClose={() => setAsked(null)} />}
      {result && <ResultDialog answer={result} onClose={() => setResult(null)} />}
    </Context.Provider>
  );
}

function refusal(error: unknown, command: string, t: ReturnType<typeof useText>['t'], list: (codes: string[]) => string, lang: 'zh' | 'en'): { title: string; detail: string } {
  if (!(error instanceof ApiError)) return { title: t('cmd.failed', { command }), detail: String(error) };
  const { problem } = error;
  if (problem.code === 'network') return { title: t('cmd.unknown', { command }), detail: '' };
  if (problem.code === 'outcome-unknown') return { title: t('cmd.unknown', { command }), detail: '' };
  if (problem.code === 'version-mismatch') return { title: t('cmd.refused', { command }), detail: t('cmd.changed') };
  const why = problem.why?.[lang] ?? problem.detail ?? problem.title;
  const possible = problem.allowed?.length ? ` ${t('cmd.possible', { list: list(problem.allowed) })}` : '';
  return { title: t(problem.code === 'refused' ? 'cmd.refused' : 'cmd.failed', { command }), detail: why + possible };
}

function CommandDialog({ asked, onClose }: { asked: Asked; onClose: () => void }) {
  const { offer } = asked;
  const texts = useText();
  const { t, label } = texts;
  const { meta } = useMeta();
  const deciders = useDeciders();
  const context = { ...asked.context, attributes: attributesOf(meta) };
  const { send } = useCommands();
  const [draft, setDraft] = useState<Draft>({ ...defaultsOf(offer), ...asked.draft, ...offer.preset });
  const [wrong, setWrong] = useState<{ field: string; message: string }>();
  const [busy, setBusy] = useState(false);
  const key = useRef(newKey());
  const command = label(offer.label, offer.name);
  const fields = fieldsOf(offer.fields, meta.commands.find((c) => c.code === offer.name)).filter((field) => offer.preset?.[field.name] === undefined);

  const submit = async () => {
    const read = dataOf(fields, draft, context, texts);
    if ('message' in read) return setWrong(read);
    setBusy(true);
    const answer = await send(asked, { ...offer.preset, ...read.data }, key.current);
    setBusy(false);
    if (answer) onClose();
    return undefined;
  };
  const decides = offer.decided_by === undefined ? undefined : isAsked(offer) ? t('cmd.decided_by', { master: deciders({ approval: offer.approval, master: offer.decided_by }) }) : t('cmd.decided_by_cairn');
  return (
    <Modal open title={`${command} · ${asked.orderNo}`} onCancel={onClose} width={460} footer={<FormButtons submit={t('cmd.run', { command })} danger={offer.tone === 'danger'} busy={busy} onCancel={onClose} onSubmit={() => void submit()} />}>
      <form
        className={s.form}
        onSubmit={(e) => {
          e.preventDefault();
          void submit();
        }}
      >
        {offer.effect && <p>{label(offer.effect)}</p>}
        {decides && <p className={`${s.callout} ${isAsked(offer) ? s.info : s.neutral}`}>{decides}</p>}
        <CommandFields fields={fields} draft={draft} onChange={setDraft} context={context} wrong={wrong} />
        <button type="submit" hidden />
      </form>
    </Modal>
  );
}

function defaultsOf(offer: Offer): Draft {
  return Object.fromEntries(offer.fields.filter((f) => f.default !== undefined).map((f) => [f.name, f.default]));
}

/// What a command gives back once: a link, or personal data that somebody asked to see.
function ResultDialog({ answer, onClose }: { answer: CommandAnswer; onClose: () => void }) {
  const { t, lang } = useText();
  const result = answer.result ?? {};
  const url = typeof result.url === 'string' ? new URL(result.url, location.origin).href : undefined;
  const title = url ? t('cmd.result_link') : result.buyer || result.receiver ? t('cmd.result_personal') : t('cmd.result_other');
  return (
    <Modal open title={title} onCancel={onClose} width={460} footer={<Button type="primary" onClick={onClose}>{t('act.done')}</Button>}>
      {url ? (
        <div className={s.form}>
          <p>
            <a href={url} target="_blank" rel="noreferrer">
              {url}
            </a>{' '}
            <Copy text={url} />
          </p>
          {typeof result.expires_at === 'string' && <p className={s.hint}>{t('cmd.result_expires', { t: shortTime(result.expires_at, lang) })}</p>}
        </div>
      ) : (
        <Facts rows={flat(result)} />
      )}
    </Modal>
  );
}

function flat(value: Record<string, unknown>, path = ''): [string, string][] {
  return Object.entries(value).flatMap(([name, v]) =>
    v && typeof v === 'object' ? flat(v as Record<string, unknown>, `${path}${name} · `) : [[`${path}${name}`, String(v)] as [string, string]],
  );
}
