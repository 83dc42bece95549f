// A day at a desk: lists, many orders at once, what can be taken back, what was shown then.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { accessible, executable, launch, newPage, visible } from './browser.mjs';
import { missing, Server } from './server.mjs';

const skip = missing(executable);

describe('at the desk', { skip }, () => {
  let server, browser;
  const open = async (path, options = {}) => {
    const opened = await newPage(browser, { origin: server.url, ...options });
    await opened.page.goto(server.url + path);
    return opened;
  };
  const rows = (page) => page.getByRole('table', { name: 'Orders' }).getByRole('row');
  before(async () => {
    server = await new Server().start();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  it('an empty board offers ways to begin, and is a board as soon as an order comes', async () => {
    const { page, faults, context } = await open('/');
    for (const name of ['Import a table', 'Watch the demo', 'Connect a system']) await visible(page.getByRole('heading', { name }));
    await accessible(page, 'the empty board');
    const { id } = await server.place({ order_no: 'OVER-1', lines: [{ id: '1', name: 'Tent', quantity: 1 }] });
    await visible(page.getByRole('article', { name: 'OVER-1' }));
    await server.command(id, 'cancel_order', { reason: 'price' });
    for (const [lang, nothing, done, closed] of [['zh', '目前没有待处理的订单', '已完成 0', '已关闭 1'], ['en', 'No order needs anybody now', 'Done 0', 'Closed 1']]) {
      const ended = await open('/', { lang });
      await visible(ended.page.getByRole('heading', { name: nothing }));
      await visible(ended.page.getByRole('link', { name: done }));
      await accessible(ended.page, `a board of ended orders, ${lang}`);
      await ended.page.getByRole('link', { name: closed }).click();
      await visible(ended.page.getByRole('link', { name: 'OVER-1' }));
      await ended.context.close();
    }
    await server.place({ order_no: '=1+1', lines: [{ id: '1', name: 'Tent', quantity: 1 }], attributes: { member_level: 'Gold' } });
    await visible(page.getByRole('article', { name: '=1+1' }));
    await visible(page.getByRole('group', { name: /· Unverified, 1 orders/ }).getByText('No promise'));
    await visible(page.getByText('Likely to miss its promise', { exact: false }));
    assert.deepEqual(faults, []);
    await context.close();
  });

  for (const [lang, size, closed] of [['en', 'desk', 'Closed'], ['zh', 'phone', '已关闭']])
    it(`orders that have ended are counted beside the board on a ${size} in ${lang}`, async () => {
      const { id } = await server.place({ order_no: `OVER-${lang}`, shop: `over-${lang}`, lines: [{ id: '1', name: 'Tent', quantity: 1 }] });
      await server.place({ order_no: `STAYS-${lang}`, shop: `over-${lang}`, lines: [{ id: '1', name: 'Tent', quantity: 1 }] });
      const { page, faults, context } = await open(`/?group=shop&shop=over-${lang}`, { lang, size });
      await visible(page.getByRole('article', { name: `OVER-${lang}` }));
      await visible(page.getByRole('link', { name: `${closed} 0`, exact: true }));
      await server.command(id, 'cancel_order', { reason: 'price' });
      const folded = page.getByRole('link', { name: `${closed} 1`, exact: true });
      await visible(folded);
      await accessible(page, `folded columns, ${lang}`);
      await folded.click();
      await visible(page.getByRole('link', { name: `OVER-${lang}` }));
      assert.equal(await page.getByRole('link', { name: `STAYS-${lang}` }).count(), 0);
      assert.deepEqual(faults, []);
      await context.close();
    });

  it('a view is saved by name, and the address says everything', async () => {
    await server.ready('D-1', { shop: 'desk' });
    await server.ready('D-2', { shop: 'other' });
    const { page, context } = await open('/orders?shop=desk');
    await visible(page.getByRole('link', { name: 'D-1' }));
    assert.equal(await page.getByRole('link', { name: 'D-2' }).count(), 0);
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitem', { name: 'Save this view' }).click();
    await page.getByRole('textbox', { name: 'Name of the view' }).fill('My desk');
    await page.keyboard.press('Enter');
    await page.goto(`${server.url}/orders`);
    await visible(page.getByRole('link', { name: 'D-2' }));
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('menuitem', { name: 'My desk' }).click();
    await page.waitForURL(/shop=desk/);
    await page.getByRole('link', { name: 'D-2' }).waitFor({ state: 'detached' });
    await context.close();
  });

  it('attributes are columns, and the export is safe in a spreadsheet', async () => {
    await server.ready('1234567890123456', { attributes: { member_level: 'Silver, "old"' } });
    const { page, context } = await open('/orders', { acceptDownloads: true });
    await page.getByRole('button', { name: 'Columns' }).click();
    await page.getByRole('checkbox', { name: 'Member level' }).click();
    await visible(page.getByRole('columnheader', { name: 'Member level' }));
    await visible(page.getByRole('cell', { name: 'Silver, "old"' }));
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export' }).click()]);
    const csv = readFileSync(await download.path(), 'utf8');
    assert.equal(csv.charCodeAt(0), 0xfeff, 'a byte order mark');
    assert.match(csv, /"=""1234567890123456"""/, 'an id stays text');
    assert.match(csv, /"Silver, ""old"""/);
    assert.match(csv, /'=1\+1/, 'nothing a spreadsheet would run');
    await context.close();
  });

  it('attributes that name people come masked', async () => {
    const id = await server.ready('D-FITTER', { attributes: { fitter: '欧阳师傅', floor: 3 } });
    await server.command(id, 'ship_package', { number: 'T1', carrier: 'zto', package: 'K' });
    await server.command(id, 'set_attributes', { level: 'package', element: 'K', attributes: { driver: '司马师傅', plate: '京A12345' } });
    const { page, context } = await open(`/orders/${id}`);
    await visible(page.getByText('欧*'));
    await visible(page.getByRole('article', { name: 'T1' }).getByText('京A12345').filter({ hasText: '司*' }));
    const text = await page.locator('body').innerText();
    assert.ok(!text.includes('欧阳') && !text.includes('司马'), 'no name is shown');
    await context.close();
  });

  it('a command on many orders says what became of each', async () => {
    const { id: unpaid } = await server.place({ order_no: 'B-1', shop: 'bulk', lines: [{ id: '1', name: 'Tent', quantity: 1 }] });
    const { id: paid } = await server.place({ order_no: 'B-2', shop: 'bulk', total: 100, lines: [{ id: '1', name: 'Tent', quantity: 1 }] });
    await server.command(paid, 'record_payment', { amount: 100, in_full: true });
    const { page, context } = await open('/orders?shop=bulk');
    await visible(page.getByRole('link', { name: 'B-2' }));
    await page.getByRole('checkbox', { name: 'Select all', exact: false }).first().check();
    await page.getByRole('button', { name: 'Bulk command' }).click();
    await page.getByRole('menuitem', { name: 'Approve' }).click();
    await page.getByRole('button', { name: 'Run on 2 orders' }).click();
    const dialog = page.getByRole('dialog');
    await visible(dialog.getByText('1 done, 0 passed on, 1 refused'));
    const became = dialog.getByRole('list', { name: 'What became of each order' }).getByRole('listitem');
    await visible(became.filter({ hasText: 'B-1' }).getByText('Refused'));
    await visible(became.filter({ hasText: 'B-2' }).getByText('Done'));
    assert.equal(await became.count(), 2);
    await accessible(page, 'results of a bulk command');
    assert.equal((await server.order(unpaid)).status.category, 'unconfirmed');
    await context.close();
  });

  for (const [lang, narrowed, lane, remove, more, fresh] of [
    ['en', 'Narrowed to', 'Lane Unverified', 'Remove the filter Lane', 'More filters (1)', 'New orders: 1, refresh'],
    ['zh', '已限定为', '泳道 待核实', '去掉筛选：泳道', '更多条件 (1)', '有 1 个新订单，点此刷新'],
  ])
    it(`what narrows a list is said, going back goes back, and only what belongs is new, in ${lang}`, async () => {
      const shop = `chips-${lang}`;
      await server.ready(`N-PROMISED-${lang}`, { shop });
      await server.ready(`N-OPEN-${lang}`, { shop, promised_delivery: undefined });
      const { page, faults, context } = await open(`/orders?shop=${shop}&lane=unverified`, { lang });
      const chips = page.getByRole('list', { name: narrowed }).getByRole('listitem');
      const promised = page.getByRole('link', { name: `N-PROMISED-${lang}` });
      await visible(page.getByRole('link', { name: `N-OPEN-${lang}` }));
      await visible(chips.filter({ hasText: lane }));
      await visible(page.getByRole('button', { name: more }));
      await accessible(page, `chips, ${lang}`);
      await page.getByRole('button', { name: remove }).click();
      await visible(promised);
      await page.goBack();
      await visible(chips.filter({ hasText: lane }));
      await promised.waitFor({ state: 'detached' });
      await page.goForward();
      await visible(promised);
      await server.ready(`N-ELSEWHERE-${lang}`, { shop: 'elsewhere' });
      await server.ready(`N-NEW-${lang}`, { shop });
      await page.getByRole('button', { name: fresh }).click();
      await visible(page.getByRole('link', { name: `N-NEW-${lang}` }));
      assert.deepEqual(faults, []);
      await context.close();
    });

  it('what has a reverse is taken back by a press', async () => {
    const id = await server.ready('U-1');
    const { page, context } = await open(`/orders/${id}`);
    await page.getByRole('button', { name: 'Add a tag' }).click();
    await page.getByRole('dialog').getByRole('textbox', { name: 'Tag' }).fill('vip');
    await page.keyboard.press('Enter');
    await visible(page.getByText('vip', { exact: true }).first());
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('vip', { exact: true }).waitFor({ state: 'detached' });
    assert.deepEqual((await server.order(id)).tags, []);
    await context.close();
  });

  it('taking back means the one thing that was done', async () => {
    const { id } = await server.place({ order_no: 'U-2', total: 100, lines: [{ id: '1', name: 'Tent', quantity: 2 }] });
    await server.command(id, 'record_payment', { amount: 100, in_full: true });
    await server.command(id, 'approve_order');
    const { page, faults, context } = await open(`/orders/${id}`, { lang: 'zh' });
    await page.getByRole('button', { name: '挂起', exact: true }).click();
    const dialog = page.getByRole('dialog');
    await choose(page, dialog, '原因');
    await dialog.getByRole('button', { name: '挂起' }).click();
    await page.getByRole('group', { name: '挂起中' }).waitFor();
    await server.tell({ id: 'u2-hold', type: 'hold_placed', subject: `cairn:${id}`, occurred: new Date().toISOString(), data: { hold_id: 'other', reason: 'stock_short' } });
    await page.getByRole('group', { name: '挂起中' }).nth(1).waitFor();
    await page.getByRole('button', { name: '撤销', exact: true }).click();
    await page.getByRole('group', { name: '挂起中' }).nth(1).waitFor({ state: 'detached' });
    assert.deepEqual((await server.order(id)).holds.filter((hold) => hold.open).map((hold) => hold.id), ['other']);
    await context.close();

    await server.command(id, 'release_hold');
    await server.command(id, 'release_order');
    await server.command(id, 'ship_package', { carrier: 'zto', number: '73100000000711', parts: [{ line: '1', quantity: 1 }] });
    await server.link(id);
    const english = await open(`/orders/${id}`);
    const undo = english.page.getByRole('button', { name: 'Undo' });
    await english.page.getByRole('button', { name: 'Ship the rest' }).click();
    const ship = english.page.getByRole('dialog');
    await ship.getByRole('textbox', { name: 'Parcel number' }).fill('73100000000712');
    await ship.getByRole('button', { name: 'Ship the rest' }).click();
    await undo.click();
    await visible(english.page.getByRole('article', { name: '73100000000712' }).getByText('Dispatch withdrawn'));
    assert.deepEqual((await server.order(id)).packages.filter((p) => p.withdrawn).map((p) => p.number), ['73100000000712']);
    await english.page.getByRole('button', { name: 'Revoke' }).click();
    await english.page.getByRole('dialog').getByRole('button', { name: 'Remove a number' }).click();
    await english.page.getByRole('button', { name: 'Revoke' }).waitFor({ state: 'detached' });
    await undo.click();
    await visible(english.page.getByRole('button', { name: 'Revoke' }));
    assert.deepEqual(faults.concat(english.faults), []);
    await english.context.close();
  });

  it('what was shown then is shown again, by what is known now and by what was known', async () => {
    const id = await server.ready('W-1');
    await sleep(50); // the text below names a millisecond that must be over when the order is ready
    const then = new Date().toISOString();
    await server.command(id, 'ship_package', { carrier: 'zto', number: '73100000000701' });
    const { page, context } = await open(`/orders/${id}?at=${then}&known_at=${then}`);
    await visible(page.getByText(/by what had been recorded then/));
    await visible(page.locator('header').getByText('Preparing', { exact: true }));
    assert.equal(await page.getByRole('toolbar').count(), 0, 'nothing can be done in the past');
    await accessible(page, 'an order as it was');
    await page.getByRole('button', { name: 'Back to now' }).click();
    await visible(page.locator('header').getByText('Shipped', { exact: true }));
    await visible(page.getByRole('toolbar'));
    const time = page.getByRole('article', { name: 'Package shipped' }).locator('time').first();
    assert.match(await time.getAttribute('title'), /^In UTC: \d{4}-\d\d-\d\dT[\d:.]+Z/);
    await page.getByRole('article', { name: 'Package shipped' }).hover();
    await page.getByRole('article', { name: 'Package shipped' }).getByRole('button', { name: 'Raw' }).click();
    await visible(page.getByRole('dialog').getByText('73100000000701'));
    await context.close();
  });

  it('what happened long ago is found under what came after', async () => {
    const id = await server.ready('W-2');
    await server.command(id, 'ship_package', { carrier: 'zto', number: '73100000000721' });
    await sleep(50);
    const then = new Date();
    const scans = Array.from({ length: 450 }, (_, i) => ({ id: `w2-${i}`, type: 'package_scanned', reference: { scheme: 'tracking', issuer: 'zto', value: '73100000000721' }, occurred: new Date(then.getTime() + 1_000 + i).toISOString(), data: { carrier: 'zto', number: '73100000000721', milestone: 'in_transit', place: `Stop ${i}` } }));
    await server.tell(...scans);
    const { page, context } = await open(`/orders/${id}?at=${then.toISOString()}`);
    await visible(page.getByRole('article', { name: 'Package shipped' }));
    await visible(page.getByRole('article', { name: 'Order placed' }));
    assert.equal(await page.getByRole('article', { name: 'Package scanned' }).count(), 0);
    await context.close();
  });

  it('a wrong fact is taken back and stays, struck through', async () => {
    const id = await server.ready('C-1');
    await server.command(id, 'ship_package', { carrier: 'zto', number: '73100000000702' });
    await server.scan('73100000000702', 'in_transit', { place: '错误市' });
    const { page, context } = await open(`/orders/${id}`);
    const scan = page.getByRole('article', { name: 'Package scanned' });
    await scan.hover();
    await scan.getByRole('button', { name: 'Correct or retract' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Retract: as if it had never been told').click();
    await choose(page, dialog, 'Reason');
    await dialog.getByRole('button', { name: 'Submit' }).click();
    await visible(scan.getByText(/^Retracted/));
    await context.close();
  });

  it('an after-sale case is answered where it is shown', async () => {
    const id = await server.ready('A-1');
    await server.command(id, 'ship_package', { carrier: 'zto', number: '73100000000705' });
    await server.scan('73100000000705', 'delivered', { type: 'package_delivered', received_by: 'self' });
    await server.command(id, 'open_after_sale', { case_id: 'c1', type: 'return_refund', reason: '尺码不合适', parts: [{ line: '1', quantity: 1 }], amount: 100 });
    const { page, context } = await open(`/orders/${id}`);
    await visible(page.getByText('Requested', { exact: true }).first());
    await page.getByRole('button', { name: 'Agree to the return' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Agree to the return' }).click();
    await visible(page.getByText('Awaiting return', { exact: true }).first());
    await context.close();
  });

  it('what waits and is no order of ours is dismissed with a reason', async () => {
    await server.scan('7399900000200', 'in_transit', { place: '武汉市' });
    const { page, context } = await open('/quarantine');
    const waiting = page.getByRole('article', { name: '7399900000200' });
    await waiting.getByRole('button', { name: 'Dismiss' }).click();
    const dialog = page.getByRole('dialog');
    await choose(page, dialog, 'Reason');
    await dialog.getByRole('button', { name: 'Dismiss' }).click();
    await waiting.waitFor({ state: 'detached' });
    await context.close();
  });

  it('the stream is filtered where it is made', async () => {
    const { page, context } = await open('/live?shop=wanted');
    await visible(page.getByText('Waiting for a change'));
    await server.place({ order_no: 'F-OTHER', shop: 'unwanted', lines: [] });
    await server.place({ order_no: 'F-MINE', shop: 'wanted', lines: [] });
    await visible(page.getByRole('link', { name: 'F-MINE' }));
    assert.equal(await page.getByRole('link', { name: 'F-OTHER' }).count(), 0);
    await context.close();
  });

  for (const [lang, group, lanes, without] of [['en', 'Group by', /^Overdue 0, .*Normal 1$/, 'No warehouse'], ['zh', '分组', /^超时 0、.*正常 1$/, '无仓库']])
    it(`groups say how their orders stand, and how many are in none, in ${lang}`, async () => {
      await server.ready(`G-${lang}`, { warehouse: `仓-${lang}` });
      const { page, context } = await open('/?group=warehouse', { lang });
      const groups = page.getByRole('group', { name: group });
      await visible(groups.getByRole('button', { name: `仓-${lang}` }).getByRole('img', { name: lanes }));
      await visible(groups.getByText(without));
      await accessible(page, `groups, ${lang}`);
      await context.close();
    });

  for (const [lang, carrier, live] of [['en', 'Carrier', 'Live'], ['zh', '承运商', '实时']])
    it(`of what came before a filter only what is known to fit stays, in ${lang}`, async () => {
      const { page, context } = await open('/live', { lang });
      await page.getByRole('status').getByText(live, { exact: true }).waitFor();
      const number = `7310000000073${lang === 'en' ? 1 : 2}`;
      const id = await server.ready(`F-BEFORE-${lang}`);
      await visible(page.getByRole('link', { name: `F-BEFORE-${lang}` }));
      await page.getByRole('combobox', { name: carrier }).click();
      await page.locator('.ant-select-item-option[title*=ZTO], .ant-select-item-option[title*=中通]').first().click();
      await page.getByRole('link', { name: `F-BEFORE-${lang}` }).first().waitFor({ state: 'detached' });
      await server.command(id, 'ship_package', { carrier: 'zto', number });
      await visible(page.getByRole('link', { name: `F-BEFORE-${lang}` }));
      await context.close();
    });

  it('cards stand still under the pointer', async () => {
    const early = (hours) => ({ shop: 'still', promised_delivery: new Date(Date.now() + hours * 3_600_000).toISOString() });
    await server.ready('P-1', early(50));
    const gone = await server.ready('P-2', early(60));
    await server.ready('P-3', early(70));
    const { page, context } = await open('/?group=shop&shop=still');
    const cell = page.getByRole('group', { name: /^Preparing · Normal/ });
    const shown = () => cell.getByRole('article', { includeHidden: true }).evaluateAll((cards) => cards.map((card) => card.getAttribute('aria-label')));
    await visible(page.getByRole('article', { name: 'P-3' }));
    assert.deepEqual(await shown(), ['P-1', 'P-2', 'P-3']);
    await page.getByRole('article', { name: 'P-1' }).hover();
    await server.ready('P-0', early(40));
    await server.command(gone, 'ship_package', { carrier: 'zto', number: '73100000000703' });
    await visible(page.getByRole('article', { name: 'P-0' }));
    await visible(page.getByRole('group', { name: /^In transit · Normal/ }).getByRole('article', { name: 'P-2' }));
    assert.deepEqual(await shown(), ['P-1', 'P-2', 'P-3', 'P-0'], 'who left is a shadow, who came stands at the end');
    await page.getByRole('heading', { level: 1 }).hover();
    await page.waitForFunction(() => [...document.querySelectorAll('[role=group][aria-label^="Preparing · Normal"] article')].map((card) => card.getAttribute('aria-label')).join() === 'P-0,P-1,P-3');
    await context.close();
  });

  it('a command is seen at once and undone when it is refused', async () => {
    const id = await server.ready('O-1', { shop: 'slow' });
    const { page, context } = await open('/?group=shop&shop=slow');
    let answer;
    const asked = new Promise((resolve) => (answer = resolve));
    await page.route(/commands\/recall_order/, async (route) => {
      await asked;
      await route.continue();
    });
    await page.getByRole('button', { name: 'Move to… O-1' }).click();
    await page.getByRole('menuitem', { name: /Recall/ }).click();
    await visible(page.getByRole('group', { name: /^Ready · / }).getByRole('article', { name: 'O-1' }));
    await server.command(id, 'ship_package', { carrier: 'zto', number: '73100000000704' });
    answer();
    await visible(page.getByRole('alert'));
    await visible(page.getByRole('group', { name: /^In transit · / }).getByRole('article', { name: 'O-1', includeHidden: true }));
    await context.close();
  });
});

/// Takes the first choice of a list.
async function choose(page, dialog, name) {
  await dialog.getByRole('combobox', { name }).click();
  await page.locator('.ant-select-item-option').first().click();
}
