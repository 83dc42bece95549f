// 31,199 real orders, where they lie beside the checkout: imported, listed, looked into.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { executable, launch, newPage, visible } from './browser.mjs';
import { binary, missing, Server } from './server.mjs';

const folder = new URL('../../../shared/data/olist/dev', import.meta.url).pathname;
const skip = missing(executable) || (!existsSync(folder) && 'the Olist orders are not beside this checkout (../shared/data/olist/dev)');

describe('Olist', { skip }, () => {
  let server, browser;
  before(async () => {
    server = new Server();
    await promisify(execFile)(binary, ['import', '--source', `${server.definitions}/sources/olist.yaml`, '--definitions', server.definitions, '--data', server.data, folder]);
    await server.start();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  it('is listed, found by number, and shown with all its history', async () => {
    const { page, faults, context } = await newPage(browser, { origin: server.url });
    await page.goto(`${server.url}/orders`);
    await visible(page.getByText('31,199 orders'));
    await page.goto(`${server.url}/orders?state=delivered`);
    await visible(page.getByText(/28,\d\d\d orders/));
    const first = page.getByRole('table', { name: 'Orders' }).getByRole('link').first();
    const number = await first.innerText();
    await page.getByRole('textbox', { name: 'Number, customer, goods …' }).fill(number);
    await visible(page.getByText('1 orders'));
    await page.getByRole('link', { name: number }).click();
    await visible(page.getByRole('heading', { level: 1, name: new RegExp(number) }));
    await visible(page.getByRole('article', { name: 'Order placed' }));
    await visible(page.getByRole('article', { name: /delivered/i }).first());
    await page.goto(server.url);
    await visible(page.getByRole('group', { name: /^In transit · / }).first());
    await visible(page.getByRole('link', { name: /^Closed [\d,]+$/ }));
    await page.goto(`${server.url}/lifecycles?id=retail`);
    await visible(page.getByRole('button', { name: /^Delivered 28,\d\d\d$/ }));
    const broken = await page.evaluate(() => document.body.innerText.match(/NaN|undefined|\[object|Invalid Date/)?.[0]);
    assert.equal(broken, undefined);
    assert.deepEqual(faults, []);
    await context.close();
  });
});
