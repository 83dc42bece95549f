// The real server for a journey: started on a free port with a temporary folder, stopped, killed and
// started again on the same port; and the few requests with which a journey makes things happen.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = new URL('../../', import.meta.url).pathname;
export const binary = process.env.CAIRN ?? join(root, 'build/release/src/app/cairn');
/// A folder to serve instead of the console inside the program.
const consoleFolder = process.env.CAIRN_WEB;

/// Why no journey can be made here, or nothing.
export function missing(browser) {
  if (!existsSync(binary)) return `no server at ${binary}: ./dev build`;
  if (!existsSync(browser)) return `no browser at ${browser}: apt-get install chromium`;
  return false;
}

export class Server {
  #process;
  #log = '';
  #isEnding = false;
  /// `definitions` are files put beside or over those that are shipped: path → text; with a `key` nobody
  /// is let in without it.
  constructor({ definitions, key } = {}) {
    this.key = key;
    this.folder = mkdtempSync(join(tmpdir(), 'cairn-e2e-'));
    this.data = join(this.folder, 'data');
    this.definitions = join(root, 'definitions');
    this.port = 0;
    if (!definitions) return;
    this.definitions = join(this.folder, 'definitions');
    cpSync(join(root, 'definitions'), this.definitions, { recursive: true });
    for (const [path, text] of Object.entries(definitions)) writeFileSync(join(this.definitions, path), text);
  }
  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  /// Starts it, on the port it had before where there was one.
  async start(...options) {
    const parts = ['serve', ...(this.key ? ['--api-key', this.key] : ['--keyless']), '--no-demo', '--data', this.data, '--port', String(this.port), '--definitions', this.definitions, ...(consoleFolder ? ['--web', consoleFolder] : []), ...options];
    this.#process = spawn(binary, parts, { stdio: ['ignore', 'pipe', 'pipe'] });
    const started = new Promise((resolve, reject) => {
      const read = (bytes) => {
        this.#log += bytes;
        const said = /http:\/\/127\.0\.0\.1:(\d+)\//.exec(this.#log);
        if (said) resolve(Number(said[1]));
      };
      this.#process.stdout.on('data', read);
      this.#process.stderr.on('data', read);
      this.#process.once('exit', (code, signal) => {
        reject(new Error(`the server ended with ${code ?? signal}:\n${this.#log}`));
        if (!this.#isEnding) console.error(`the server ended by itself with ${code ?? signal}:\n${this.#log}`);
      });
    });
    this.#log = '';
    this.#isEnding = false;
    this.port = await started;
    return this;
  }
  async end(signal = 'SIGTERM') {
    this.#isEnding = true;
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill(signal);
    await ended;
  }
  /// Ends it and takes its folder away.
  async close() {
    if (this.#process?.exitCode === null && this.#process.signalCode === null) await this.end();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async ask(path, options = {}) {
    const response = await fetch(this.url + path, { ...options, headers: { ...options.headers, ...(this.key && { authorization: `Bearer ${this.key}` }) } });
    const text = await response.text();
    if (!response.ok) throw new Error(`${options.method ?? 'GET'} ${path} answered ${response.status}: ${text}`);
    return text ? JSON.parse(text) : undefined;
  }
  send(path, body, type = 'application/json') {
    return this.ask(path, { method: 'POST', headers: { 'content-type': type }, body: typeof body === 'string' ? body : JSON.stringify(body) });
  }
  place(order) {
    return this.send('/v1/orders', { shop: 'shanye', currency: 'CNY', ...order });
  }
  command(order, name, data = {}) {
    return this.send(`/v1/orders/${order}/commands/${name}`, data);
  }
  async tell(...facts) {
    const answer = await this.send('/v1/events', facts.map((fact) => JSON.stringify({ source: 'generic', ...fact })).join('\n'), 'application/x-ndjson');
    if (answer.rejected > 0) throw new Error(`rejected: ${JSON.stringify(answer.rejected_lines)}`);
    return answer;
  }
  async link(order) {
    const { result } = await this.command(order, 'create_link');
    return new URL(result.url, this.url).pathname;
  }
  order(id) {
    return this.ask(`/v1/orders/${id}`);
  }

  /// An order of two tents and a lamp, paid and given to the warehouse.
  async ready(number, more = {}) {
    const { id } = await this.place({
      order_no: number,
      total: 60500,
      buyer: { id: `c-${number}`, name: '张三', phone: '13800005678', city: '杭州市', address: '文三路 1 号' },
      promised_delivery: new Date(Date.now() + 3 * 86_400_000).toISOString(),
      lines: [
        { id: '1', sku: 'TENT-2P', name: '双人帐篷', quantity: 2, price: 51600 },
        { id: '2', sku: 'LAMP', name: '营地灯', quantity: 1, price: 8900 },
      ],
      ...more,
    });
    await this.command(id, 'record_payment', { amount: 60500, in_full: true });
    await this.command(id, 'approve_order');
    await this.command(id, 'release_order');
    return id;
  }
  /// A scan as a carrier reports it, by the number of the parcel alone.
  scan(number, milestone, more = {}) {
    const { occurred = new Date().toISOString(), type = 'package_scanned', ...data } = more;
    return this.tell({ id: `${number}-${milestone}-${occurred}`, type, reference: { scheme: 'tracking', issuer: 'zto', value: number }, occurred, data: { carrier: 'zto', number, ...(type === 'package_scanned' && { milestone }), ...data } });
  }
}

/// A network between browser and server that can go silent: what is sent then is lost and nobody is
/// told, as when a laptop sleeps or a router forgets a connection.
export class Network {
  #sockets = new Set();
  #server;
  async start(to) {
    this.#server = createServer((near) => {
      const far = connect(to, '127.0.0.1');
      for (const [from, into] of [[near, far], [far, near]]) {
        from.isSilent = false;
        this.#sockets.add(from);
        from.on('data', (bytes) => {
          if (from === near && bytes.includes('/live')) near.isStream = far.isStream = true;
          if (!from.isSilent) into.write(bytes);
        });
        from.on('error', () => undefined);
        from.on('close', () => {
          this.#sockets.delete(from);
          if (!from.isSilent) into.destroy();
        });
      }
    });
    await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${this.#server.address().port}`;
    return this;
  }
  /// The streams there are now say nothing any more, without an end; other connections end, and new
  /// ones are well.
  forget() {
    for (const socket of this.#sockets)
      if (socket.isStream) socket.isSilent = true;
      else socket.destroy();
  }
  async close() {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
