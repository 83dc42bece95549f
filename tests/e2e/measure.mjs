// How fast the console is with 100,000 open orders. Prints figures, asserts nothing.
//   web/measure.sh [FILE [orders]]        with a file, also as a table into it
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { executable, launch, newPage } from './browser.mjs';
import { missing, Server } from './server.mjs';

const [to, wanted = 100_000] = [process.argv[2], Number(process.argv[3] ?? 100_000)];
const why = missing(executable);
if (why) {
  console.error(`nothing measured: ${why}`);
  process.exit(1);
}
const hour = 3_600_000;
const shops = ['北岸数码', '山野户外', '鲜到家', 'NorthStar', 'OakDesk'];
const at = (ms) => new Date(Date.now() + ms).toISOString();

/// Facts of one order: placed, most paid, some released; a tenth is late, a twentieth has no promise.
function* facts(i) {
  const subject = `order:M-${String(i).padStart(6, '0')}`;
  const promised = i % 20 === 7 ? {} : { promised_delivery: at(((i % 97) - 10) * hour) };
  yield { id: `m${i}`, type: 'order_placed', subject, occurred: at(-30 * hour), data: { order_no: subject.slice(6), shop: shops[i % 5], currency: 'CNY', total: 100 + i, lines: [{ id: '1', sku: `S${i % 50}`, name: `货品 ${i % 50}`, quantity: 1 + (i % 3), price: 100 + i }], ...promised } };
  if (i % 4) yield { id: `p${i}`, type: 'payment_received', subject, occurred: at(-29 * hour), data: { payment_id: `p${i}`, amount: 100 + i, in_full: true } };
  if (i % 4 > 1) yield { id: `r${i}`, type: 'order_released', subject, occurred: at(-28 * hour), data: {} };
}

async function load(server) {
  const began = Date.now();
  for (let from = 0; from < wanted; from += 5_000) {
    const batch = [];
    for (let i = from; i < Math.min(from + 5_000, wanted); i++) batch.push(...facts(i));
    await server.tell(...batch);
  }
  return Date.now() - began;
}

/// Longest and mean time between frames, and how many were longer than 50 ms, while `during` happens.
async function frames(page, during) {
  await page.evaluate(() => {
    globalThis.gaps = [];
    let before = performance.now();
    const tick = (now) => {
      globalThis.gaps.push(now - before);
      before = now;
      globalThis.ticking = requestAnimationFrame(tick);
    };
    globalThis.ticking = requestAnimationFrame(tick);
  });
  await during();
  return page.evaluate(() => {
    cancelAnimationFrame(globalThis.ticking);
    const gaps = globalThis.gaps.slice(1);
    return { frames: gaps.length, mean: gaps.reduce((a, b) => a + b, 0) / gaps.length, longest: Math.max(...gaps), over50: gaps.filter((g) => g > 50).length };
  });
}

const figures = [];
const say = (name, value, goal = '') => {
  figures.push([name, value, goal]);
  console.log(`${name.padEnd(46)} ${String(value).padStart(12)}  ${goal}`);
};
const load_at_start = loadavg()[0].toFixed(1);
const table = () => `# The console in figures

Written by \`web/measure.sh docs/console.md\`: Debian's Chromium without a graphics card against the real
server, both on this machine. Times depend on the machine and on who else works on it; no test asserts
them.

- ${cpus().length} × ${cpus()[0].model}, load average at the start ${load_at_start}
- ${new Date().toISOString().slice(0, 10)}, ${wanted.toLocaleString('en-US')} orders

| what | figure | aim |
|---|---|---|
${figures.map((row) => `| ${row.join(' | ')} |`).join('\n')}
`;
const ms = (value) => `${value.toFixed(0)} ms`;

