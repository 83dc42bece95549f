// Screenshots of every screen, in both languages, on a desk and on a phone. Without --base it starts
// the real server with a small company's day in it (tests/e2e/seed.mjs).
//   node shots.mjs [--to FOLDER] [--base http://127.0.0.1:8080] [--only board,order]
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { executable, launch, newPage, sizes } from '../tests/e2e/browser.mjs';
import { seed } from '../tests/e2e/seed.mjs';
import { missing, Server } from '../tests/e2e/server.mjs';

const argument = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const folder = argument('to', new URL('shots', import.meta.url).pathname);
const only = argument('only')?.split(',');
mkdirSync(folder, { recursive: true });

let server, empty;
let base = argument('base');
if (!base) {
  const why = missing(executable);
  if (why) {
    console.error(`no screenshots: ${why}`);
    process.exit(1);
  }
  server = await new Server().start();
  await seed(server);
  base = server.url;
  if (!only || only.includes('first_run')) empty = await new Server().start();
}

const first = async (query) => (await (await fetch(`${base}/v1/orders?limit=1&${query}`)).json()).items[0]?.id;
const any = (await first('')) ?? '';
const late = (await first('lane=overdue&category=in_transit')) ?? (await first('lane=overdue')) ?? any;
const held = (await first('category=held')) ?? any;
const torn = (await first('badge=data_conflict')) ?? any;
const preparing = (await first('category=preparing')) ?? any;
const returned = (await first('badge=after_sale_open')) ?? any;
const link = await fetch(`${base}/v1/orders/${torn}/commands/create_link`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: '{}',
}).then((answer) => answer.json(), () => ({}));

const firstButton = (page) => page.getByRole('toolbar').getByRole('button').first().click();
const press = (...names) => async (page) => {
  for (const name of names) await page.getByRole('button', { name }).first().click();
};
const lower = (page) => page.mouse.move(400, 500).then(() => page.mouse.wheel(0, 700));
const screens = {
  board: ['/'],
  groups: ['/?group=shop'],
  orders: ['/orders'],
  late: [`/orders/${late}`],
  order: [`/orders/${torn}`],
  timeline: [`/orders/${torn}`, lower],
  audit: [`/orders/${held}`, async (page) => (await page.getByText(/^(Audit|审计)$/).click(), lower(page))],
  then: [`/orders/${torn}`, press(/^(As it was|当时显示了什么)$/)],
  unknown: ['/orders/aaaaaaaaaaaaaaaa'],
  held: [`/orders/${held}`],
  after_sale: [`/orders/${returned}`],
  conflicts: ['/conflicts'],
  quarantine: ['/quarantine'],
  lifecycles: ['/lifecycles?id=retail&state=preparing'],
  live: ['/live', () => liven()],
  palette: ['/', (page) => page.keyboard.press('Control+k')],
  command: [`/orders/${held}`, firstButton],
  ship: [`/orders/${preparing}`, press(/^(Ship|发货)/)],
  bulk: ['/orders?category=ready', async (page) => {
    await page.getByRole('checkbox').first().check();
    await press(/^(Bulk|批量操作)/)(page);
  }],
  filters: ['/orders', press(/^(More filters|更多条件)/)],
  attributes: [`/orders/${preparing}`, async (page) => {
    await press(/^(More|更多) ▾$/)(page);
    await page.getByRole('menuitem', { name: /^(Set attributes|设置属性)$/ }).click();
    for (const name of [/^(Trade mode|贸易方式)$/, /^(Declared value|申报价值)$/]) {
      await page.getByRole('dialog').getByRole('combobox').last().click();
      await page.getByTitle(name).click();
    }
  }],
  paste: ['/orders', press(/^(Paste numbers|批量单号)$/)],
  chart: ['/lifecycles?id=made_to_order'],
  public: [link.result && new URL(link.result.url, base).pathname],
};

// The stream shows what comes while somebody looks.
let livened = 0;
async function liven() {
  if (!server) return;
  for (let i = 0; i < 6; i++) {
    livened += 1;
    const id = await server.ready(`SY-20261124-3${String(livened).padStart(3, '0')}`);
    await server.command(id, 'ship_package', { carrier: 'zto', number: `7320000${100000 + livened}` });
  }
}

let complaints = 0;
const browser = await launch();
for (const size of ['desk', 'phone'])
  for (const lang of ['zh', 'en']) {
    const { page, faults, context } = await newPage(browser, { lang, size, origin: base });
    for (const [name, [path, prepare]] of Object.entries(screens)) {
      if (!path || (only && !only.includes(name))) continue;
      const url = new URL(path, base);
      url.searchParams.set('lang', lang);
      await page.goto(url.href);
      await page.locator('h1, h2').first().waitFor();
      await page.waitForFunction(() => !document.querySelector('[role=status][aria-label="Loading"], [role=status][aria-label="加载中"]'));
      await prepare?.(page);
      await page.waitForTimeout(400);
      await page.screenshot({ path: join(folder, `${name}-${lang}-${size}.png`), fullPage: name === 'public' });
    }
    if (empty) {
      const first = await newPage(browser, { lang, size, origin: empty.url });
      await first.page.goto(empty.url);
      await first.page.getByRole('heading', { level: 2 }).first().waitFor();
      await first.page.screenshot({ path: join(folder, `first_run-${lang}-${size}.png`) });
      faults.push(...first.faults);
      await first.context.close();
    }
    complaints += faults.length;
    for (const fault of faults) console.log(`${sizes[size].width} px, ${lang}: ${fault.slice(0, 300)}`);
    await context.close();
  }
await browser.close();
await server?.close();
await empty?.close();
console.log(`pictures are in ${folder}; the browser complained ${complaints} times`);
