// Requests to answers, as api/openapi.yaml says, over a World. Knows no sockets: tests hand it to the
// console as `fetch`, main.mjs puts it behind a port.
import { columnsOf, labelOf } from './world.mjs';

const json = (body, status = 200, headers = {}) =>
  new Response(status === 204 || status === 304 ? null : JSON.stringify(body), {
    status,
    headers: { 'content-type': status >= 400 ? 'application/problem+json' : 'application/json', ...headers },
  });
const notFound = (detail) => json({ type: 'not-found', code: 'not-found', title: 'Not found', title_zh: '未找到', status: 404, detail, request: 'r0', retryable: false }, 404);
const list = (text) => (text ? text.split(/[,\n，、\s]+/).filter(Boolean) : []);

function filter(world, q) {
  const is = (name, value) => { const want = list(q.get(name)); return !want.length || want.some((w) => [].concat(value).includes(w)); };
  return (row) =>
    is('id', row.id) && is('state', row.status.state) && is('category', row.status.category) && is('health', row.status.health) &&
    is('lane', row.status.lane) && is('lifecycle', row.status.lifecycle) && is('shop', row.shop) && is('warehouse', row.warehouse) &&
    is('supplier', row.suppliers) && is('carrier', row.carriers) && is('tag', row.tags) && is('hold', row.holds) && is('badge', row.badges) &&
    hasAttributes(world.orders.get(row.id).attributes, q.getAll('attribute').flatMap(list)) &&
    (q.get('has_after_sale') == null || (q.get('has_after_sale') === 'true') === row.badges.includes('after_sale_open')) &&
    (q.get('open') == null || (q.get('open') === 'true') === isOpen(world, row)) &&
    (!q.get('placed_from') || row.placed_at >= q.get('placed_from')) && (!q.get('placed_until') || row.placed_at <= q.get('placed_until')) &&
    (!q.get('phone_tail') || world.orders.get(row.id).buyer?.phone?.endsWith(q.get('phone_tail'))) &&
    (!q.get('q') || `${row.status.order_no} ${row.buyer} ${row.summary} ${numbersOf(world, row.id).join(' ')}`.toLowerCase().includes(q.get('q').toLowerCase()));
}
/// Several values of one attribute are one or the other; several attributes hold all.
function hasAttributes(attributes, wanted) {
  const names = [...new Set(wanted.map((w) => w.split(':')[0]))];
  return names.every((name) => wanted.includes(`${name}:${attributes[name]}`));
}
const isOpen = (world, row) => world.meta.categories.find((c) => c.code === row.status.category)?.open ?? false;
const numbersOf = (world, id) => { const o = world.orders.get(id); return [o.order_no, id, ...o.packages.map((p) => p.number), ...o.references.map((r) => r.value)]; };
const sorts = { placed_at: (r) => r.placed_at, changed_at: (r) => r.changed_at, promised: (r) => r.due_at ?? '9', total: (r) => r.total };

/// Rows carry the attributes that were asked for.
function withAttributes(world, row, names) {
  const all = world.orders.get(row.id).attributes;
  return names.length ? { ...row, attributes: Object.fromEntries(names.filter((n) => n in all).map((n) => [n, all[n]])) } : row;
}

function listOrders(world, q) {
  let rows = [...world.orders.values()].map((o) => world.row(o));
  const numbers = list(q.get('numbers'));
  let notFoundNumbers;
  if (numbers.length) {
    const found = new Set();
    rows = rows.filter((r) => numbersOf(world, r.id).some((n) => numbers.includes(n) && found.add(n)));
    notFoundNumbers = numbers.filter((n) => !found.has(n));
  }
  rows = rows.filter(filter(world, q));
  const sort = q.get('sort') ?? '-placed_at';
  const key = sorts[sort.replace('-', '')] ?? sorts.placed_at;
  rows.sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : a.id < b.id ? -1 : 1) * (sort.startsWith('-') ? -1 : 1));
  const start = Number(q.get('cursor') ?? 0);
  const limit = Number(q.get('limit') ?? 50);
  return json({ items: rows.slice(start, start + limit).map((row) => withAttributes(world, row, list(q.get('attributes')))), ...(start + limit < rows.length && { next_cursor: String(start + limit) }), total: rows.length, ...(notFoundNumbers && { not_found: notFoundNumbers }), position: String(world.position), as_of: new Date(world.now()).toISOString() });
}

