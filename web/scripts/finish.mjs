// After the build: copies the public page beside it and lays a .gz and a .br next to every text file,
// so that the server compresses nothing itself. Prints the size of the first load and fails when it is too big.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const root = new URL('../', import.meta.url).pathname;
const dist = join(root, 'dist');
mkdirSync(join(dist, 'public_page'), { recursive: true });
for (const name of ['page.html', 'not_found.html', 'busy.html']) copyFileSync(join(root, 'public_page', name), join(dist, 'public_page', name));
for (const name of ['track.css', 'track.js']) copyFileSync(join(root, 'public_page', name), join(dist, 'assets', name));

const files = (folder) =>
  readdirSync(folder).flatMap((name) => (statSync(join(folder, name)).isDirectory() ? files(join(folder, name)) : [join(folder, name)]));
for (const path of files(dist)) {
  if (!/\.(html|js|css|svg)$/.test(path) || path.includes('public_page')) continue;
  const bytes = readFileSync(path);
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT } }));
}

// The first load is what index.html names, what those import, and the board.
const size = (path) => gzipSync(readFileSync(path), { level: 9 }).length;
const seen = new Set();
function follow(path) {
  if (seen.has(path)) return;
  seen.add(path);
  const text = readFileSync(path, 'utf8');
  for (const [, name] of text.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g)) follow(join(dist, 'assets', name));
}
const html = readFileSync(join(dist, 'index.html'), 'utf8');
for (const [, name] of html.matchAll(/assets\/([\w.-]+\.js)/g)) follow(join(dist, 'assets', name));
for (const name of readdirSync(join(dist, 'assets'))) if (/^board_screen.*\.js$/.test(name)) follow(join(dist, 'assets', name));
const kilobytes = [...seen].reduce((sum, path) => sum + size(path), 0) / 1000;
const page = ['public_page/page.html', 'assets/track.css', 'assets/track.js'].reduce((sum, path) => sum + statSync(join(dist, path)).size, 0) / 1000;
console.log(`first load of the board: ${kilobytes.toFixed(0)} kB of compressed JavaScript (at most 350)`);
console.log(`public page: ${page.toFixed(1)} kB uncompressed (at most 100)`);
if (kilobytes > 350 || page > 100) process.exit(1);
