// The stream: what happens while the server is away is seen when it is back, once, without reloading.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { executable, launch, newPage, visible } from './browser.mjs';
import { missing, Network, Server } from './server.mjs';

const skip = missing(executable);

describe('the stream', { skip }, () => {
  let server, browser;
  before(async () => {
    server = await new Server().start();
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  const follow = async (number) => {
    const id = await server.ready(number);
    const { page, faults } = await newPage(browser, { origin: server.url });
    let loads = 0;
    page.on('load', () => (loads += 1));
    await page.goto(`${server.url}/orders/${id}`);
    await visible(page.getByRole('heading', { level: 1, name: new RegExp(number) }));
    await visible(page.getByRole('status', { name: 'Live' }).or(page.getByText('Live', { exact: true })));
    return { id, page, faults, loads: () => loads };
  };

  for (const [name, signal] of [['is restarted', 'SIGTERM'], ['is killed', 'SIGKILL']])
    it(`goes on when the server ${name}`, async () => {
      const { id, page, faults, loads } = await follow(`S-${signal}`);
      const number = signal === 'SIGTERM' ? '73100000000101' : '73100000000102';
      await server.command(id, 'ship_package', { carrier: 'zto', number });
      await visible(page.getByRole('article', { name: 'Package shipped' }));
      await server.end(signal);
      await visible(page.getByText('Disconnected, trying again'));
      await server.start();
      await server.scan(number, 'in_transit', { place: '南京市' });
      await visible(page.getByRole('article', { name: 'Package scanned' }));
      await server.scan(number, 'delivered', { type: 'package_delivered', received_by: 'self' });
      await visible(page.locator('header').getByText('Delivered', { exact: true }));
      assert.equal(await page.getByRole('article', { name: 'Package scanned' }).count(), 1);
      assert.equal(await page.getByRole('article', { name: 'Package shipped' }).count(), 1);
      assert.equal(loads(), 1, 'without loading the page again');
      assert.deepEqual(faults, []);
      await page.context().close();
    });

  it('says nothing twice and misses nothing on the live screen over a restart', async () => {
    const { page, context } = await newPage(browser, { origin: server.url });
    await page.goto(`${server.url}/live`);
    await visible(page.getByRole('heading', { level: 1, name: 'Live' }));
    await visible(page.getByText('Waiting for a change'));
    for (let i = 0; i < 5; i++) await server.place({ order_no: `L-${i}`, lines: [] });
    await visible(page.getByRole('link', { name: 'L-4' }));
    await server.end('SIGKILL');
    await server.start();
    for (let i = 5; i < 10; i++) await server.place({ order_no: `L-${i}`, lines: [] });
    await visible(page.getByRole('link', { name: 'L-9' }));
    for (let i = 0; i < 10; i++) assert.equal(await page.getByRole('link', { name: `L-${i}`, exact: true }).count(), 1, `L-${i}`);
    await context.close();
  });

  it('goes on where it was when the machine wakes up, its connections dead without anybody having said so', async () => {
    const id = await server.ready('S-SLEEP');
    const network = await new Network().start(server.port);
    try {
      const { page, context } = await newPage(browser, { origin: network.url });
      await page.clock.install();
      await page.goto(`${network.url}/orders/${id}`);
      await visible(page.getByRole('heading', { level: 1, name: /S-SLEEP/ }));
      await visible(page.getByRole('status').filter({ hasText: 'Live' }));
      network.forget();
      await server.command(id, 'add_note', { text: 'said in the night' });
      await server.command(id, 'add_note', { text: 'said in the morning' });
      assert.equal(await page.getByText('said in the night').count(), 0);
      await page.clock.fastForward('09:00:00');
      await visible(page.getByText('said in the morning').first());
      await visible(page.getByText('said in the night').first());
      assert.equal(await page.getByRole('article', { name: 'Note added' }).count(), 2);
      await context.close();
    } finally {
      await network.close();
    }
  });

  it('goes on where it was after the network was gone', async () => {
    const { id, page, context } = await newPageOf(browser, server);
    await context.setOffline(true);
    await server.command(id, 'add_note', { text: 'said while nobody could hear it' });
    await context.setOffline(false);
    await page.evaluate(() => window.dispatchEvent(new Event('online')));
    await visible(page.getByText('said while nobody could hear it').first());
    await context.close();
  });
});

async function newPageOf(browser, server) {
  const id = await server.ready('S-OFFLINE');
  const { page, context } = await newPage(browser, { origin: server.url });
  await page.goto(`${server.url}/orders/${id}`);
  await visible(page.getByRole('heading', { level: 1, name: /S-OFFLINE/ }));
  return { id, page, context };
}
