import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import type { Field, Order } from '@/api/types';
import { undoData, withOwnId } from '@/ui/undo';
import { open, World } from './support';

const fields = (...names: string[]): Field[] => names.map((name) => ({ name, type: 'text', seldom: false, required: ['tag', 'reference'].includes(name) }));

describe('what is sent to take back', () => {
  it('names what was done and leaves out what was said about it', () => {
    expect(undoData(fields('tag'), { tag: 'vip' })).toEqual({ tag: 'vip' });
    expect(undoData(fields('hold_id', 'reason', 'text'), { hold_id: 'h', reason: 'r', text: 't' })).toEqual({ hold_id: 'h' });
    expect(undoData(fields('package', 'number', 'carrier', 'direction', 'parts'), { number: '7', carrier: 'zto', parts: [] })).toEqual({ number: '7', carrier: 'zto' });
    expect(undoData(fields('reference'), { reference: { value: 'x' } })).toEqual({ reference: { value: 'x' } });
    expect(undoData(fields('reason'), { reason: 'r' })).toEqual({});
  });

  it('is nothing where the reverse would mean more than what was done', () => {
    expect(undoData(fields('package', 'number', 'carrier'), { carrier: 'zto' })).toBeUndefined();
    expect(undoData(fields('hold_id', 'reason'), { reason: 'r' })).toBeUndefined();
    expect(undoData(fields('reference'), {})).toBeUndefined();
    expect(undoData([{ name: 'until', type: 'moment', seldom: false, required: true }], { until: 'u' })).toBeUndefined();
  });

  it('is known because what is made has an id of ours, the same at each attempt', () => {
    expect(withOwnId({ fields: fields('hold_id', 'reason'), undo: 'release_hold' }, { reason: 'r' }, 'k')).toEqual({ hold_id: 'k', reason: 'r' });
    expect(withOwnId({ fields: fields('hold_id'), undo: 'release_hold' }, { hold_id: 'mine' }, 'k')).toEqual({ hold_id: 'mine' });
    expect(withOwnId({ fields: fields('hold_id') }, {}, 'k')).toEqual({});
    expect(withOwnId({ fields: fields('tag'), undo: 'remove_tag' }, { tag: 'vip' }, 'k')).toEqual({ tag: 'vip' });
  });
});

describe('the button that takes back', () => {
  for (const allowed of [true, false])
    it(allowed ? 'is there while the order allows the reverse' : 'is not there where the order does not', async () => {
      const user = userEvent.setup();
      const world = new World({ orders: 0 });
      const order = world.place({ order_no: 'SY-9', shop: 'shanye', lines: [{ id: '1', name: 'Tent', quantity: 1 }] });
      open(`/orders/${order.id}`, {
        world,
        answer: async (request, otherwise) => {
          const answer = await otherwise(request);
          if (new URL(request.url).pathname !== `/v1/orders/${order.id}`) return answer;
          const read = (await answer.json()) as Order;
          return Response.json({ ...read, commands: read.commands.map((c) => (c.name === 'remove_tag' ? { ...c, allowed } : c)) });
        },
      });
      await user.click(await screen.findByRole('button', { name: 'Add tag' }));
      const dialog = await screen.findByRole('dialog');
      await user.type(within(dialog).getByRole('textbox', { name: 'Tag' }), 'vip');
      await user.click(within(dialog).getByRole('button', { name: 'Add tag' }));
      const done = await screen.findByText('Add tag: done');
      if (allowed) return expect(await screen.findByRole('button', { name: 'Undo' })).toBeVisible();
      await waitFor(() => expect(screen.getAllByText('vip').length).toBeGreaterThan(0));
      expect(done).toBeVisible();
      return expect(screen.queryByRole('button', { name: 'Undo' })).toBeNull();
    });
});
