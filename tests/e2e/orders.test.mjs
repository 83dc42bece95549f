// What happens to an order, seen on board, order page and public page at once.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { executable, launch, newPage, visible } from './browser.mjs';
import { missing, Server } from './server.mjs';

const skip = missing(executable);

describe('an order', { skip }, () => {
  let server, browser, faults;
  const open = async (path, options = {}) => {
    const opened = await newPage(browser, { origin: server.url, ...options });
    faults.push(opened.faults);
    await opened.page.goto(server.url + path);
    return opened.page;
  };
  const cellOf = (page, number, place) => page.getByRole('group', { name: place }).getByRole('article', { name: number });

  before(async () => {
    server = await new Server().start();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });
  afterEach(async () => {
    const said = faults.flat();
    for (const context of browser.contexts()) await context.close();
    assert.deepEqual(said, []);
  });
  const begin = () => (faults = []);

  it('is followed from placing to delivery on three pages at once', async () => {
    begin();
    const board = await open('/');
    await visible(board.getByRole('heading', { name: 'No orders yet' }));
    const { id } = await server.place({
      order_no: 'J-1', total: 51600, buyer: { name: '张三', phone: '13800005678' },
      promised_delivery: new Date(Date.now() + 3 * 86_400_000).toISOString(),
      lines: [{ id: '1', sku: 'TENT-2P', name: '双人帐篷', quantity: 2, price: 51600 }],
    });
    await visible(cellOf(board, 'J-1', /^Waiting for the customer · Normal/));

    const order = await open(`/orders/${id}`);
    await visible(order.getByRole('heading', { level: 1, name: /J-1/ }));
    await order.getByRole('button', { name: 'More' }).click();
    await order.getByRole('menuitem', { name: 'Create a tracking link' }).click();
    await order.getByRole('dialog').getByRole('button', { name: 'Create a tracking link' }).click();
    const link = order.getByRole('dialog').getByRole('link');
    await visible(link);
    const address = await link.getAttribute('href');
    assert.match(address, /\/t\/[0-9A-Za-z_-]{20,}$/);
    const shared = await open(new URL(address).pathname, { size: 'phone' });
    const seen = async () => (await shared.reload(), shared.locator('h1').innerText());
    const first = await seen();
    assert.equal(await shared.getByText('13800005678').count(), 0);
    assert.equal(await shared.getByText('张三').count(), 0);
    await order.keyboard.press('Escape');

    const headline = (text) => visible(order.locator('header').getByText(text, { exact: true }));
    await server.command(id, 'record_payment', { amount: 51600, in_full: true });
    await visible(cellOf(board, 'J-1', /^Ready · /));
    await headline('Paid');
    await server.command(id, 'approve_order');
    await server.command(id, 'release_order');
    await visible(cellOf(board, 'J-1', /^Preparing · /));
    await server.command(id, 'ship_package', { carrier: 'zto', number: '73100000000001' });
    await visible(cellOf(board, 'J-1', /^In transit · /));
    await headline('Shipped');
    await visible(order.getByText('73100000000001'));
    await server.scan('73100000000001', 'in_transit', { place: '南京市' });
    await visible(order.getByRole('article', { name: 'Package scanned' }));
    await server.scan('73100000000001', 'delivered', { type: 'package_delivered', received_by: 'self', place: '杭州市' });
    await visible(cellOf(board, 'J-1', /^Delivered · /));
    await headline('Delivered');
    assert.notEqual(await seen(), first);
    await visible(shared.getByText('73100000000001'));
  });

  it('is shipped in part, and says how much of what', async () => {
    begin();
    const id = await server.ready('J-2');
    const page = await open(`/orders/${id}`);
    await visible(page.getByText('Shipped 0/3', { exact: false }));
    await page.getByRole('button', { name: /^Ship/ }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Carrier' }).fill('zto');
    await dialog.getByRole('textbox', { name: 'Parcel number' }).fill('73100000000002');
    await dialog.getByRole('spinbutton', { name: '双人帐篷' }).fill('1');
    await dialog.getByRole('button', { name: /^Ship/ }).click();
    await visible(page.getByText('Partly shipped', { exact: true }));
    await visible(page.getByText('Shipped 1/3', { exact: false }));
    await server.command(id, 'ship_package', { carrier: 'zto', number: '73100000000003' });
    await visible(page.getByText('Shipped 3/3', { exact: false }));
    await visible(page.getByRole('article', { name: '73100000000002' }));
    await visible(page.getByRole('article', { name: '73100000000003' }));
  });

  it('is told a late fact, which takes its place in the past', async () => {
    begin();
    const id = await server.ready('J-3');
    await server.command(id, 'ship_package', { carrier: 'zto', number: '73100000000004' });
    const later = new Date(Date.now() + 60_000).toISOString();
    await server.scan('73100000000004', 'out_for_delivery', { place: '杭州市', occurred: later });
    const page = await open(`/orders/${id}`);
    const scans = page.getByRole('article', { name: 'Package scanned' });
    await visible(scans);
    await server.scan('73100000000004', 'in_transit', { place: '南京市', occurred: new Date(Date.now() + 30_000).toISOString() });
    await visible(scans.filter({ hasText: '南京市' }));
    const told = await scans.allInnerTexts();
    assert.equal(told.length, 2);
    assert.match(told[0], /杭州市/, 'the newest comes first');
    assert.match(told[1], /南京市/, 'the late one stands before it, where it belongs');
    // What the customer sees is still the newest that happened.
    await visible(page.getByRole('article', { name: '73100000000004' }).getByText('Out for delivery').first());
  });

  it('carries a conflict until somebody says who was right', async () => {
    begin();
    const id = await server.ready('J-4');
    await server.command(id, 'ship_package', { carrier: 'zto', number: '73100000000005' });
    await server.scan('73100000000005', 'delivered', { type: 'package_delivered', received_by: 'self', place: '杭州市' });
    await server.scan('73100000000005', 'out_for_delivery', { place: '杭州市', occurred: new Date(Date.now() + 60_000).toISOString() });
    const { conflicts } = await server.order(id);
    assert.ok(conflicts.length > 0, 'the server sees that both cannot be true');
    const page = await open('/conflicts');
    const mine = page.locator('section').filter({ has: page.getByRole('link', { name: 'J-4' }) }).first();
    await visible(mine);
    await mine.getByRole('button', { name: /Settle/ }).click();
    await page.getByRole('menuitem').first().click();
    await page.getByRole('dialog').getByRole('button', { name: /^Settle/ }).last().click();
    await visible(page.getByText(/: done$/));
    await page.goto(`${server.url}/orders/${id}`);
    await visible(page.getByRole('article', { name: /conflict/i }).or(page.getByRole('article', { name: 'Conflict settled' })));
    const settled = (await server.order(id)).conflicts.filter((c) => c.settled);
    assert.ok(settled.length > 0);
  });

  it('cannot be dragged where no command leads, and says so before the drop', async () => {
    begin();
    await server.ready('J-5');
    const page = await open('/');
    const card = page.getByRole('article', { name: 'J-5' });
    await visible(card);
    const target = page.getByRole('group', { name: /^Delivered · Normal/ });
    const other = page.getByRole('group', { name: /^Waiting for the customer · Normal/ });
    const from = await card.boundingBox();
    await page.mouse.move(from.x + 60, from.y + 40);
    await page.mouse.down();
    await page.mouse.move(from.x + 50, from.y + 60, { steps: 4 });
    // Columns without orders widen while something is dragged.
    const between = await other.boundingBox();
    await page.mouse.move(between.x + between.width / 2, between.y + 30, { steps: 12 });
    await visible(other.getByRole('status'));
    assert.equal(await other.getByRole('status').innerText(), 'nothing is on hold');
    const to = await target.boundingBox();
    await page.mouse.move(to.x + to.width / 2, to.y + 30, { steps: 12 });
    await visible(target.getByRole('status'));
    assert.equal(await target.getByRole('status').innerText(), 'No command moves this order here now');
    await page.mouse.up();
    await visible(cellOf(page, 'J-5', /^Preparing · /));
    assert.equal(await page.getByText(/: done$/).count(), 0);
  });

  it('is moved by a drag where a command leads, once its fields are filled in', async () => {
    begin();
    const id = await server.ready('J-6');
    const page = await open('/', { size: 'wall' });
    const card = page.getByRole('article', { name: 'J-6' });
    await visible(card);
    const from = await card.boundingBox();
    await page.mouse.move(from.x + 60, from.y + 40);
    await page.mouse.down();
    await page.mouse.move(from.x + 50, from.y + 60, { steps: 4 });
    const target = page.getByRole('group', { name: /^On hold · Normal/ });
    const to = await target.boundingBox();
    await page.mouse.move(to.x + to.width / 2, to.y + 20, { steps: 12 });
    assert.match(await target.getByRole('status').innerText(), /Drop to: Hold/);
    await page.mouse.up();
    const dialog = page.getByRole('dialog');
    await visible(dialog);
    await choose(page, dialog, 'Reason', 'Customer asked to wait', 'customer_request');
    await dialog.getByRole('button', { name: 'Hold' }).click();
    await visible(cellOf(page, 'J-6', /^On hold · /));
    assert.equal((await server.order(id)).status.category, 'held');
  });
});

/// A field that the definitions have choices for is a list, any other is text.
async function choose(page, dialog, name, label, code) {
  const list = dialog.getByRole('combobox', { name });
  if ((await list.count()) === 0) return dialog.getByRole('textbox', { name }).fill(code);
  await list.click();
  return page.getByTitle(label).click();
}
