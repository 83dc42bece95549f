// A stand-in for the server while working on the console:
//   node mock/main.mjs [--port 8090] [--lively] [--empty]
// Serves the API, and web/dist where it was built.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { createHandler, publicOrder } from './handler.mjs';
import { render } from './template.mjs';
import { World } from './world.mjs';

const argument = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : (process.argv[at + 1] ?? true);
};
const dist = new URL('../dist/', import.meta.url).pathname;
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2' };
export const consolePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const world = new World({ orders: process.argv.includes('--empty') ? 0 : 240 });
const handle = createHandler(world);
if (process.argv.includes('--lively')) setInterval(() => world.step(), 1000);

async function asset(path) {
  const file = extname(path) ? path : '/index.html';
  const bytes = await readFile(join(dist, file.slice(1)));
  return { bytes, type: types[extname(file)] ?? 'application/octet-stream' };
}
async function track(token, lang) {
  const view = publicOrder(world, token, lang);
  const page = await readFile(join(dist, 'public_page', view ? 'page.html' : 'not_found.html'), 'utf8');
  return { status: view ? 200 : 404, html: render(page, view ?? { lang }) };
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost');
  try {
    if (url.pathname.startsWith('/v1/')) {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const abort = new AbortController();
      response.on('close', () => abort.abort());
      const answer = await handle(new Request(url, { method: request.method, headers: request.headers, signal: abort.signal, ...(chunks.length && { body: Buffer.concat(chunks) }) }));
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      if (answer.body) Readable.fromWeb(answer.body).on('error', () => response.end()).pipe(response);
      else response.end();
    } else if (url.pathname.startsWith('/t/')) {
      const { status, html } = await track(url.pathname.slice(3), url.searchParams.get('lang') ?? (/^en/.test(request.headers['accept-language'] ?? '') ? 'en' : 'zh'));
      response.writeHead(status, { 'content-type': types['.html'], 'referrer-policy': 'no-referrer', 'x-robots-tag': 'noindex', 'content-security-policy': consolePolicy }).end(html);
    } else {
      const { bytes, type } = await asset(url.pathname);
      response.writeHead(200, { 'content-type': type, 'content-security-policy': consolePolicy, 'content-encoding': 'gzip' }).end(gzipSync(bytes));
    }
  } catch {
    if (!response.headersSent) response.writeHead(404);
    response.end();
  }
});
server.listen(Number(argument('port', 8090)), '127.0.0.1', () => console.log(`mock on http://127.0.0.1:${server.address().port}`));
