// Screenshots of every screen, in both languages, on a desk and on a phone, into web/shots.
//   node shots.mjs [--base http://127.0.0.1:8080] [--only board]
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';

const argument = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const base = argument('base', 'http://127.0.0.1:8090');
const only = argument('only');
const folder = new URL('shots/', import.meta.url).pathname;
mkdirSync(folder, { recursive: true });

const sizes = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
const list = async (query) => (await (await fetch(`${base}/v1/orders?limit=1&${query}`)).json()).items[0]?.id;
const busy = (await list('badge=after_sale_open')) ?? (await list('')) ?? '';
const held = (await list('state=on_hold')) ?? busy;
const moving = (await list('badge=data_conflict')) ?? busy;
const link = await fetch(`${base}/v1/orders/${moving}/commands/create_link`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }).then((r) => r.json(), () => ({}));

const screens = {
  board: ['/'],
  groups: ['/?group=shop'],
  orders: ['/orders'],
  order: [`/orders/${moving}`],
  held: [`/orders/${held}`],
  after_sale: [`/orders/${busy}`],
  conflicts: ['/conflicts'],
  quarantine: ['/quarantine'],
  lifecycles: ['/lifecycles?state=preparing'],
  live: ['/live', (page) => page.waitForTimeout(4_000)],
  palette: ['/', (page) => page.keyboard.press('Control+k')],
  command: [`/orders/${held}`, (page) => page.getByRole('toolbar').getByRole('button').first().click()],
  public: [link.result?.url],
};

let violations = 0;
for (const [size, viewport] of Object.entries(sizes))
  for (const lang of ['zh', 'en']) {
    const context = await browser.newContext({ viewport, deviceScaleFactor: 1, locale: lang === 'zh' ? 'zh-CN' : 'en-GB', timezoneId: 'Asia/Shanghai', hasTouch: size === 'phone', isMobile: size === 'phone' });
    const page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() !== 'error') return;
      violations += 1;
      console.log(`${size} ${lang} ${page.url()}: ${message.text().slice(0, 300)}`);
    });
    for (const [name, [path, prepare]] of Object.entries(screens)) {
      if (!path || (only && !only.split(',').includes(name))) continue;
      const url = new URL(path, base);
      url.searchParams.set('lang', lang);
      await page.goto(url.href);
      await page.waitForTimeout(900);
      await prepare?.(page);
      await page.waitForTimeout(400);
      await page.screenshot({ path: `${folder}${name}-${lang}-${size}.png`, fullPage: name === 'public' });
    }
    await context.close();
  }
await browser.close();
console.log(`pictures are in ${folder}; ${violations} errors in the browser's console`);
