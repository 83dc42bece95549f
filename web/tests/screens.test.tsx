import { act, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { describe, expect, it, vi } from 'vitest';
import type { OrderPage } from '@/api/types';
import { setLanguage } from '@/lib/i18n';
import { expectAccessible, find, open, problem, World } from './support';

describe('board', () => {
  it('shows lanes, categories and cards, and is accessible', async () => {
    const { container, world } = open('/');
    expect(await screen.findByRole('heading', { name: 'Board' })).toBeVisible();
    const overdue = await screen.findByRole('group', { name: /^Overdue, \d+ orders$/ });
    expect(within(overdue).getAllByRole('group').length).toBeGreaterThan(4);
    const late = (await screen.findAllByRole('article'))[0]!;
    expect(within(late).getByRole('link', { name: /^Open order / })).toHaveAttribute('href', expect.stringMatching(/^\/orders\/\w{16}$/));
    expect(world.orders.size).toBeGreaterThan(30);
    await expectAccessible(container);
  });

  it('moves a card when the stream says so, without asking for the board again', async () => {
    const world = new World({ orders: 0 });
    world.place({ order_no: 'SY-1', shop: 'shanye', lines: [{ id: '1', name: 'Tent', quantity: 1 }] });
    const { asked } = open('/', { world });
    const card = await screen.findByRole('article', { name: 'SY-1' });
    expect(card.closest('[role=group]')).toHaveAccessibleName(/^Unconfirmed · /);
    const boards = () => asked.filter((r) => new URL(r.url).pathname === '/v1/board').length;
    const before = boards();
    act(() => void world.tell(find(world, () => true), 'payment_received', { payment_id: 'p', amount: 1, in_full: true }, { source: 'shop-api', role: 'source' }));
    await waitFor(() => expect(screen.getByRole('article', { name: 'SY-1' }).closest('[role=group]')).toHaveAccessibleName(/^Ready · /));
    expect(boards()).toBe(before);
  });

  it('offers three ways to begin when there is nothing', async () => {
    const { container } = open('/', { world: new World({ orders: 0 }), lang: 'zh' });
    for (const name of ['导入表格', '看演示', '接入系统']) expect(await screen.findByRole('heading', { name: new RegExp(name) })).toBeVisible();
    await expectAccessible(container);
  });

  it('says why an order cannot be moved, and does what the menu says where it can', async () => {
    const user = userEvent.setup();
    const world = new World({ orders: 0 });
    const order = world.place({ order_no: 'SY-2', shop: 'shanye', lines: [{ id: '1', name: 'Tent', quantity: 1 }] });
    world.tell(order, 'payment_received', { payment_id: 'p', amount: 1, in_full: true }, { source: 'shop-api', role: 'source' });
    open('/', { world });
    await user.click(await screen.findByRole('button', { name: 'Move to… SY-2' }));
    const menu = await screen.findByRole('menu');
    const refused = within(menu).getAllByRole('menuitem').filter((item) => item.getAttribute('aria-disabled') === 'true');
    for (const item of refused) expect(item).toHaveAttribute('title', expect.stringMatching(/\w/));
    await user.click(within(menu).getByRole('menuitem', { name: /Preparing/ }));
    await waitFor(() => expect(order.state).toBe('preparing'));
    await waitFor(() => expect(screen.getByRole('article', { name: 'SY-2' }).closest('[role=group]')).toHaveAccessibleName(/^Preparing · /));
  });

  it('follows only what it is narrowed to, by one stream', async () => {
    const { asked } = open('/?group=shop&shop=shanye');
    await screen.findByRole('group', { name: /^Overdue, \d+ orders$/ });
    await waitFor(() => expect(screen.getByText('Live', { selector: '[role=status] span' })).toBeVisible());
    const streams = asked.filter((r) => new URL(r.url).pathname === '/v1/live');
    expect(new URL(streams.at(-1)!.url).searchParams.get('shop')).toBe('shanye');
    expect(streams.length).toBeLessThan(4);
  });

  it('can be grouped, and the URL keeps it', async () => {
    const user = userEvent.setup();
    open('/?group=shop');
    const groups = await screen.findByRole('group', { name: 'Group by' });
    const chip = (await within(groups).findAllByRole('button'))[0]!;
    await user.click(chip);
    expect(new URLSearchParams(location.search).get('shop')).toBeTruthy();
    await waitFor(() => expect(within(groups).getByRole('button', { pressed: true })).toBeVisible());
  });
});

describe('orders', () => {
  it('lists orders, filters them by what is typed and keeps that in the URL', async () => {
    const user = userEvent.setup();
    const { container, world } = open('/orders');
    const table = await screen.findByRole('table', { name: 'Orders' });
    expect(within(table).getAllByRole('row').length).toBeGreaterThan(10);
    await expectAccessible(container);
    const wanted = find(world, () => true).order_no;
    await user.type(screen.getByRole('textbox', { name: 'Number, customer, goods …' }), wanted);
    await waitFor(() => expect(location.search).toContain(`q=${wanted}`));
    await waitFor(() => expect(within(screen.getByRole('table', { name: 'Orders' })).getAllByRole('row')).toHaveLength(2));
  });

  it('looks up pasted numbers and names those that are unknown', async () => {
    const user = userEvent.setup();
    const { world } = open('/orders');
    await user.click(await screen.findByRole('button', { name: 'Paste numbers' }));
    await user.click(await screen.findByRole('textbox', { name: /Up to 200/ }));
    await user.paste(`${find(world, () => true).order_no}\nNOT-THERE-1，NOT-THERE-2`);
    await user.click(screen.getByRole('button', { name: 'Find 3' }));
    expect(await screen.findByText('2 not found')).toBeVisible();
  });

  it('runs a command on many and gives a result for each', async () => {
    const user = userEvent.setup();
    open('/orders', {
      answer: async (request, otherwise) => {
        if (new URL(request.url).pathname !== '/v1/commands') return otherwise(request);
        const { items } = (await request.json()) as { items: { order: string }[] };
        const results = items.map(({ order }, index) => (index === 0 ? { index, order, outcome: 'refused', problem: { type: 'x', code: 'refused', title: 'Refused', status: 409, request: 'r', detail: 'it is closed' } } : { index, order, outcome: index === 1 ? 'requested' : 'accepted' }));
        return Response.json({ results, accepted: items.length - 2, requested: 1, refused: 1, position: '9' });
      },
    });
    const table = await screen.findByRole('table', { name: 'Orders' });
    for (const box of within(table).getAllByRole('checkbox', { name: /^Select \w+-/ }).slice(0, 3)) await user.click(box);
    expect(screen.getByText('3 selected')).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Bulk command' }));
    await user.click(await screen.findByRole('menuitem', { name: 'Add tag' }));
    const dialog = await screen.findByRole('dialog');
    await user.type(within(dialog).getByRole('textbox', { name: 'Tag' }), 'vip');
    await user.click(within(dialog).getByRole('button', { name: 'Run on 3 orders' }));
    expect(await within(dialog).findByText('1 done, 1 passed on, 1 refused')).toBeVisible();
    expect(within(dialog).getByText('it is closed')).toBeVisible();
    const became = within(within(dialog).getByRole('list', { name: 'What became of each order' })).getAllByRole('listitem');
    expect(became.map((row) => row.firstElementChild?.textContent)).toEqual(['Refused', 'Passed on', 'Done']);
  });

  it('says that an export was cut, and of how many', async () => {
    const saved: string[] = [];
    Object.assign(URL, { createObjectURL: () => 'blob:x', revokeObjectURL: () => undefined });
    vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
      saved.push(this.download);
    });
    const world = new World({ orders: 1 });
    open('/orders', {
      world,
      answer: async (request, otherwise) => {
        const url = new URL(request.url);
        if (url.pathname !== '/v1/orders' || url.searchParams.get('limit') !== '200') return otherwise(request);
        url.searchParams.delete('cursor');
        const page = (await (await otherwise(new Request(url))).json()) as OrderPage;
        return Response.json({ ...page, items: Array.from({ length: 10_000 }, () => page.items[0]), next_cursor: 'more', total: 60_000 });
      },
    });
    await userEvent.click(await screen.findByRole('button', { name: 'Export' }));
    const cut = await screen.findByText('The file holds the first 50,000 orders only', {}, { timeout: 30_000 });
    expect(cut).toBeVisible();
    expect(screen.getByText(/^Of 60,000 that match/)).toBeVisible();
    expect(saved[0]).toMatch(/^orders-[\d-]+-first-50000\.csv$/);
  }, 40_000);

  it('says that there is something new instead of moving the list', async () => {
    const world = new World({ orders: 5 });
    open('/orders', { world });
    await screen.findByRole('table', { name: 'Orders' });
    act(() => void world.place({ order_no: 'NEW-1', shop: 'shanye', lines: [] }));
    expect(await screen.findByRole('button', { name: 'New orders: 1, refresh' })).toBeVisible();
    expect(screen.queryByRole('link', { name: 'NEW-1' })).toBeNull();
    await userEvent.click(screen.getByRole('button', { name: 'New orders: 1, refresh' }));
    expect(await screen.findByRole('link', { name: 'NEW-1' })).toBeVisible();
  });
});

