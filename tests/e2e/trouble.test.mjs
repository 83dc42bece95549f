// What people and machines send that nobody wished for: shown plainly, nothing breaks, nothing runs.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
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

  for (const [lang, retry, group] of [['en', 'Try again', 'Group by'], ['zh', '重试', '分组']])
    it(`what could not be counted is not said to be nothing, in ${lang}`, async () => {
      const { page, context } = await newPage(browser, { origin: server.url, lang });
      let isBroken = true;
      await page.route(/\/v1\/board\?.*group=/, (route) => (isBroken ? route.fulfill({ status: 500, body: 'oops' }) : route.continue()));
      const again = page.getByRole('alert').getByRole('button', { name: retry });
      await page.goto(`${server.url}/lifecycles?id=retail`);
      await visible(again);
      const states = page.locator('svg').getByRole('button');
      await visible(states);
      const named = () => states.evaluateAll((nodes) => nodes.map((node) => node.getAttribute('aria-label')));
      assert.deepEqual((await named()).filter((name) => /\d/.test(name)), [], 'no counts');
      await accessible(page, `counts that failed, ${lang}`);
      isBroken = false;
      await again.click();
      await visible(page.locator('svg').getByRole('button', { name: /\d/ }));
      assert.deepEqual((await named()).filter((name) => !/\d/.test(name)), [], 'all counted');

      isBroken = true;
      await page.goto(`${server.url}/?group=shop`);
      await visible(again);
      isBroken = false;
      await again.click();
      await visible(page.getByRole('group', { name: group }).getByRole('button'));
      await context.close();
    });

  for (const [lang, refresh, stale, retry] of [
    ['en', 'New orders: 1, refresh', 'what you see is from before', 'Try again'],
    ['zh', '有 1 个新订单，点此刷新', '当前显示的是此前的内容', '重试'],
  ])
    it(`what cannot be read again stays, and is said to be from before, in ${lang}`, async () => {
      const shop = `stale-${lang}`;
      await server.place({ order_no: `X-OLD-${lang}`, shop, lines: [] });
      const { page, context } = await newPage(browser, { origin: server.url, lang });
      await page.goto(`${server.url}/orders?shop=${shop}`);
      await visible(page.getByRole('link', { name: `X-OLD-${lang}` }));
      await server.place({ order_no: `X-LATE-${lang}`, shop, lines: [] });
      const again = page.getByRole('button', { name: refresh });
      await visible(again);
      let isBroken = true;
      await page.route(/\/v1\/orders\?/, (route) => (isBroken ? route.fulfill({ status: 500, body: 'oops' }) : route.continue()));
      await again.click();
      await page.getByRole('heading', { level: 1 }).hover();
      const note = page.getByRole('alert').filter({ hasText: stale });
      await visible(note);
      await visible(page.getByRole('link', { name: `X-OLD-${lang}` }));
      await page.waitForFunction(() => document.getAnimations().length === 0); // colours have settled
      await accessible(page, `a list from before, ${lang}`);
      isBroken = false;
      await note.getByRole('button', { name: retry }).click();
      await visible(page.getByRole('link', { name: `X-LATE-${lang}` }));
      await note.waitFor({ state: 'detached' });
      await context.close();
    });

  for (const words of [
    { lang: 'en', board: 'Board', label: 'API key', enter: 'Enter', wrong: /does not accept this key/, ended: 'Your key is not valid any more' },
    { lang: 'zh', board: '看板', label: 'API 密钥', enter: '进入', wrong: /服务器不接受此密钥/, ended: '密钥已失效' },
  ])
    it(`a key is asked for, and again once it has ended, in ${words.lang}`, async () => {
      const keyed = await new Server({ key: 'a key that is good enough' }).start();
      try {
        const { page, faults, context } = await newPage(browser, { origin: keyed.url, lang: words.lang, acceptDownloads: true });
        const enter = async (key) => {
          await page.getByLabel(words.label, { exact: true }).fill(key);
          await page.getByRole('button', { name: words.enter, exact: true }).click();
        };
        await page.goto(keyed.url);
        await accessible(page, 'the form for the key');
        await enter('a key that nobody knows');
        await visible(page.getByRole('alert').filter({ hasText: words.wrong }));
        await enter(keyed.key);
        await visible(page.getByRole('heading', { level: 1, name: words.board }));

        const bytes = Buffer.from('%PDF-1.4 a drawing');
        const hash = createHash('sha256').update(bytes).digest('hex');
        await keyed.ask(`/v1/attachments/${hash}`, { method: 'PUT', headers: { 'content-type': 'application/octet-stream' }, body: bytes });
        const { id } = await keyed.place({ order_no: 'X-KEY', lines: [] });
        await keyed.command(id, 'add_attachment', { hash, name: '图纸 1.pdf', media_type: 'application/pdf' });
        await page.goto(`${keyed.url}/orders/${id}`);
        const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '图纸 1.pdf' }).click()]);
        assert.equal(download.suggestedFilename(), '图纸 1.pdf');
        assert.deepEqual(readFileSync(await download.path()), bytes);

        await keyed.end();
        keyed.key = 'another key, which is in force now';
        await keyed.start();
        const dialog = page.getByRole('dialog', { name: words.ended });
        await visible(dialog);
        await accessible(page, 'a key that has ended');
        await visible(page.getByRole('heading', { level: 1, name: 'X-KEY' }));
        await enter('a key that nobody knows');
        await visible(dialog.getByRole('alert').filter({ hasText: words.wrong }));
        await enter(keyed.key);
        await dialog.waitFor({ state: 'detached' });
        await keyed.command(id, 'add_tag', { tag: 'goes-on' });
        await visible(page.getByText('goes-on', { exact: true }));
        assert.deepEqual(faults, []);
        await context.close();
      } finally {
        await keyed.close();
      }
    });
});
