// The page behind a tracking link: for customers, without an account, in any browser.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { accessible, executable, launch, newPage, visible } from './browser.mjs';
import { missing, Server } from './server.mjs';

const skip = missing(executable);
const wechat =
  'Mozilla/5.0 (Linux; Android 13; V2166A Build/TP1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160117 MMWEBSDK/20240404 MicroMessenger/8.0.49.2600(0x28003133) WeChat/arm64 NetType/WIFI Language/zh_CN ABI/arm64';

describe('the public page', { skip }, () => {
  let server, browser, id, path;
  before(async () => {
    server = await new Server().start();
    browser = await launch();
    id = await server.ready('T-1');
    await server.command(id, 'ship_package', { carrier: 'zto', number: '73100000000901' });
    await server.scan('73100000000901', 'picked_up', { place: '北京朝阳区 张师傅 13900001111' });
    await server.scan('73100000000901', 'in_transit', { place: '南京市秦淮区 张师傅 13900001111' });
    path = await server.link(id);
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  it('says the essentials in the browser of WeChat without any script', async () => {
    const { page, faults, context } = await newPage(browser, { lang: 'zh', size: 'phone', origin: server.url, userAgent: wechat, javaScriptEnabled: false });
    await page.goto(server.url + path);
    await visible(page.getByRole('heading', { level: 1, name: '运输中' }));
    await visible(page.getByText(/^预计 .+ 前送达$/));
    await visible(page.getByText('73100000000901'));
    await visible(page.getByRole('listitem').filter({ hasText: '南京市' }));
    for (const secret of ['张', '13800005678', '文三路', '13900001111', '秦淮', '朝阳', '师傅']) assert.equal(await page.getByText(secret).count(), 0, secret);
    assert.deepEqual(faults, []);
    await context.close();
  });

  it('is small, asks nobody else, and says nothing that should not be known', async () => {
    const { page, faults, context } = await newPage(browser, { size: 'phone', origin: server.url });
    const sizes = [];
    page.on('requestfinished', (request) => sizes.push(request.sizes().then((size) => size.responseBodySize + size.responseHeadersSize)));
    const answer = await page.goto(server.url + path);
    await page.waitForLoadState('load');
    assert.ok(sizes.length >= 3, 'page, style and script');
    const total = (await Promise.all(sizes.splice(0))).reduce((a, b) => a + b, 0);
    assert.ok(total < 100_000, `${total} bytes`);
    const headers = answer.headers();
    assert.equal(headers['referrer-policy'], 'no-referrer');
    assert.match(headers['x-robots-tag'], /noindex/);
    assert.match(headers['content-security-policy'], /default-src 'none'/);
    assert.match(path, /^\/t\/[\w-]{22,}$/, 'at least 128 bits');
    for (const lang of ['zh', 'en']) {
      await page.goto(`${server.url}${path}?lang=${lang}`);
      await accessible(page, `public page, ${lang}`);
      const times = await page.locator('time').allTextContents();
      assert.ok(times.length > 2);
      for (const time of times) assert.match(time, lang === 'zh' ? /^\d+月\d+日 \d\d:\d\d$/ : /^\d+ [A-Z][a-z]{2} \d\d:\d\d$/);
    }
    assert.deepEqual(faults, []);
    await context.close();
  });

  it('is live while somebody looks', async () => {
    const number = '73100000000902';
    const other = await server.ready('T-2');
    const link = await server.link(other);
    const { page, context } = await newPage(browser, { origin: server.url });
    await page.clock.install();
    await page.goto(server.url + link);
    await visible(page.getByRole('heading', { level: 1, name: 'Preparing' }));
    await server.command(other, 'ship_package', { carrier: 'zto', number });
    await server.scan(number, 'delivered', { type: 'package_delivered', received_by: 'self', place: '杭州市' });
    await page.clock.fastForward(11_000);
    await visible(page.getByRole('heading', { level: 1, name: 'Delivered' }));
    await visible(page.getByText(/signed by the recipient/).first());
    await context.close();
  });

  it('is not there for tokens unknown, expired or taken back, and says the same for all', async () => {
    const { page, context } = await newPage(browser, { origin: server.url });
    const seen = async (address) => {
      const answer = await page.goto(server.url + address);
      assert.equal(answer.status(), 404);
      await visible(page.getByRole('heading', { level: 1 }));
      return answer.text();
    };
    const unknown = await seen(`${path.slice(0, -6)}AAAAAA`);
    // The last four bytes are the hour at which the link ends: another hour is another token.
    assert.equal(await seen(`/t/${'A'.repeat(path.length - 3)}`), unknown);
    const taken = await server.ready('T-3');
    const link = await server.link(taken);
    assert.equal((await page.goto(server.url + link)).status(), 200);
    await page.goto(`${server.url}/orders/${taken}`);
    await page.getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove a number' }).click();
    await visible(page.getByText(/: done$/));
    assert.equal(await seen(link), unknown);
    assert.equal((await fetch(`${server.url}/v1/public/${link.slice(3)}`)).status, 404);
    await context.close();
  });
});
