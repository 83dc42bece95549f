// Debian's Chromium, and what every journey asks of a page.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const executable = process.env.CHROMIUM ?? '/usr/bin/chromium';
const quiet = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
export const sizes = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 }, wall: { width: 2560, height: 1200 } };

export function launch() {
  return chromium.launch({ executablePath: executable, headless: true, args: quiet });
}

/// A page of its own; `faults` collects what the browser complains of: errors, refused styles and
/// scripts, requests to somewhere else.
export async function newPage(browser, { lang = 'en', size = 'desk', origin, ...more } = {}) {
  const context = await browser.newContext({
    viewport: sizes[size],
    locale: lang === 'zh' ? 'zh-CN' : 'en-GB',
    timezoneId: 'Asia/Shanghai',
    hasTouch: size === 'phone',
    isMobile: size === 'phone',
    serviceWorkers: 'block',
    ...more,
  });
  const page = await context.newPage();
  // Ends what would never come; on a busy machine everything else may take its time.
  page.setDefaultTimeout(Number(process.env.CAIRN_E2E_PATIENCE_MS ?? 120_000));
  const faults = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource|ERR_CONNECTION|ERR_INCOMPLETE|ERR_NETWORK/.test(message.text())) faults.push(message.text());
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (origin && !['data:', 'blob:'].includes(url.protocol) && url.origin !== origin) faults.push(`asked ${url.origin}`);
  });
  return { page, faults, context };
}

/// No violation of WCAG 2.2 AA that a machine can find.
export async function accessible(page, what) {
  // A policy that allows only own scripts also stops axe: it is given to the page by the debugger.
  await page.evaluate(axe);
  // What fades in has not its colours yet.
  await page.evaluate(() => Promise.allSettled(document.getAnimations().filter((a) => a.effect?.getComputedTiming().endTime !== Infinity).map((a) => a.finished)));
  const violations = await page.evaluate(async () => {
    const { violations: found } = await globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] });
    return found.flatMap((v) => v.nodes.slice(0, 3).map((n) => `${v.id}: ${n.html.slice(0, 140)} ${n.failureSummary?.slice(0, 200)}`));
  });
  assert.deepEqual(violations, [], what);
}

export async function visible(locator) {
  await locator.first().waitFor({ state: 'visible' });
}
