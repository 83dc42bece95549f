import { Button, Checkbox, Dropdown, Input, Modal, Popover } from 'antd';
import { useState } from 'react';
import { call, client } from '@/api/client';
import { attributes_max } from '@/api/queries';
import type { OrderFilter, OrderRow } from '@/api/types';
import { saveFile, toCsv } from '@/lib/csv';
import { count } from '@/lib/format';
import { useText } from '@/lib/i18n';
import { useStored } from '@/lib/stored';
import type { UrlState } from '@/lib/url_state';
import { useCommands } from '@/ui/command_host';
import { useProblemText } from '@/ui/faces';
import { csvColumns, isAttribute, type OrderColumn } from './columns';
import { filterNames } from './filters';
import s from './orders.module.css';

const numbers_max = 200;
const export_max = 50_000;
export function PasteButton({ url }: { url: UrlState }) {
  const { t } = useText();
  const [isOpen, setIsOpen] = useState(false);
  const [text, setText] = useState('');
  const numbers = [...new Set(text.split(/[\s,，、;；]+/).filter(Boolean))];
  const find = () => {
    url.set({ ...Object.fromEntries(filterNames.map((n) => [n, undefined])), numbers: numbers.slice(0, numbers_max).join(',') });
    setIsOpen(false);
  };
  return (
    <>
      <Button onClick={() => setIsOpen(true)}>{t('orders.paste')}</Button>
      <Modal open={isOpen} title={t('orders.paste_title')} onCancel={() => setIsOpen(false)} okText={t('orders.paste_find', { n: Math.min(numbers.length, numbers_max) })} okButtonProps={{ disabled: numbers.length === 0 }} onOk={find} destroyOnHidden>
        <div className={s.wide}>
          <label htmlFor="numbers" className="quiet">
            {t('orders.paste_hint')}
          </label>
          <Input.TextArea id="numbers" rows={9} className="mono" value={text} onChange={(e) => setText(e.target.value)} autoFocus />
          {numbers.length > numbers_max && <p role="alert">{t('orders.paste_too_many')}</p>}
        </div>
      </Modal>
    </>
  );
}

/// All rows that match, not only those on the screen, as a file for spreadsheets.
export function ExportButton({ filter, columns }: { filter: OrderFilter; columns: OrderColumn[] }) {
  const { t } = useText();
  const { notice } = useCommands();
  const problemText = useProblemText();
  const [done, setDone] = useState<number>();
  const run = async () => {
    const rows: OrderRow[] = [];
    let isCut = false;
    let total: number | undefined;
    try {
      for (let cursor: string | undefined = ''; cursor !== undefined && rows.length < export_max; ) {
        const page: { items: OrderRow[]; next_cursor?: string; total?: number } = await call(client.GET('/v1/orders', { params: { query: { ...filter, limit: 200, ...(cursor && { cursor }) } } }));
        rows.push(...page.items);
        setDone(rows.length);
        cursor = page.next_cursor;
        isCut = cursor !== undefined;
        total ??= page.total;
      }
      saveFile(`orders-${new Date().toISOString().slice(0, 10)}${isCut ? `-first-${rows.length}` : ''}.csv`, toCsv(csvColumns(columns), rows), 'text/csv;charset=utf-8');
      if (isCut) notice(t('orders.export_cut', { n: count(rows.length) }), t('orders.export_cut_hint', { of: total === undefined ? '' : count(total) }), 'warning');
    } catch (error) {
      const { title, detail } = problemText(error as Error);
      notice(title, detail, 'error');
    }
    setDone(undefined);
  };
  return (
    <Button loading={done !== undefined} onClick={() => void run()}>
      {done === undefined ? t('orders.export') : t('orders.exporting', { n: done })}
    </Button>
  );
}

export function ColumnsButton({ all, chosen, onChange }: { all: OrderColumn[]; chosen: string[]; onChange: (ids: string[]) => void }) {
  const { t } = useText();
  const data = all.filter(isAttribute);
  const isFull = data.filter(({ id }) => chosen.includes(id)).length >= attributes_max;
  const box = (column: OrderColumn) => (
    <Checkbox key={column.id} checked={chosen.includes(column.id)} disabled={column.id === 'order_no' || (isFull && isAttribute(column) && !chosen.includes(column.id))} onChange={(e) => onChange(e.target.checked ? [...chosen, column.id] : chosen.filter((id) => id !== column.id))}>
      {column.title}
    </Checkbox>
  );
  return (
    <Popover
      trigger="click"
      placement="bottomRight"
      content={
        <div className={s.columns}>
          {all.filter((c) => !data.includes(c)).map(box)}
          {data.length > 0 && <h3>{t('orders.columns_data')}</h3>}
          {data.map(box)}
          {isFull && <p className="quiet">{t('orders.columns_full', { n: attributes_max })}</p>}
        </div>
      }
    >
      <Button>{t('orders.columns')}</Button>
    </Popover>
  );
}

interface SavedView {
  name: string;
  search: string;
}

/// Views are kept in this browser: a name for a URL.
export function ViewsButton({ url }: { url: UrlState }) {
  const { t } = useText();
  const [views, setViews] = useStored<SavedView[]>('cairn.views', []);
  const [naming, setNaming] = useState<string>();
  const items = [
    ...views.map((view, i) => ({ key: String(i), label: view.name })),
    ...(views.length ? [{ type: 'divider' as const }] : []),
    { key: 'save', label: t('orders.view_save') },
  ];
  const open = (key: string) => {
    if (key === 'save') return setNaming('');
    const params = new URLSearchParams(views[Number(key)]?.search);
    return url.set(Object.fromEntries([...filterNames, 'columns'].map((n) => [n, params.get(n) ?? undefined])));
  };
  const save = () => {
    if (!naming?.trim()) return;
    setViews([...views.filter((v) => v.name !== naming.trim()), { name: naming.trim(), search: url.all.toString() }]);
    setNaming(undefined);
  };
  return (
    <>
      <Dropdown trigger={['click']} menu={{ items, onClick: ({ key }) => open(key) }}>
        <Button>{t('orders.views')}</Button>
      </Dropdown>
      <Modal open={naming !== undefined} title={t('orders.view_save')} onCancel={() => setNaming(undefined)} onOk={save} okButtonProps={{ disabled: !naming?.trim() }} width={360}>
        <Input aria-label={t('orders.view_name')} placeholder={t('orders.view_name')} value={naming ?? ''} onChange={(e) => setNaming(e.target.value)} onPressEnter={save} />
      </Modal>
    </>
  );
}
