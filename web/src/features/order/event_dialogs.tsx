import { useQuery } from '@tanstack/react-query';
import { Button, Input, Modal, Segmented, Select } from 'antd';
import { useState } from 'react';
import { rawEventQuery, sendCorrection, type Correction } from '@/api/queries';
import type { Order, TimelineItem } from '@/api/types';
import { useText } from '@/lib/i18n';
import { useLiveCache } from '@/lib/live_context';
import { useMeta } from '@/lib/meta_context';
import { fromLocalInput } from '@/lib/time';
import { Copy } from '@/ui/bits';
import { useCommands } from '@/ui/command_host';
import { FormButtons } from '@/ui/command_form';
import { Faces, useProblemText } from '@/ui/faces';
import ui from '@/ui/ui.module.css';
import s from './order.module.css';

export function RawDialog({ order, item, onClose }: { order: string; item: TimelineItem; onClose: () => void }) {
  const { t } = useText();
  const raw = useQuery(rawEventQuery(order, item.id));
  return (
    <Modal open width={640} title={t('tl.raw_title')} onCancel={onClose} footer={<Button onClick={onClose}>{t('act.close')}</Button>}>
      <Faces query={raw} rows={4}>
        {(data) => (
          <div className={ui.form}>
            <div>
              <span className="mono quiet">{item.id}</span> <Copy text={data.raw || JSON.stringify(item.data, null, 2)} />
            </div>
            {[data.raw || JSON.stringify(item.data, null, 2), ...data.wordings].map((text, i) => (
              <pre key={i} className={s.raw} tabIndex={0}>
                {text}
              </pre>
            ))}
          </div>
        )}
      </Faces>
    </Modal>
  );
}

/// What an operator knows better than a source: the event was never so, or was otherwise.
export function CorrectDialog({ order, item, onClose }: { order: Order; item: TimelineItem; onClose: () => void }) {
  const { t, label } = useText();
  const { meta } = useMeta();
  const { notice } = useCommands();
  const { applyStatus } = useLiveCache();
  const problemText = useProblemText();
  const [mode, setMode] = useState<'retract' | 'amend'>('retract');
  const [reason, setReason] = useState<string>();
  const [text, setText] = useState('');
  const [time, setTime] = useState('');
  const [data, setData] = useState(JSON.stringify(item.data ?? {}, null, 2));
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState('');
  const what = label(item.label, item.type);

  const submit = async () => {
    if (!reason) return setWrong(t('cmd.required', { field: t('correct.reason') }));
    const body: Correction = { target: item.id, retract: mode === 'retract', reason, ...(text && { text }) };
    if (mode === 'amend') {
      try {
        if (JSON.stringify(JSON.parse(data)) !== JSON.stringify(item.data ?? {})) body.data = JSON.parse(data) as Record<string, unknown>;
      } catch {
        return setWrong(t('correct.bad_json'));
      }
      if (time) body.occurred = fromLocalInput(time);
    }
    setBusy(true);
    try {
      const answer = await sendCorrection(order.id, body);
      applyStatus(answer.status);
      notice(t('cmd.accepted', { command: t('tl.correction') }), what);
      onClose();
    } catch (error) {
      const { title, detail } = problemText(error as Error);
      setWrong(`${title}. ${detail}`);
    }
    return setBusy(false);
  };
  return (
    <Modal open width={520} title={t('correct.title', { what })} onCancel={onClose} footer={<FormButtons submit={t('correct.save')} busy={busy} onCancel={onClose} onSubmit={() => void submit()} />}>
      <div className={ui.form}>
        <Segmented block value={mode} onChange={setMode} options={[{ value: 'retract', label: t('correct.retract') }, { value: 'amend', label: t('correct.amend') }]} />
        <div className={ui.field}>
          <label htmlFor="correct-reason" className={ui.required}>
            {t('correct.reason')}
          </label>
          <Select id="correct-reason" value={reason} onChange={setReason} options={(meta.words.correction_reason ?? []).map((r) => ({ value: r.code, label: label(r.label, r.code) }))} />
        </div>
        {mode === 'amend' && (
          <>
            <div className={ui.field}>
              <label htmlFor="correct-time">{t('correct.time')}</label>
              <Input id="correct-time" type="datetime-local" step="1" value={time} onChange={(e) => setTime(e.target.value)} />
              <span className={ui.hint}>{t('correct.time_hint')}</span>
            </div>
            <div className={ui.field}>
              <label htmlFor="correct-data">{t('correct.data')}</label>
              <Input.TextArea id="correct-data" rows={8} className="mono" value={data} onChange={(e) => setData(e.target.value)} spellCheck={false} />
            </div>
          </>
        )}
        <div className={ui.field}>
          <label htmlFor="correct-text">{t('correct.text')}</label>
          <Input.TextArea id="correct-text" rows={2} value={text} onChange={(e) => setText(e.target.value)} />
        </div>
        {wrong && (
          <span role="alert" className={ui.wrong}>
            {wrong}
          </span>
        )}
      </div>
    </Modal>
  );
}