describe('order', () => {
  it('shows what it is, what can be done, and what happened', async () => {
    const world = new World({ orders: 80 });
    const order = find(world, (o) => o.state === 'shipped');
    const { container } = open(`/orders/${order.id}`, { world });
    expect(await screen.findByRole('heading', { level: 1, name: new RegExp(order.order_no) })).toBeVisible();
    expect(within(screen.getByRole('toolbar', { name: 'Commands' })).getAllByRole('button').length).toBeGreaterThan(1);
    const feed = await screen.findByRole('group', { name: 'Timeline' });
    expect(within(feed).getAllByRole('article').length).toBeGreaterThan(2);
    await expectAccessible(container);
  });

  it('follows the order live', async () => {
    const world = new World({ orders: 0 });
    const order = world.place({ order_no: 'SY-3', shop: 'shanye', lines: [{ id: '1', name: 'Tent', quantity: 1 }] });
    open(`/orders/${order.id}`, { world });
    await screen.findByRole('heading', { level: 1, name: /SY-3/ });
    act(() => void world.tell(order, 'payment_received', { payment_id: 'p', amount: 1, in_full: true }, { source: 'shop-api', role: 'source' }));
    expect(await screen.findByRole('article', { name: 'Payment received' })).toBeVisible();
  });

  it('says what a command does and who decides, sends it once and shows the answer', async () => {
    const user = userEvent.setup();
    const world = new World({ orders: 80 });
    const order = find(world, (o) => o.state === 'paid');
    const { asked } = open(`/orders/${order.id}`, { world });
    await user.click(await screen.findByRole('button', { name: 'Hold' }));
    const dialog = await screen.findByRole('dialog', { name: new RegExp(order.order_no) });
    await expectAccessible(dialog);
    await user.click(within(dialog).getByRole('button', { name: 'Hold' }));
    expect(await within(dialog).findByRole('alert')).toHaveTextContent('Reason is needed');
    await user.click(within(dialog).getByRole('combobox', { name: 'Reason' }));
    await user.click(await screen.findByTitle('Customer asked to wait'));
    await user.click(within(dialog).getByRole('button', { name: 'Hold' }));
    await waitFor(() => expect(order.state).toBe('on_hold'));
    expect(await screen.findByText('Hold: done')).toBeVisible();
    const sent = asked.filter((r) => r.url.includes('/commands/hold_order'));
    expect(sent).toHaveLength(1);
    expect(sent[0]!.headers.get('Idempotency-Key')).toMatch(/.{8}/);
  });

  it('repeats a command with the same key when the outcome is not known', async () => {
    const user = userEvent.setup();
    const world = new World({ orders: 80 });
    const order = find(world, (o) => o.state === 'on_hold');
    let failures = 1;
    const { asked } = open(`/orders/${order.id}`, {
      world,
      answer: (request, otherwise) => (request.url.includes('/commands/release_hold') && failures-- > 0 ? Promise.reject(new TypeError('connection reset')) : otherwise(request)),
    });
    await user.click((await screen.findAllByRole('button', { name: 'Release hold' }))[0]!);
    const dialog = await screen.findByRole('dialog');
    await user.click(within(dialog).getByRole('button', { name: 'Release hold' }));
    expect(await screen.findByText(/the outcome is not known/)).toBeVisible();
    await user.click(within(dialog).getByRole('button', { name: /Release hold/ }));
    await waitFor(() => expect(order.state).not.toBe('on_hold'));
    const keys = asked.filter((r) => r.url.includes('/commands/release_hold')).map((r) => r.headers.get('Idempotency-Key'));
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
  });

  it('says why a command is refused, and what else is possible', async () => {
    const user = userEvent.setup();
    const world = new World({ orders: 80 });
    const order = find(world, (o) => o.state === 'on_hold');
    open(`/orders/${order.id}`, {
      world,
      answer: async (request, otherwise) =>
        request.url.includes('/commands/')
          ? Response.json({ type: 'refused', code: 'refused', title: 'Refused', status: 409, request: 'r', state: 'shipped', allowed: ['open_after_sale'], why: { zh: '已经发货', en: 'it has left the warehouse' } }, { status: 409 })
          : otherwise(request),
    });
    await user.click((await screen.findAllByRole('button', { name: 'Release hold' }))[0]!);
    await user.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Release hold' }));
    expect(await screen.findByText('Release hold: refused')).toBeVisible();
    expect(screen.getByText('it has left the warehouse Possible now: Open after-sale')).toBeVisible();
  });

  it('says whose approval a request waits for, and lets them decide', async () => {
    const user = userEvent.setup();
    const world = new World({ orders: 0 });
    const order = world.place({ order_no: 'SY-4', shop: 'shanye', lines: [{ id: '1', name: 'Tent', quantity: 1 }] });
    const offer = { name: 'approve_request', label: { zh: '批准申请', en: 'Approve the request' }, decided_by: 'cairn', allowed: true, preset: { request_id: 'r1' }, fields: [{ name: 'request_id', type: 'text', required: true }] };
    order.requests.push({ id: `${order.id}-r1`, order: order.id, command: 'short_close', label: { zh: '欠数结案', en: 'Close short' }, approval: ['supervisor'], approved_by: [], state: 'pending', opened_at: '2026-11-23T06:00:00Z', deadline: '2099-11-23T10:00:00Z', commands: [offer] });
    const { asked } = open(`/orders/${order.id}`, { world });
    expect(await screen.findByText(/^Close short was requested; waiting for Supervisor$/i)).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Approve the request' }));
    const dialog = await screen.findByRole('dialog');
    await user.click(within(dialog).getByRole('button', { name: /Approve the request/ }));
    await waitFor(() => expect(asked.some((r) => r.url.endsWith('/commands/approve_request'))).toBe(true));
    expect(await asked.find((r) => r.url.endsWith('/commands/approve_request'))!.json()).toEqual({ request_id: 'r1' });
  });

  it('strikes through what was retracted, and says why', async () => {
    const user = userEvent.setup();
    const world = new World({ orders: 80 });
    const order = find(world, (o) => o.state === 'shipped');
    open(`/orders/${order.id}`, { world });
    const shipped = await screen.findByRole('article', { name: 'Package shipped' });
    await user.click(within(shipped).getByRole('button', { name: 'Correct or retract' }));
    const dialog = await screen.findByRole('dialog');
    await user.click(within(dialog).getByRole('combobox', { name: 'Reason' }));
    await user.click(await screen.findByTitle('Shipped by mistake'));
    await user.click(within(dialog).getByRole('button', { name: 'Submit' }));
    await waitFor(() => expect(within(screen.getByRole('article', { name: 'Package shipped' })).getByText(/^Retracted: /)).toBeVisible());
  });

  it('shows the order as it was, without commands', async () => {
    const world = new World({ orders: 10 });
    const order = find(world, () => true);
    open(`/orders/${order.id}?at=2026-11-24T10:00:00%2B08:00`, { world });
    expect(await screen.findByText(/by all that is known today/)).toBeVisible();
    expect(screen.queryByRole('toolbar')).toBeNull();
  });

  it('says plainly that there is no such order', async () => {
    open('/orders/0000000000000000');
    expect(await screen.findByRole('heading', { name: 'There is no such order' })).toBeVisible();
  });
});

