import { useQuery } from '@tanstack/react-query';
import { Select } from 'antd';
import { useCallback, useMemo, useState } from 'react';
import { boardQuery } from '@/api/queries';
import type { Board, BoardFilter, OrderRow } from '@/api/types';
import { useActions } from '@/lib/actions';
import { count } from '@/lib/format';
import { useText } from '@/lib/i18n';
import { useLiveScope } from '@/lib/live_context';
import { useIsPhone } from '@/lib/media';
import { useMeta } from '@/lib/meta_context';
import { useUrlState } from '@/lib/url_state';
import { useCommands } from '@/ui/command_host';
import { Empty, Faces } from '@/ui/faces';
import { Page } from '@/ui/page';
import type { Dragging } from './cell';
import { EndedLink, useEnded, type Ended } from './ended';
import { FirstRun } from './first_run';
import { Grid } from './grid';
import { Groups } from './groups';
import { PhoneBoard } from './phone_board';

const cards_per_cell = 40;
const groupings = ['shop', 'warehouse', 'supplier', 'carrier'] as const;
type Grouping = (typeof groupings)[number];

export function BoardScreen() {
  const { t, lang } = useText();
  const url = useUrlState();
  const isPhone = useIsPhone();
  const group = groupings.find((g) => g === url.get('group'));
  const value = group ? url.get(group) : '';
  const filter: BoardFilter = { limit: cards_per_cell, ...(group && value && { [group]: value }) };
  const board = useQuery(boardQuery(filter));
  const scope = group && value ? `&${group}=${encodeURIComponent(value)}` : '';
  const { query: endedCounts, ended } = useEnded(group && value ? { [group]: value } : {}, (category) => `/orders?category=${category}${scope}`);
  useLiveScope(group && value ? { [group]: value } : {});
  const setGroup = (next: string) => url.set({ group: next || undefined, ...Object.fromEntries(groupings.map((g) => [g, undefined])) });

  useActions(
    [
      { id: 'group-none', label: `${t('board.group')}: ${t('board.group.none')}`, group: 'here', run: () => setGroup('') },
      ...groupings.map((g) => ({ id: `group-${g}`, label: `${t('board.group')}: ${t(`board.group.${g}`)}`, group: 'here' as const, run: () => setGroup(g) })),
    ],
    `board-${lang}`,
  );

  return (
    <Page
      title={t('board.title')}
      note={board.data && t('board.total', { n: count(board.data.total) })}
      tools={
        <Select
          aria-label={t('board.group')}
          value={group ?? ''}
          onChange={setGroup}
          popupMatchSelectWidth={false}
          options={[{ value: '', label: `${t('board.group')}: ${t('board.group.none')}` }, ...groupings.map((g) => ({ value: g as string, label: `${t('board.group')}: ${t(`board.group.${g}`)}` }))]}
        />
      }
    >
      <Faces query={board} rows={12}>
        {(data) => {
          const content = <Content board={data} ended={ended} group={group} value={value} scope={scope} onValue={(v) => group && url.set({ [group]: v })} isPhone={isPhone} />;
          if (data.total > 0 || value) return content;
          // Nothing open: whether there has ever been an order, those that have ended say.
          return (
            <Faces query={endedCounts} isEmpty={() => ended.every((e) => e.count === 0)} empty={<FirstRun />} rows={12}>
              {() => <NothingOpen ended={ended} />}
            </Faces>
          );
        }}
      </Faces>
    </Page>
  );
}

/// All is done. The next order makes a board of it.
function NothingOpen({ ended }: { ended: Ended[] }) {
  const { t } = useText();
  return (
    <Empty title={t('board.nothing_open')} hint={t('board.empty_hint')}>
      <p style={{ display: 'flex', gap: 8 }}>
        {ended.map((e) => (
          <EndedLink key={e.category} ended={e} isTab />
        ))}
      </p>
    </Empty>
  );
}

function Content(props: { board: Board; ended: Ended[]; group: Grouping | undefined; value: string; scope: string; onValue: (value: string | undefined) => void; isPhone: boolean }) {
  const { meta } = useMeta();
  const { ask, send } = useCommands();
  const [row, setRow] = useState<OrderRow | null>(null);
  const [pending, setPending] = useState<ReadonlyMap<string, string>>(new Map());

  const onMove = useCallback(
    (moved: OrderRow, command: string, to: string) => {
      setRow(null);
      const def = meta.commands.find((c) => c.code === command);
      if (!def) return;
      const asked = { order: moved.id, orderNo: moved.status.order_no ?? moved.id, offer: { ...def, name: def.code }, context: { currency: moved.currency } };
      if (def.fields.some((f) => f.required)) return ask(asked);
      setPending((before) => new Map(before).set(moved.id, to));
      void send(asked, {}).finally(() =>
        setPending((before) => {
          const next = new Map(before);
          next.delete(moved.id);
          return next;
        }),
      );
      return undefined;
    },
    [ask, send, meta.commands],
  );
  const dragging: Dragging = { row, onDrag: setRow, onMove, pending };
  const board = useMemo(() => withPending(props.board, pending), [props.board, pending]);
  const more = (category: string, lane: string) => `/orders?category=${category}&lane=${lane}&sort=promised${props.scope}`;
  return (
    <div style={{ display: 'flex', flexDirection: 'column', height: '100%' }}>
      {props.group && <Groups group={props.group} value={props.value} onValue={props.onValue} />}
      <div style={{ flex: 1, minHeight: 0 }}>
        {props.isPhone ? <PhoneBoard board={board} ended={props.ended} dragging={dragging} more={more} /> : <Grid board={board} ended={props.ended} dragging={dragging} more={more} />}
      </div>
    </div>
  );
}

/// A card whose command is on its way already stands where it will be.
function withPending(board: Board, pending: ReadonlyMap<string, string>): Board {
  if (pending.size === 0) return board;
  const moving: OrderRow[] = [];
  const columns = board.columns.map((column) => ({
    ...column,
    lanes: Object.fromEntries(
      Object.entries(column.lanes).map(([lane, cell]) => {
        const leaves = cell.items.filter((r) => pending.has(r.id) && pending.get(r.id) !== column.category);
        moving.push(...leaves);
        return [lane, leaves.length ? { ...cell, items: cell.items.filter((r) => !leaves.includes(r)) } : cell];
      }),
    ),
  }));
  for (const column of columns)
    for (const row of moving.filter((r) => pending.get(r.id) === column.category)) {
      const cell = column.lanes[row.status.lane] ?? { count: 0, items: [] };
      column.lanes = { ...column.lanes, [row.status.lane]: { ...cell, items: [row, ...cell.items] } };
    }
  return { ...board, columns };
}
