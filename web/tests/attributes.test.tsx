import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it } from 'vitest';
import type { Meta, OrderRow } from '@/api/types';
import { attributeColumns, csvColumns } from '@/features/orders/columns';
import { toCsv } from '@/lib/csv';
import { expectAccessible, find, open, World } from './support';

const lines = [{ id: '1', name: 'Tent', quantity: 1, attributes: { inspection_level: 'full', colour: 'red' } }];

describe('attributes', () => {
  it('say their values in words on the page of an order, those of its lines and its history too', async () => {
    const world = new World({ orders: 0 });
    const order = world.place({ order_no: 'SY-3', shop: 'shanye', lines, attributes: { invoice_type: 'none', member_level: 'none', blob: [1] } });
    world.tell(order, 'attributes_set', { attributes: { invoice_type: 'paper', member_level: 'gold' } });
    order.attributes.invoice_type = 'none';
    open(`/orders/${order.id}`, { world });
    const panel = await screen.findByRole('region', { name: 'Attributes' });
    expect(panel).toHaveTextContent('Invoice typeNo invoice');
    expect(panel).toHaveTextContent('blob[1]');
    expect(screen.getByText('Inspection level: Every piece · colour: red')).toBeVisible();
    expect(await screen.findByText(/Invoice type: Paper, Member level: gold/)).toBeVisible();
  });

  it('are said in Chinese as well', async () => {
    const world = new World({ orders: 0 });
    const order = world.place({ order_no: 'SY-3', shop: 'shanye', lines, attributes: { invoice_type: 'none' } });
    open(`/orders/${order.id}`, { world, lang: 'zh' });
    expect(await screen.findByRole('region', { name: '属性' })).toHaveTextContent('发票类型不开票');
  });

  it('are said in the list, which can be narrowed by them', async () => {
    const user = userEvent.setup();
    const { asked } = open('/orders?columns=order_no,attribute.invoice_type');
    const table = await screen.findByRole('table', { name: 'Orders' });
    expect((await within(table).findAllByText('No invoice')).length).toBeGreaterThan(0);
    await user.click(screen.getByRole('button', { name: /More filters/ }));
    await user.click(await screen.findByRole('combobox', { name: 'Attribute' }));
    await user.click(await screen.findByTitle('Invoice type: Paper'));
    await waitFor(() => expect(new URLSearchParams(location.search).get('attribute')).toBe('invoice_type:paper'));
    await waitFor(() => expect(within(screen.getByRole('table', { name: 'Orders' })).queryByText('No invoice')).toBeNull());
    expect((await screen.findAllByText('Paper')).length).toBeGreaterThan(0);
    expect(asked.some((r) => new URL(r.url).searchParams.get('attribute') === 'invoice_type:paper')).toBe(true);
    const orders = asked.map((r) => new URL(r.url)).filter((u) => u.pathname.startsWith('/v1/orders'));
    expect(orders.filter((u) => u.searchParams.get('attributes') === 'invoice_type').length).toBeGreaterThan(0);
    expect(orders.filter((u) => u.pathname !== '/v1/orders'), 'no order is read by itself').toEqual([]);
  });

  it('keep their bare values in an export', () => {
    const meta = { attribute_sets: [{ levels: ['order'], label: {}, schema: { properties: { invoice_type: { title: '发票类型', enum: ['none'], 'x-options': { none: { zh: '不开票', en: 'No invoice' } } } } } }] };
    const text = toCsv(csvColumns(attributeColumns(meta as unknown as Meta, 'zh')), [{ attributes: { invoice_type: 'none' } }] as unknown as OrderRow[]);
    expect(text).toContain('发票类型');
    expect(text).toContain('none');
    expect(text).not.toContain('不开票');
  });

  it('are chosen from words in a form, which sends the bare value; an empty one is taken away', { timeout: 20_000 }, async () => {
    const user = userEvent.setup();
    const world = new World({ orders: 80 });
    const order = find(world, (o) => o.state === 'paid');
    order.attributes = { member_level: 'gold' };
    const { asked } = open(`/orders/${order.id}`, { world });
    await user.click(await screen.findByRole('button', { name: /^More ▾/ }));
    await user.click(await screen.findByRole('menuitem', { name: 'Set attributes' }));
    const dialog = await screen.findByRole('dialog', { name: new RegExp(order.order_no) });
    expect(within(dialog).queryByRole('textbox', { name: 'Level' })).toBeNull();
    const add = () => within(dialog).getByRole('combobox', { name: 'Choose an attribute to set…' });
    await user.click(add());
    await user.click(await screen.findByTitle('Invoice type'));
    await user.click(within(dialog).getByRole('combobox', { name: 'Invoice type' }));
    await user.click(await screen.findByTitle('Paper'));
    await user.click(add());
    await user.click(await screen.findByTitle('Member level'));
    await expectAccessible(dialog);
    await user.click(within(dialog).getByRole('button', { name: 'Set attributes' }));
    await waitFor(() => expect(order.attributes).toEqual({ invoice_type: 'paper' }));
    const sent = asked.find((r) => r.url.includes('/commands/set_attributes'));
    expect(await sent?.json()).toEqual({ attributes: { invoice_type: 'paper', member_level: null } });
  });
});

describe('fields of a command', () => {
  it('that the definitions call seldom used are shown when asked for, whatever their names', async () => {
    const user = userEvent.setup();
    const world = new World({ orders: 80 });
    const order = find(world, (o) => o.state === 'paid');
    const fields = [
      { name: 'text', type: 'text', required: false },
      { name: 'carrier', type: 'text', required: false, seldom: true },
      { name: 'case_id', type: 'text', required: false },
      { name: 'number', type: 'text', required: true, seldom: true },
    ];
    open(`/orders/${order.id}`, {
      world,
      answer: async (request, otherwise) => {
        const answer = await otherwise(request);
        if (!request.url.endsWith('/v1/meta') && !new URL(request.url).pathname.endsWith(order.id)) return answer;
        const body = (await answer.json()) as { commands: { name?: string; code?: string; fields: unknown[] }[] };
        for (const command of body.commands) if ((command.name ?? command.code) === 'hold_order') command.fields = fields;
        return Response.json(body);
      },
    });
    await user.click(await screen.findByRole('button', { name: 'Hold' }));
    const dialog = await screen.findByRole('dialog', { name: new RegExp(order.order_no) });
    const names = () => within(dialog).getAllByRole('textbox').map((input) => input.id && dialog.querySelector(`label[for="${CSS.escape(input.id)}"]`)?.textContent);
    expect(names()).toHaveLength(3);
    expect(within(dialog).queryByRole('textbox', { name: 'Carrier' })).toBeNull();
    await user.click(within(dialog).getByRole('button', { name: 'More fields (1)' }));
    expect(within(dialog).getByRole('textbox', { name: 'Carrier' })).toBeVisible();
    expect(names()).toHaveLength(4);
  });
});