describe('the other screens', () => {
  it.each([
    ['/conflicts', 'Conflicts'],
    ['/quarantine', 'Quarantine'],
    ['/lifecycles', 'Lifecycles'],
    ['/live', 'Live'],
  ])('%s opens and is accessible', async (path, title) => {
    const { container } = open(path, { world: new World({ orders: 80 }) });
    expect(await screen.findByRole('heading', { level: 1, name: title })).toBeVisible();
    await waitFor(() => expect(screen.queryByRole('status', { name: 'Loading' })).toBeNull());
    await expectAccessible(container);
  });

  it('settles a conflict with a verdict', async () => {
    const user = userEvent.setup();
    const world = new World({ orders: 80 });
    const order = find(world, (o) => o.conflicts.length > 0);
    open(`/orders/${order.id}`, { world });
    await user.click(await screen.findByRole('button', { name: /Settle/ }));
    await user.click((await screen.findAllByRole('menuitem'))[0]!);
    const dialog = await screen.findByRole('dialog');
    await user.click(within(dialog).getAllByRole('button', { name: /^Settle/ })[0]!);
    await waitFor(() => expect(order.conflicts[0]!.settled).toBeTruthy());
  });

  it('attaches what waits to an order', async () => {
    const user = userEvent.setup();
    const world = new World({ orders: 80 });
    const value = world.quarantine[0]!.reference.value;
    open('/quarantine', { world });
    const waiting = await screen.findByRole('article', { name: value });
    await user.click(within(waiting).getByRole('button', { name: 'Attach' }));
    const dialog = await screen.findByRole('dialog');
    await user.type(within(dialog).getByRole('searchbox', { name: 'Order number' }), `${find(world, () => true).order_no}{Enter}`);
    await user.click(await within(dialog).findByRole('button', { name: /^Attach to / }));
    await waitFor(() => expect(screen.queryByRole('article', { name: value })).toBeNull());
  });

  it('draws a lifecycle and says where a state leads', async () => {
    const user = userEvent.setup();
    open('/lifecycles');
    await user.click(await screen.findByRole('button', { name: /^Paid \d+$/ }));
    expect(await screen.findByRole('heading', { name: 'Out of it' })).toBeVisible();
    expect(location.search).toContain('state=paid');
  });

  it('lists the stream as it comes, and stands still when asked to', async () => {
    const user = userEvent.setup();
    const world = new World({ orders: 0 });
    const order = world.place({ order_no: 'SY-4', shop: 'shanye', lines: [] });
    open('/live', { world });
    await screen.findByRole('heading', { name: 'Waiting for a change' });
    act(() => void world.tell(order, 'payment_received', { payment_id: 'p', amount: 1, in_full: true }, { source: 'shop-api', role: 'source' }));
    expect(await screen.findByText('Payment received')).toBeVisible();
    const again = (world as unknown as { changes: { position: number; change: unknown }[]; listeners: Set<(position: number, change: unknown) => void> });
    act(() => again.listeners.forEach((tell) => tell(again.changes.at(-1)!.position, again.changes.at(-1)!.change)));
    await user.click(screen.getByRole('button', { name: 'Pause' }));
    act(() => void world.tell(order, 'note_added', { text: 'x' }, { source: 'console', role: 'admin' }));
    expect(await screen.findByText('Paused; 1 came meanwhile')).toBeVisible();
    expect(screen.queryByText('Note added')).toBeNull();
    expect(screen.getAllByText('Payment received')).toHaveLength(1);
  });
});