function board(world, q) {
  const rows = [...world.orders.values()].map((o) => world.row(o)).filter(filter(world, q));
  const limit = Number(q.get('limit') ?? 50);
  const closed = q.get('closed') === 'true';
  const start = Number(q.get('cursor') ?? 0);
  const columns = columnsOf(closed).filter((c) => !q.get('category') || list(q.get('category')).includes(c.code)).map((c) => {
    const mine = rows.filter((r) => r.status.category === c.code);
    const lanes = {};
    for (const lane of world.meta.lanes) {
      const cell = mine.filter((r) => r.status.lane === lane.code).sort((a, b) => (a.due_at ?? '9').localeCompare(b.due_at ?? '9'));
      if (cell.length) lanes[lane.code] = { count: cell.length, items: cell.slice(start, start + limit), ...(start + limit < cell.length && { next_cursor: String(start + limit) }) };
    }
    return { category: c.code, count: mine.length, lanes };
  });
  const groupOf = { shop: (r) => [r.shop], supplier: (r) => r.suppliers, carrier: (r) => r.carriers, warehouse: (r) => [r.warehouse], state: (r) => [`${r.status.lifecycle}/${r.status.state}`] }[q.get('group')];
  const groups = new Map();
  if (groupOf) for (const r of rows) if (closed || isOpen(world, r)) for (const value of groupOf(r).length ? groupOf(r) : ['']) {
    const g = groups.get(value) ?? { value, count: 0, lanes: {} };
    g.count += 1;
    g.lanes[r.status.lane] = (g.lanes[r.status.lane] ?? 0) + 1;
    groups.set(value, g);
  }
  return json({ columns, groups: [...groups.values()].sort((a, b) => (b.lanes.overdue ?? 0) - (a.lanes.overdue ?? 0) || b.count - a.count), total: rows.filter((r) => isOpen(world, r)).length, position: String(world.position), as_of: new Date(world.now()).toISOString() });
}

