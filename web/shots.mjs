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

let server;
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
}

const first = async (query) => (await (await fetch(`${base}/v1/orders?limit=1&${query}`)).json()).items[0]?.id;
const any = (await first('')) ?? '';
const late = (await first('lane=overdue&category=in_transit')) ?? (await first('lane=overdue')) ?? any;
const held = (await first('category=held')) ?? any;
const torn = (await first('badge=data_conflict')) ?? any;
const returned = (await first('badge=after_sale_open')) ?? any;
const link = await fetch(`${base}/v1/orders/${torn}/commands/create_link`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: '{}',
}).then((answer) => answer.json(), () => ({}));

const firstButton = (page) => page.getByRole('toolbar').getByRole('button').first().click();
const screens = {
  board: ['/'],
  groups: ['/?group=shop'],
  orders: ['/orders'],
  late: [`/orders/${late}`],
  order: [`/orders/${torn}`],
  held: [`/orders/${held}`],
  after_sale: [`/orders/${returned}`],
  conflicts: ['/conflicts'],
  quarantine: ['/quarantine'],
  lifecycles: ['/lifecycles?id=retail&state=preparing'],
  live: ['/live', () => liven()],
  palette: ['/', (page) => page.keyboard.press('Control+k')],
  command: [`/orders/${held}`, firstButton],
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
      await page.locator('h1').first().waitFor();
      await page.waitForLoadState('networkidle', { timeout: 1_500 }).catch(() => undefined);
      await prepare?.(page);
      await page.waitForTimeout(600);
      await page.screenshot({ path: join(folder, `${name}-${lang}-${size}.png`), fullPage: name === 'public' });
    }
    complaints += faults.length;
    for (const fault of faults) console.log(`${sizes[size].width} px, ${lang}: ${fault.slice(0, 300)}`);
    await context.close();
  }
await browser.close();
await server?.close();
console.log(`pictures are in ${folder}; the browser complained ${complaints} times`);