describe('what goes wrong', () => {
  it('a server that fails is said plainly, with the request, and can be asked again', async () => {
    const user = userEvent.setup();
    let isBroken = true;
    open('/', { answer: (request, otherwise) => (isBroken && request.url.includes('/v1/board') ? Promise.resolve(problem(500, 'internal', 'the disk is full')) : otherwise(request)) });
    const alert = await screen.findByRole('alert');
    expect(alert).toHaveTextContent('the disk is full');
    expect(alert).toHaveTextContent('req-77');
    isBroken = false;
    await user.click(within(alert).getByRole('button', { name: 'Try again' }));
    expect((await screen.findAllByRole('article')).length).toBeGreaterThan(0);
  });

  it('asks for a key where one is needed, and goes on with it', async () => {
    const user = userEvent.setup();
    const { container, asked } = open('/', {
      answer: (request, otherwise) => (request.headers.get('Authorization') === 'Bearer secret-1' ? otherwise(request) : Promise.resolve(problem(401, 'unauthenticated', 'no key'))),
    });
    await user.type(await screen.findByLabelText('API key'), 'secret-1');
    await expectAccessible(container);
    await user.click(screen.getByRole('button', { name: 'Enter' }));
    expect(await screen.findByRole('heading', { name: 'Board' })).toBeVisible();
    expect(asked.some((r) => r.url.includes('secret-1'))).toBe(false);
  });

  it('hostile names are text, and what is too long is cut', async () => {
    const world = new World({ orders: 0 });
    const name = '<img src=x onerror=alert(1)>"\'‮مرحبا';
    const order = world.place({ order_no: `"><script>x</script>`, shop: name, lines: [{ id: '1', name, quantity: 1 }], attributes: { blob: 'x'.repeat(80_000) } });
    order.attributes = { blob: 'x'.repeat(80_000) };
    const { container } = open(`/orders/${order.id}`, { world });
    expect(await screen.findByRole('heading', { level: 1, name: /<script>/ })).toBeVisible();
    expect(container.querySelectorAll('img, script')).toHaveLength(0);
    expect(screen.getAllByText(name).length).toBeGreaterThan(0);
    expect(screen.getByText(/^x{80}…$/)).toBeVisible();
  });

  it('a page that does not exist leads back', async () => {
    open('/nowhere');
    expect(await screen.findByRole('link', { name: 'Back to the board' })).toHaveAttribute('href', '/');
  });
});

