// What people and machines send that nobody wished for: shown plainly, nothing breaks, nothing runs.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { accessible, executable, launch, newPage, visible } from './browser.mjs';
import { missing, Server } from './server.mjs';

const skip = missing(executable);
const attributes = `id: odd
title: {zh: 杂项, en: Odd things}
levels: [order]
schema: {type: object, properties: {blob: {title: 大段, x-label: {zh: 大段, en: A lot}, type: string}}}
`;
const hostile = '<img src=x onerror="document.title=\'owned\'">';
const turned = '\u202e\u0645\u0631\u062d\u0628\u0627 \u0628\u0643';

describe('trouble', { skip }, () => {
  let server, browser;
  const open = async (path, options = {}) => {
    const opened = await newPage(browser, { origin: server.url, ...options });
    await opened.page.goto(server.url + path);
    return opened;
  };
  before(async () => {
    server = await new Server({ definitions: { 'attributes/odd.yaml': attributes } }).start();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  it('hostile names and letters from right to left are text on every page', async () => {
    const name = hostile + turned;
    const { id } = await server.place({ order_no: 'X-<b>1</b>', shop: name, lines: [{ id: '1', name, quantity: 1 }], tags: [name], buyer: { id: 'c', name, city: name }, buyer_remark: name });
    await server.command(id, 'add_note', { text: name });
    const link = await server.link(id);
    for (const path of [`/orders/${id}`, '/', '/orders', '/live', link]) {
      const { page, faults, context } = await open(path);
      if (path === '/live') {
        await visible(page.getByText('Waiting for a change'));
        await server.command(id, 'add_note', { text: name });
      }
      await visible(page.getByText('X-<b>1</b>').first());
      if (path === `/orders/${id}`) await visible(page.getByText(name).first());
      assert.equal(await page.locator('main img, main b > b').count(), 0, path);
      assert.doesNotMatch(await page.title(), /^owned/, path);
      assert.deepEqual(faults, [], path);
      await context.close();
    }
  });

  it('an attribute of 80 kB is folded up, and too much is refused by name', async () => {
    const { id } = await server.place({ order_no: 'X-LONG', lines: [{ id: '1', name: 'Tent', quantity: 1 }], attributes: { blob: 'lorem '.repeat(13_500) } });
    const { page, faults, context } = await open(`/orders/${id}`);
    const long = page.getByRole('group').filter({ hasText: /^lorem / });
    await visible(long);
    assert.ok((await long.boundingBox()).height < 200, 'folded');
    await long.locator('summary').click();
    await accessible(page, 'a long attribute unfolded');
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${wide} px too wide`);
    assert.deepEqual(faults, []);
    await context.close();
    const refused = await server.place({ order_no: 'X-LONGER', lines: [], attributes: { blob: 'y'.repeat(300_000) } }).then(JSON.stringify, String);
    assert.match(refused, /answered 413/);
  });

  it('a thousand packages are counted, and drawn when asked for', async () => {
    const { id } = await server.place({ order_no: 'X-1000', lines: [{ id: '1', name: 'Bolt', quantity: 1000 }], total: 1000 });
    await server.command(id, 'record_payment', { amount: 1000, in_full: true });
    await server.command(id, 'approve_order');
    await server.command(id, 'release_order');
    const facts = Array.from({ length: 1000 }, (_, i) => ({ id: `p${i}`, type: 'package_shipped', subject: `cairn:${id}`, occurred: new Date(Date.now() + i).toISOString(), data: { carrier: 'zto', number: `74${String(i).padStart(10, '0')}`, parts: [{ line: '1', quantity: 1 }] } }));
    await server.tell(...facts);
    const { page, faults, context } = await open(`/orders/${id}`);
    await visible(page.getByRole('heading', { name: 'Packages 1000' }));
    await visible(page.getByText('Shipped 1000/1000', { exact: false }));
    assert.equal(await page.getByRole('article', { name: /^74\d+$/ }).count(), 20);
    await page.getByRole('button', { name: /1000 packages|all 1000/i }).click();
    await page.getByRole('article', { name: '740000000999' }).scrollIntoViewIfNeeded();
    await visible(page.getByRole('article', { name: '740000000999' }));
    assert.deepEqual(faults, []);
    await context.close();
  });

  it('a server that answers 500 is said, and asked again by a press', async () => {
    const id = await server.ready('X-500');
    for (const path of ['/', '/orders', '/conflicts', '/quarantine', `/orders/${id}`]) {
      const { page, context } = await newPage(browser, { origin: server.url });
      let isBroken = true;
      await page.route(/\/v1\/(board|orders|conflicts|quarantine)/, (route) => (isBroken ? route.fulfill({ status: 500, body: '<html>oops</html>', contentType: 'text/html' }) : route.continue()));
      await page.goto(server.url + path);
      const again = page.getByRole('alert').getByRole('button', { name: 'Try again' });
      await visible(again);
      assert.equal(await page.getByText('oops').count(), 0);
      await accessible(page, `500 on ${path}`);
      isBroken = false;
      await again.first().click();
      await page.getByRole('alert').waitFor({ state: 'detached' });
      await context.close();
    }
  });

  it('a key that is not valid any more asks for another', async () => {
    const { page, context } = await newPage(browser, { origin: server.url });
    const valid = 'a key that is good enough';
    await page.route(/\/v1\//, (route) => (route.request().headers().authorization === `Bearer ${valid}` ? route.continue({ headers: { ...route.request().headers(), authorization: '' } }) : route.fulfill({ status: 401, contentType: 'application/problem+json', body: JSON.stringify({ type: '/problems/unauthorized', code: 'unauthorized', title: 'Key needed', status: 401, request: 'r1' }) })));
    await page.goto(server.url);
    await accessible(page, 'the form for the key');
    await page.getByLabel(/key/i).fill(valid);
    await page.keyboard.press('Enter');
    await visible(page.getByRole('heading', { level: 1, name: 'Board' }));
    await context.close();
  });
});