function stream(world, request, only) {
  const q = new URL(request.url).searchParams;
  const after = Number(request.headers.get('last-event-id') ?? q.get('after') ?? world.position);
  const shops = list(q.get('shop'));
  const wants = (c) => (!only || c.id === only) && (!shops.length || shops.includes(c.shop));
  const text = new TextEncoder();
  let stop = () => {};
  return new Response(new ReadableStream({
    start(out) {
      const send = (event, id, data) => out.enqueue(text.encode(`event: ${event}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`));
      out.enqueue(text.encode('retry: 1000\n\n'));
      if (after < (world.changes[0]?.position ?? 0) - 1) send('reset', world.position, { reason: 'too_old' });
      else for (const { position, change } of world.changes) if (position > after && wants(change)) send('change', position, change);
      const listener = (position, change) => { if (wants(change)) send('change', position, change); };
      world.listeners.add(listener);
      const beat = setInterval(() => send('heartbeat', world.position, { at: new Date(world.now()).toISOString() }), 15_000);
      stop = () => { world.listeners.delete(listener); clearInterval(beat); try { out.close(); } catch { /* gone already */ } };
      request.signal?.addEventListener('abort', stop);
      world.streams?.add(stop);
    },
    cancel() { stop(); },
  }), { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' } });
}

export function publicOrder(world, token, lang) {
  const o = world.orders.get(world.links.get(token));
  if (!o) return undefined;
  const zh = lang !== 'en';
  const pick = (label) => (zh ? label.zh : label.en);
  const status = world.status(o);
  const stateDef = world.stateDef(o);
  const when = (iso) => iso && new Date(iso).toLocaleString(zh ? 'zh-CN' : 'en-GB', { timeZone: 'Asia/Shanghai', month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit' });
  const done = (type) => o.timeline.find((e) => e.type === type)?.occurred;
  const way = [['order_placed', '已下单', 'Ordered'], ['payment_received', '已付款', 'Paid'], ['package_shipped', '已发货', 'Shipped'], ['package_delivered', '已签收', 'Delivered']];
  const sentence = (p) => { const m = world.meta.milestones.find((x) => x.code === p.milestone); return pick(m.sentence).replace('{place}', p.last_place ?? '').replace('{time}', when(p.last_seen_at) ?? '').replace('{carrier}', pick(labelOf(world.meta.words.carrier, p.carrier))).replace('{city}', o.buyer?.city ?? '').replace('{pickup_place}', zh ? '驿站' : 'the parcel station'); };
  const tone = { overdue: 'bad', at_risk: 'warn', unverified: 'unknown', normal: 'good' }[status.lane];
  return {
    lang: zh ? 'zh' : 'en', title: zh ? `订单 ${o.order_no}` : `Order ${o.order_no}`, shop: pick(labelOf(world.meta.words.shop, o.shop)), label: pick(stateDef.customer), tone,
    sentence: o.packages.length ? sentence(o.packages.at(-1)) : zh ? '商家正在处理您的订单。' : 'The seller is preparing your order.',
    ...(status.promise ? { promise_text: zh ? `预计 ${when(status.promise.to)} 前送达` : `Expected by ${when(status.promise.to)}` } : { unknown_text: zh ? '送达时间尚未确定，确定后会显示在这里。' : 'The delivery date is not known yet; it will appear here.' }),
    steps: way.map(([type, z, e]) => ({ label: zh ? z : e, done: !!done(type), ...(done(type) && { at: done(type), at_text: when(done(type)) }) })),
    packages: o.packages.map((p, i) => ({ title: `${zh ? '包裹' : 'Parcel'} ${i + 1}/${o.packages.length}`, carrier: pick(labelOf(world.meta.words.carrier, p.carrier)), number: p.number, label: pick(world.meta.milestones.find((m) => m.code === p.milestone).customer), sentence: sentence(p), tone, steps: [...p.milestones].reverse().map((m) => ({ label: pick(world.meta.milestones.find((x) => x.code === m.milestone).customer), at: m.at, at_text: when(m.at), ...(m.place && { place: m.place }), done: true })) })),
    verified_at: new Date(world.now()).toISOString(), verified_text: zh ? `${when(new Date(world.now()).toISOString())} 已核实` : `Verified ${when(new Date(world.now()).toISOString())}`, version: o.version,
  };
}

export function createHandler(world) {
  return async function handle(request) {
    const url = new URL(request.url);
    const q = url.searchParams;
    const path = url.pathname;
    const body = request.method === 'POST' ? await request.json().catch(() => ({})) : undefined;
    const key = request.headers.get('idempotency-key');
    const position = () => ({ 'cairn-position': String(world.position) });
    let m;
    if (path === '/v1/meta') return json(world.meta);
    if (path === '/v1/board') return board(world, q);
    if (path === '/v1/live') return stream(world, request);
    if (path === '/v1/orders' && request.method === 'POST') { const o = world.place(body); return json({ outcome: 'accepted', id: o.id, status: world.status(o), position: String(world.position) }, 201, position()); }
    if (path === '/v1/orders') return listOrders(world, q);
    if (path === '/v1/commands') {
      const results = body.items.map((item, index) => {
        const o = world.orders.get(item.order);
        const answer = o ? world.command(o, item.name, item.data ?? {}, key && `${key}/${index}`) : { status: 404, body: { code: 'not-found', title: 'Not found', status: 404, type: 'not-found', request: 'r0' } };
        return answer.status < 400 ? { index, order: item.order, outcome: answer.body.outcome, status: answer.body.status, event: answer.body.event } : { index, order: item.order, outcome: 'refused', problem: answer.body };
      });
      const count = (outcome) => results.filter((r) => r.outcome === outcome).length;
      return json({ results, accepted: count('accepted'), requested: count('requested'), refused: count('refused'), position: String(world.position) }, 200, position());
    }
    if (path === '/v1/quarantine') return json({ items: world.quarantine, total: world.quarantine.length, position: String(world.position) });
    if ((m = path.match(/^\/v1\/quarantine\/(\w+)\/dismiss$/))) { world.quarantine = world.quarantine.filter((x) => x.id !== m[1]); return json(null, 204, position()); }
    if (path === '/v1/conflicts') {
      const settled = q.get('settled') === 'true';
      const all = [...world.orders.values()].flatMap((o) => o.conflicts.filter((c) => !!c.settled === settled).map((conflict) => ({ order: world.status(o), shop: o.shop, conflict }))).sort((a, b) => b.conflict.at.localeCompare(a.conflict.at));
      const counts = {};
      for (const x of all) counts[x.conflict.code] = (counts[x.conflict.code] ?? 0) + 1;
      return json({ items: all.filter((x) => !q.get('code') || x.conflict.code === q.get('code')).slice(0, 100), counts, position: String(world.position) });
    }
    if ((m = path.match(/^\/v1\/public\/(\w+)$/))) { const view = publicOrder(world, m[1], q.get('lang')); return view ? json(view) : notFound('no such link'); }
    if ((m = path.match(/^\/v1\/orders\/(\w+)(?:\/(.*))?$/))) {
      const o = world.orders.get(m[1]);
      if (!o) return notFound(`no order ${m[1]}`);
      const rest = m[2] ?? '';
      const etag = { etag: `"${o.version}"` };
      const send = ({ status, body: b }) => json(b, status, { ...position(), ...etag });
      if (rest === '') return json({ ...world.detail(o), ...(q.get('at') && { commands: [], view: { at: q.get('at'), ...(q.get('known_at') && { known_at: q.get('known_at') }) } }) }, 200, etag);
      if (rest === 'status') return json(world.status(o), 200, etag);
      if (rest === 'timeline') return json({ items: o.timeline, version: o.version });
      if (rest === 'audit') return json({ items: [...o.audit].reverse() });
      if (rest === 'live') return stream(world, request, o.id);
      if (rest === 'corrections') return send(world.correct(o, body));
      if ((m = rest.match(/^timeline\/(\w+)\/raw$/))) { const event = o.timeline.find((x) => x.id === m[1]); return event ? json({ event, raw: JSON.stringify(event.data, null, 2), wordings: [] }) : notFound('no event'); }
      if ((m = rest.match(/^commands\/(\w+)$/))) {
        const match = request.headers.get('if-match');
        if (match && match !== etag.etag) return json({ type: 'version-mismatch', code: 'version-mismatch', title: 'The order has changed', title_zh: '订单已变化', status: 412, detail: `version is ${o.version}`, version: o.version, request: 'r0' }, 412);
        const answer = send(world.command(o, m[1], body, key));
        if (m[1] === 'add_reference') world.quarantine = world.quarantine.filter((x) => x.reference.value !== body.reference?.value);
        return answer;
      }
    }
    return notFound(`no route ${path}`);
  };
}