const server = await new Server().start();
const browser = await launch();
try {
  say(`${wanted} orders reported`, ms(await load(server)));
  const { total } = await server.ask('/v1/board?limit=0');
  say('open orders on the board', total);

  const cold = await newPage(browser, { origin: server.url });
  await cold.page.goto(server.url);
  await cold.page.getByRole('article').first().waitFor();
  const first = await cold.page.evaluate(() => {
    const paint = performance.getEntriesByType('paint').find((e) => e.name === 'first-contentful-paint')?.startTime ?? 0;
    const scripts = performance.getEntriesByType('resource').filter((e) => e.name.endsWith('.js')).reduce((sum, e) => sum + e.encodedBodySize, 0);
    return { paint, cards: performance.now(), scripts };
  });
  say('first paint, cold', ms(first.paint), '< 1,000 ms');
  say('cards on the board, cold', ms(first.cards), '< 1,000 ms');
  say('JavaScript of the board, compressed', `${(first.scripts / 1000).toFixed(0)} kB`, '< 350 kB');
  await cold.page.reload();
  await cold.page.getByRole('article').first().waitFor();
  say('cards on the board, warm', ms(await cold.page.evaluate(() => performance.now())), '< 1,000 ms');

  const { page } = cold;
  const list = page.getByRole('group', { name: / · Normal, / }).first();
  await list.hover();
  const still = await frames(page, async () => {
    for (let i = 0; i < 40; i++) await page.mouse.wheel(0, i < 30 ? 120 : -200);
  });
  say('scrolling a cell: mean between frames', ms(still.mean), '≈ 17 ms');
  say('… longest, and frames over 50 ms', `${ms(still.longest)}, ${still.over50}/${still.frames}`, 'none over 50 ms');
  const busy = await frames(page, async () => {
    const changes = Array.from({ length: 200 }, (_, i) => ({ id: `late${i}`, type: 'payment_received', subject: `order:M-${String(i * 4).padStart(6, '0')}`, occurred: at(0), data: { payment_id: `late${i}`, amount: 100 + i * 4, in_full: true } }));
    for (let i = 0; i < 10; i++) {
      await server.tell(...changes.slice(i * 20, i * 20 + 20));
      await page.mouse.wheel(0, 120);
    }
  });
  say('200 changes while scrolling: longest frame', `${ms(busy.longest)}, ${busy.over50}/${busy.frames}`, 'none over 50 ms');

  await page.evaluate(() => {
    globalThis.slow = [];
    new PerformanceObserver((entries) => globalThis.slow.push(...entries.getEntries().map((e) => ({ name: e.name, ms: e.duration })))).observe({ type: 'event', durationThreshold: 16 });
  });
  const interaction = async (name, act) => {
    await page.evaluate(() => (globalThis.slow.length = 0));
    await act();
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve, 100)))));
    const longest = await page.evaluate(() => Math.max(0, ...globalThis.slow.map((e) => e.ms)));
    say(`interaction: ${name}`, ms(longest), '< 100 ms');
  };
  await interaction('palette', () => page.keyboard.press('Control+k'));
  await interaction('typing in it', () => page.keyboard.type('ord'));
  await page.keyboard.press('Escape');
  await interaction('menu of a card', () => page.getByRole('button', { name: /^Move to/ }).first().click());
  await page.keyboard.press('Escape');
  await interaction('opening an order', () => page.getByRole('article').first().getByRole('link').click());
  await page.getByRole('toolbar').waitFor();
  await interaction('a command\'s form', () => page.getByRole('toolbar').getByRole('button').first().click());
  await page.keyboard.press('Escape');
  await interaction('the list of orders', () => page.getByRole('navigation').getByRole('link', { name: 'Orders' }).click());
  await page.getByRole('table').waitFor();
  await interaction('typing a filter', () => page.getByRole('textbox').first().pressSequentially('M-0001'));

  const link = await server.link((await server.ask('/v1/orders?limit=1')).items[0].id);
  const phone = await newPage(browser, { size: 'phone', origin: server.url });
  const asked = [];
  phone.page.on('requestfinished', (request) => asked.push(request.sizes()));
  await phone.page.goto(server.url + link);
  await phone.page.waitForLoadState('load');
  const painted = await phone.page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime);
  const bytes = (await Promise.all(asked)).reduce((sum, size) => sum + size.responseBodySize + size.responseHeadersSize, 0);
  say('public page, everything', `${(bytes / 1000).toFixed(1)} kB`, '< 100 kB');
  say('public page, first paint', ms(await painted.jsonValue()));
  if (to) writeFileSync(to, table());
} finally {
  await browser.close();
  await server.close();
}