describe('keyboard and language', () => {
  it('opens the palette with Ctrl-K and runs what was found', async () => {
    const user = userEvent.setup();
    const { container } = open('/');
    await screen.findByRole('heading', { name: 'Board' });
    await user.keyboard('{Control>}k{/Control}');
    const box = await screen.findByRole('combobox', { name: /Type an action/ });
    await expectAccessible(container);
    await user.type(box, 'quar{Enter}');
    expect(await screen.findByRole('heading', { level: 1, name: 'Quarantine' })).toBeVisible();
  });

  it('goes to screens with two keys, but not while somebody types', async () => {
    const user = userEvent.setup();
    open('/orders');
    await screen.findByRole('table', { name: 'Orders' });
    await user.click(screen.getByRole('textbox', { name: 'Number, customer, goods …' }));
    await user.keyboard('gl');
    expect(location.pathname).toBe('/orders');
    await user.click(screen.getByRole('heading', { level: 1 }));
    (document.activeElement as HTMLElement | null)?.blur();
    await user.keyboard('gl');
    expect(await screen.findByRole('heading', { level: 1, name: 'Live' })).toBeVisible();
  });

  it('speaks Chinese as well, and changes at once', async () => {
    open('/', { lang: 'zh' });
    expect(await screen.findByRole('heading', { name: '看板' })).toBeVisible();
    expect(document.documentElement).toHaveAttribute('lang', 'zh-CN');
    act(() => setLanguage('en'));
    expect(await screen.findByRole('heading', { name: 'Board' })).toBeVisible();
  });
});
