import { useMutation } from '@tanstack/react-query';
import { Button, Dropdown, Modal } from 'antd';
import { useState } from 'react';
import { Link } from 'react-router';
import { sendBulk } from '@/api/queries';
import type { BulkAnswer, CommandDef, OrderRow } from '@/api/types';
import { useText } from '@/lib/i18n';
import { useLiveCache } from '@/lib/live_context';
import { useMeta } from '@/lib/meta_context';
import { CommandFields, dataOf, FormButtons, type Draft } from '@/ui/command_form';
import { useProblemText } from '@/ui/faces';
import { Pill } from '@/ui/pills';
import s from './orders.module.css';

export function BulkBar({ chosen, onClear }: { chosen: OrderRow[]; onClear: () => void }) {
  const { t, label } = useText();
  const { meta } = useMeta();
  const [command, setCommand] = useState<CommandDef | null>(null);
  const items = meta.commands.filter((c) => c.bulk).map((c) => ({ key: c.code, label: label(c.label, c.code), danger: c.tone === 'danger' }));
  return (
    <div className={s.bulk} role="region" aria-label={t('orders.bulk')}>
      <b>{t('orders.selected', { n: chosen.length })}</b>
      <Dropdown trigger={['click']} menu={{ items, onClick: ({ key }) => setCommand(meta.commands.find((c) => c.code === key) ?? null) }}>
        <Button type="primary" size="small">
          {t('orders.bulk')}
        </Button>
      </Dropdown>
      <Button size="small" onClick={onClear}>
        {t('act.clear')}
      </Button>
      {command && <BulkDialog command={command} chosen={chosen} onClose={() => setCommand(null)} />}
    </div>
  );
}

function BulkDialog({ command, chosen, onClose }: { command: CommandDef; chosen: OrderRow[]; onClose: () => void }) {
  const texts = useText();
  const { t, label } = texts;
  const { applyStatus } = useLiveCache();
  const problemText = useProblemText();
  const [draft, setDraft] = useState<Draft>({});
  const [wrong, setWrong] = useState<{ field: string; message: string }>();
  const context = { currency: chosen[0]?.currency };
  const run = useMutation({
    mutationFn: (data: Record<string, unknown>) => sendBulk(chosen.map((row) => row.id), command.code, data),
    onSuccess: (answer) => answer.results.forEach((r) => r.status && applyStatus(r.status)),
  });
  const submit = () => {
    const read = dataOf(command.fields, draft, context, texts);
    if ('message' in read) setWrong(read);
    else run.mutate(read.data);
  };
  const name = label(command.label, command.code);
  return (
    <Modal
      open
      width={520}
      title={t('orders.bulk_title', { command: name, n: chosen.length })}
      onCancel={onClose}
      footer={
        run.data ? (
          <Button type="primary" onClick={onClose}>
            {t('act.done')}
          </Button>
        ) : (
          <FormButtons submit={t('orders.bulk_run', { n: chosen.length })} danger={command.tone === 'danger'} busy={run.isPending} onCancel={onClose} onSubmit={submit} />
        )
      }
    >
      {run.data ? (
        <Results answer={run.data} chosen={chosen} />
      ) : (
        <div className={s.wide}>
          {command.effect && <p>{label(command.effect)}</p>}
          <CommandFields fields={command.fields} draft={draft} onChange={setDraft} context={context} wrong={wrong} />
          {run.error && <p role="alert">{problemText(run.error).detail}</p>}
        </div>
      )}
    </Modal>
  );
}

const outcomes = ['refused', 'requested', 'accepted'] as const;
const outcomeTones = { refused: 'bad', requested: 'info', accepted: 'good' } as const;

/// Every order with what became of it, those first that need a look.
function Results({ answer, chosen }: { answer: BulkAnswer; chosen: OrderRow[] }) {
  const { t, lang, label } = useText();
  const numbers = new Map(chosen.map((row) => [row.id, row.status.order_no ?? row.id]));
  const rows = outcomes.flatMap((outcome) => answer.results.filter((r) => r.outcome === outcome));
  const becameOf = (r: BulkAnswer['results'][number]) => r.problem?.why?.[lang] ?? r.problem?.detail ?? r.problem?.title ?? label(r.status?.label, r.status?.state);
  return (
    <div className={s.wide}>
      <p role="status">{t('orders.bulk_result', { ok: answer.accepted, asked: answer.requested, no: answer.refused })}</p>
      <ul className={s.results} aria-label={t('orders.bulk_results')} tabIndex={0}>
        {rows.map((r) => (
          <li key={r.index} className={s.result}>
            <Pill tone={outcomeTones[r.outcome]} square>
              {t(`orders.bulk_outcome.${r.outcome}`)}
            </Pill>
            <Link to={`/orders/${r.order}`}>{numbers.get(r.order) ?? r.order}</Link>
            <span>{becameOf(r)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
