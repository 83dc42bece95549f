// Every screen, in both languages, on a desk and on a phone: it opens, is accessible, fits, and
// neither breaks its policy nor asks anybody else.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { accessible, executable, launch, newPage, visible } from './browser.mjs';
import { seed } from './seed.mjs';
import { missing, Server } from './server.mjs';

const skip = missing(executable);
const titles = {
  '/': ['看板', 'Board'],
  '/?group=shop': ['看板', 'Board'],
  '/orders': ['订单', 'Orders'],
  '/conflicts': ['冲突', 'Conflicts'],
  '/quarantine': ['待匹配', 'Quarantine'],
  '/lifecycles?id=retail&state=preparing': ['状态流程', 'Lifecycles'],
  '/live': ['实时', 'Live'],
};

describe('the screens', { skip }, () => {
  let server, browser, made;
  before(async () => {
    server = await new Server().start();
    made = await seed(server);
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  for (const size of ['desk', 'phone'])
    for (const [at, lang] of ['zh', 'en'].entries())
      it(`open on a ${size} in ${lang}`, async () => {
        const { page, faults, context } = await newPage(browser, { lang, size, origin: server.url });
        const paths = { ...titles };
        for (const order of [made.held, made.moving, made.after_sale]) paths[`/orders/${order.id}`] = [order.order_no, order.order_no];
        for (const [path, names] of Object.entries(paths)) {
          await page.goto(server.url + path);
          await visible(page.getByRole('heading', { level: 1, name: new RegExp(names[at]) }));
          await page.waitForLoadState('load');
          await page.waitForFunction(() => !document.querySelector('[role=status][aria-label="Loading"], [role=status][aria-label="加载中"]'));
          assert.equal(await page.getAttribute('html', 'lang'), lang === 'zh' ? 'zh-CN' : 'en');
          const { wide, broken } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth - innerWidth, broken: document.body.innerText.match(/NaN|undefined|\[object|Invalid Date/)?.[0] }));
          assert.ok(wide <= 0, `${path} is ${wide} px too wide`);
          assert.equal(broken, undefined, `${path} says ${broken}`);
          await accessible(page, `${path} ${lang} ${size}`);
        }
        assert.deepEqual(faults, []);
        await context.close();
      });

  it('change language at once, and remember it', async () => {
    const { page, context } = await newPage(browser, { lang: 'zh', origin: server.url });
    await page.goto(server.url);
    await page.getByRole('button', { name: 'English' }).click();
    await visible(page.getByRole('heading', { level: 1, name: 'Board' }));
    await page.reload();
    await visible(page.getByRole('heading', { level: 1, name: 'Board' }));
    await context.close();
  });

  it('can be walked through with keys alone', async () => {
    const { page, context } = await newPage(browser, { origin: server.url });
    await page.goto(server.url);
    await visible(page.getByRole('heading', { level: 1, name: 'Board' }));
    await page.keyboard.press('Control+k');
    await page.keyboard.type(made.held.order_no);
    await page.keyboard.press('Enter');
    await visible(page.getByRole('link', { name: made.held.order_no }));
    await page.getByRole('link', { name: made.held.order_no }).press('Enter');
    await visible(page.getByRole('heading', { level: 1, name: new RegExp(made.held.order_no) }));
    await page.keyboard.press('Control+k');
    await page.keyboard.type('Release');
    await page.keyboard.press('Enter');
    await visible(page.getByRole('dialog'));
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await context.close();
  });

  it('find many pasted numbers at once, and name those that are unknown', async () => {
    const { page, context } = await newPage(browser, { origin: server.url });
    await page.goto(`${server.url}/orders`);
    await page.getByRole('button', { name: 'Paste numbers' }).click();
    await page.getByRole('textbox', { name: /Up to 200/ }).fill(`${made.held.order_no}\n${made.moving.number}\nNOWHERE-1`);
    await page.getByRole('button', { name: 'Find 3' }).click();
    await visible(page.getByRole('link', { name: made.held.order_no }));
    await visible(page.getByRole('link', { name: made.moving.order_no }));
    await visible(page.getByText('1 not found'));
    await context.close();
  });

  it('attach what waits in quarantine to its order', async () => {
    const { page, context } = await newPage(browser, { origin: server.url });
    await page.goto(`${server.url}/quarantine`);
    const waiting = page.getByRole('article', { name: '7399900000100' });
    await waiting.getByRole('button', { name: 'Attach' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('searchbox', { name: 'Order number' }).fill(made[5].order_no);
    await dialog.getByRole('button', { name: 'Find' }).click();
    await dialog.getByRole('button', { name: `Attach to ${made[5].order_no}` }).click();
    await waiting.waitFor({ state: 'hidden' });
    await page.goto(`${server.url}/orders/${made[5].id}`);
    await visible(page.getByText('武汉市').first());
    await context.close();
  });
});
