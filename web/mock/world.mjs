// A small pretend world of orders. It behaves enough like Cairn for the console to be built and
// tested on: versions rise, positions grow, commands are refused for reasons. Deterministic from its
// seed and the times it is given.
import { meta, categories, commands, eventTypes } from './meta.mjs';

const HOUR = 3_600_000;
const iso = (ms) => new Date(ms).toISOString();
export const labelOf = (rows, code) => rows.find((r) => r.code === code)?.label ?? { zh: code, en: code };

function seeded(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let x = Math.imul(a ^ (a >>> 15), 1 | a);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
}

const goods = {
  shanye: [['TENT-2P', '双人三季帐篷', 25800], ['BAG-40L', '徒步背包 40L', 39900], ['STOVE', '一体式炉头', 16900], ['LAMP', '营地灯', 8900]],
  muli: [['CAB-K', '厨房吊柜 2.4m', 468000], ['DESK-W', '实木书桌 1.6m', 289000]],
  xiandao: [['ICE-6', '冰淇淋六杯装', 15800], ['SHRIMP', '鲜冻虾仁 500g', 6900]],
  northstar: [['PARKA', 'Down Parka, Forest', 89900], ['BOOT', 'Trail Boot 42', 65900]],
};
const people = ['张*', '李*', '王**', '陈*', '刘**', '赵*', '周*', '吴**'];
const cities = ['杭州市', '上海市', '南京市', '成都市', '深圳市', '武汉市', '西安市'];
const legal = {
  awaiting_payment: ['cancel_order'], paid: ['release_order', 'hold_order', 'cancel_order', 'change_address'],
  on_hold: ['release_hold', 'cancel_order', 'change_address'], preparing: ['ship_package', 'hold_order', 'recall_order'],
  partly_shipped: ['ship_package', 'request_intercept', 'open_after_sale'],
  shipped: ['request_intercept', 'urge_carrier', 'unship', 'open_after_sale'],
  partly_delivered: ['request_intercept', 'urge_carrier', 'open_after_sale'],
  delivered: ['confirm_receipt', 'open_after_sale'], completed: ['open_after_sale'], returning: [], returned: [], cancelled: [],
};
const general = ['make_promise', 'add_note', 'set_attributes', 'add_tag', 'remove_tag', 'add_reference', 'create_link', 'reveal_personal', 'settle_conflict'];
const leadsTo = { release_order: 'preparing', hold_order: 'held', release_hold: 'ready', cancel_order: 'closed', confirm_receipt: 'done', ship_package: 'in_transit', recall_order: 'ready', open_after_sale: 'reverse' };
const owner = { unconfirmed: 'customer', ready: 'order_desk', production: 'shop_floor', preparing: 'warehouse', in_transit: 'carrier', delivered: 'customer', reverse: 'service', held: 'order_desk' };
const laneOf = { at_risk: 'at_risk', overdue: 'overdue', no_signal: 'unverified' };

export class World {
  constructor({ seed = 7, now = Date.now, orders = 240 } = {}) {
    this.random = seeded(seed);
    this.now = now;
    this.orders = new Map();
    this.position = 1;
    this.changes = [];
    this.listeners = new Set();
    this.seen = new Map();
    this.links = new Map();
    this.meta = meta(iso(now()));
    this.quarantine = [];
    for (let i = 0; i < orders; i++) this.invent(i);
    this.waitingScans();
  }
  pick(list) { return list[Math.floor(this.random() * list.length)]; }
  id() { return Array.from({ length: 16 }, () => '0123456789abcdefghjkmnpqrstvwxyz'[Math.floor(this.random() * 32)]).join(''); }
  hex(n = 32) { return Array.from({ length: n }, () => Math.floor(this.random() * 16).toString(16)).join(''); }
  stateDef(o) { return this.meta.lifecycles.find((x) => x.id === o.lifecycle).states.find((s) => s.code === o.state); }

  place(body, at = this.now(), source = 'shop-api') {
    const o = {
      id: this.id(), lifecycle: body.lifecycle || 'retail', order_no: body.order_no, state: 'awaiting_payment', version: 0,
      placed: at, changed: at, source, shop: body.shop, warehouse: body.warehouse, currency: body.currency || 'CNY',
      total: body.total ?? 0, paid: 0, refunded: 0, payment: 'unpaid', terms: body.terms || 'prepaid', buyer: body.buyer, receiver: body.receiver ?? body.buyer,
      lines: (body.lines ?? []).map((x) => ({ kind: 'goods', scale: 1, quantity: 1, cancelled: 0, shipped: 0, delivered: 0, back: 0, steps: {}, ...x })),
      packages: [], holds: [], cases: [], notes: [], tags: [...(body.tags ?? [])], references: [...(body.references ?? [])], promises: [], conflicts: [], requests: [],
      timeline: [], audit: [], attributes: body.attributes ?? {}, cancelled: false, released: false, completed: false, links: [],
    };
    if (o.lifecycle === 'made_to_order') o.state = 'awaiting_confirmation';
    this.orders.set(o.id, o);
    this.tell(o, 'order_placed', { order_no: o.order_no, shop: o.shop, total: o.total }, { at, source, role: 'source' });
    return o;
  }

  invent(i) {
    const r = this.random();
    const shop = i % 11 === 3 ? 'muli' : this.pick(['shanye', 'shanye', 'xiandao', 'northstar']);
    const age = r * 90 * HOUR;
    const at = this.now() - age - 2 * HOUR;
    const n = 1 + Math.floor(this.random() * 3);
    const lines = Array.from({ length: n }, (_, k) => {
      const [sku, name, price] = this.pick(goods[shop]);
      const quantity = 1 + Math.floor(this.random() * 2);
      return { id: String(k + 1), sku, name, quantity, price: price * quantity, warehouse: 'jiaxing', ...(i % 9 === 4 && { supplier: 'yuanfan' }) };
    });
    const name = this.pick(people);
    const city = this.pick(cities);
    const o = this.place({
      order_no: `${{ shanye: 'SY', muli: 'ML', xiandao: 'XD', northstar: 'NS' }[shop]}-202611${String(10 + (i % 14))}-${String(1000 + i)}`,
      shop, warehouse: shop === 'northstar' ? 'dongguan' : 'jiaxing', currency: shop === 'northstar' ? 'USD' : 'CNY',
      lifecycle: shop === 'muli' ? 'made_to_order' : 'retail', total: lines.reduce((s, x) => s + x.price, 0), lines,
      buyer: { id: `c-${2000 + i}`, name, phone: `138****${String(1000 + i * 7).slice(-4)}`, city, address: `${city}***` },
      references: [{ scheme: 'order', issuer: shop, value: `10${600000 + i}` }], tags: i % 17 === 0 ? ['VIP'] : [],
      attributes: i % 5 === 0 ? { member_level: '金卡', invoice_type: i % 2 ? 'paper' : 'none' } : {},
    }, at);
    if (o.lifecycle === 'made_to_order') return this.inventMade(o, i, at);
    const stage = i % 12;
    const say = (type, data, h, who = {}) => this.tell(o, type, data, { at: Math.min(at + h * HOUR, this.now() - 60_000), ...who });
    if (stage === 0) return undefined;
    say('payment_received', { payment_id: 'p1', amount: o.total, in_full: true }, 0.1, { source: 'shop-api', role: 'source' });
    const late = i % 7;
    const promise = late === 2 ? this.now() - 7 * HOUR : late === 4 ? this.now() + 5 * HOUR : this.now() + (30 + (i % 60)) * HOUR;
    if (i % 13 !== 12) say('promise_made', { of: 'delivered', at: iso(promise), basis: 'source' }, 0.12, { source: 'shop-api', role: 'source' });
    if (stage === 1) return undefined;
    if (stage === 2) return say('hold_placed', { reason: i % 2 ? 'stock_short' : 'customer_request', text: i % 2 ? '' : '客户出差' }, 1, { source: 'console', role: 'service', kind: 'command', actor: 'chen' });
    say('order_released', {}, 1, { source: 'console', role: 'order_desk', kind: 'command', actor: 'lin' });
    say('step_total', { line: '1', step: 'picked', total: o.lines[0].quantity }, 2, { source: 'wms', role: 'warehouse' });
    if (stage === 3) return undefined;
    const carrier = this.pick(['zto', 'sf', 'yto']);
    const number = `${carrier === 'sf' ? 'SF' : '7'}${31000000000 + i * 37}`;
    const parts = stage === 4 && o.lines.length > 1 ? [{ line: '1', quantity: o.lines[0].quantity }] : undefined;
    say('package_shipped', { carrier, number, parts }, 4, { source: 'wms', role: 'warehouse', kind: 'fact' });
    if (stage === 5) return this.addConflict(o, 'declared_not_confirmed', at + 20 * HOUR);
    for (const [m, h, place] of [['picked_up', 6, '嘉兴市'], ['in_transit', 14, '南京市'], ['at_destination', 30, city]])
      if (at + h * HOUR < this.now()) say('package_scanned', { carrier, number, milestone: m, place }, h, { source: carrier, role: 'carrier' });
    if (stage === 6) o.no_signal = true;
    if (stage >= 9) say('package_delivered', { carrier, number, received_by: 'station', place: city }, 44, { source: carrier, role: 'carrier' });
    if (stage === 9) this.addConflict(o, 'sources_disagree', at + 45 * HOUR);
    if (stage === 11) say('order_completed', {}, 60, { source: 'shop-api', role: 'source' });
    if (stage === 10) say('after_sale_opened', { case_id: 'as-1', type: 'return_refund', parts: [{ line: '1', quantity: 1 }], amount: o.lines[0].price, reason: '尺码不合适' }, 50, { source: 'console', role: 'service', kind: 'command', actor: 'chen' });
    return this.finish(o);
  }
  inventMade(o, i, at) {
    o.plan = [['material', '备料', 'Material', 'finished'], ['glass', '玻璃到货', 'Glass', i % 2 ? 'blocked' : 'finished'], ['assemble', '组装', 'Assembly', 'waiting'], ['install', '上门安装', 'Installation', 'waiting']]
      .map(([id, zh, en, state], k) => ({ id, label: { zh, en }, after: k ? [['material', 'glass', 'assemble'][k - 1]] : [], state, owner: id === 'glass' ? 'supplier' : 'shop_floor', phase: 'production', planned_start: iso(at + k * 24 * HOUR), planned_end: iso(at + (k + 1) * 24 * HOUR), ...(state === 'finished' && { finished_at: iso(at + (k + 1) * 22 * HOUR) }), ...(state === 'blocked' && { reason: '缺料' }) }));
    const to = this.pick(['awaiting_deposit', 'material_prep', 'in_production', 'inspecting']);
    this.tell(o, 'promise_made', { of: 'delivered', at: iso(this.now() + (i % 2 ? -9 : 200) * HOUR), basis: 'person' }, { at: at + HOUR, source: 'console', role: 'planner', kind: 'command', actor: 'he' });
    o.state = to;
    return this.finish(o);
  }
  finish(o) { o.state = this.stateOf(o); return o; }
  addConflict(o, code, at) {
    const scan = o.timeline.at(-1);
    const id = `${code}:${scan.id}`;
    scan.conflicts = [id];
    o.conflicts.push({
      id, code, label: labelOf(this.meta.conflicts, code), at: iso(Math.min(at, this.now() - 1000)), settled_by: 'a person',
      detail: code === 'sources_disagree' ? { zh: '承运商说已签收，店铺接口仍报运输中。', en: 'The carrier says delivered, the shop still in transit.' } : { zh: '仓库声明已发货，承运商 24 小时内没有揽收记录。', en: 'The warehouse declared dispatch; no pickup scan within 24 h.' },
      sides: [{ event: scan.id, source: scan.source, at: scan.occurred, says: scan.label }, { source: 'shop-api', at: scan.occurred, says: { zh: '运输中', en: 'In transit' } }], offers: ['settle_conflict'],
    });
  }
  waitingScans() {
    for (let i = 0; i < (this.orders.size && 7); i++) {
      const value = `7399900000${100 + i}`;
      const at = this.now() - (i + 1) * 3 * HOUR;
      const events = Array.from({ length: 1 + (i % 3) }, (_, k) => ({ id: this.hex(), kind: 'fact', type: 'package_scanned', label: labelOf(eventTypes, 'package_scanned'), occurred: iso(at + k * HOUR), recorded: iso(at + k * HOUR + 2000), source: 'zto', role: 'carrier', data: { carrier: 'zto', number: value, milestone: 'in_transit', place: '武汉市' } }));
      this.quarantine.push({ id: `q${i}`, reference: { scheme: 'tracking', issuer: 'zto', value }, count: events.length, first_at: events[0].occurred, last_at: events.at(-1).occurred, sources: ['zto'], events, candidates: i % 2 || i >= this.orders.size ? [] : [this.status([...this.orders.values()][i])] });
    }
  }

  stateOf(o) {
    if (o.lifecycle === 'made_to_order') return o.cancelled ? 'cancelled' : o.state;
    const sum = (k) => o.lines.reduce((s, x) => s + x[k], 0);
    const T = sum('quantity') - sum('cancelled');
    if (o.cancelled) return 'cancelled';
    if (o.cases.some((c) => c.open && c.type !== 'refund_only')) return 'returning';
    if (o.completed) return 'completed';
    if (T > 0 && sum('delivered') >= T) return 'delivered';
    if (T > 0 && sum('shipped') >= T) return sum('delivered') > 0 ? 'partly_delivered' : 'shipped';
    if (sum('shipped') > 0) return 'partly_shipped';
    if (o.holds.some((h) => h.open)) return 'on_hold';
    if (o.released) return 'preparing';
    return o.payment === 'paid' ? 'paid' : 'awaiting_payment';
  }
  health(o, at = this.now()) {
    const p = o.promises.findLast((x) => x.of === 'delivered');
    const def = this.stateDef(o);
    const done = ['delivered', 'done', 'closed'].includes(def.category);
    if (!p) return 'no_promise';
    const end = o.packages.find((x) => x.delivered_at)?.delivered_at;
    if (done) return end && Date.parse(end) > Date.parse(p.to) ? 'done_late' : 'done_on_time';
    if (o.holds.some((h) => h.open && h.clock === 'stops')) return 'paused';
    const left = Date.parse(p.to) - at;
    return left < 0 ? 'overdue' : o.no_signal ? 'no_signal' : left < 12 * HOUR ? 'at_risk' : 'on_time';
  }
  status(o) {
    const def = this.stateDef(o);
    const health = this.health(o);
    const p = o.promises.findLast((x) => x.of === 'delivered');
    return { id: o.id, order_no: o.order_no, lifecycle: o.lifecycle, state: o.state, label: def.label, category: def.category, health, lane: laneOf[health] ?? 'normal', ...(o.packages.length && { milestone: o.packages.at(-1).milestone }), ...(p && { promise: { to: p.to, basis: p.basis } }), version: o.version, as_of: iso(this.now()) };
  }
  place_(o) { const s = this.status(o); return { state: s.state, category: s.category, lane: s.lane, health: s.health }; }

  /// One event: keeps it, applies it, raises the version and tells the listeners.
  tell(o, type, data, who = {}) {
    const at = who.at ?? this.now();
    const from = o.version ? this.place_(o) : undefined;
    const item = { id: this.hex(), number: ++this.position, kind: who.kind ?? 'fact', type, label: labelOf(eventTypes, type), occurred: iso(at), recorded: iso(Math.min(at + 1500, this.now())), source: who.source ?? 'console', role: who.role ?? 'service', ...(who.actor && { actor: who.actor }), data };
    this.apply(o, type, data, at, item);
    o.timeline.push(item);
    o.timeline.sort((a, b) => a.occurred.localeCompare(b.occurred));
    o.state = this.stateOf(o);
    o.version += 1;
    o.changed = Math.max(o.changed, at);
    const to = this.place_(o);
    item.changes = { ...(from && { from }), to, version: o.version };
    o.audit.push({ number: item.number, recorded: item.recorded, order: o.id, role: item.role, source: item.source, ip: '127.0.0.1', request: `r${item.number}`, what: type, label: item.label, outcome: 'accepted', ...(item.actor && { actor: item.actor }) });
    const change = { id: o.id, order_no: o.order_no, version: o.version, ...(from && { from }), to, status: this.status(o), cause: { type, label: item.label, event: item.id, source: item.source }, shop: o.shop, number: item.number, at: iso(this.now()) };
    this.changes.push({ position: this.position, change });
    if (this.changes.length > 5000) this.changes.shift();
    for (const listener of this.listeners) listener(this.position, change);
    return item;
  }

  apply(o, type, data, at, item) {
    const t = iso(at);
    if (type === 'payment_received') { o.paid += data.amount ?? 0; o.payment = 'paid'; }
    if (type === 'promise_made') { o.promises.forEach((p) => { if (p.of === data.of) p.current = false; }); o.promises.push({ of: data.of ?? 'delivered', to: iso(Date.parse(data.at)), basis: data.basis ?? 'person', told_at: t, source: item.source, reason: data.reason, current: true }); }
    if (type === 'order_released') o.released = true;
    if (type === 'order_recalled') o.released = false;
    if (type === 'order_cancelled') o.cancelled = true;
    if (['order_completed', 'receipt_confirmed'].includes(type)) o.completed = true;
    if (type === 'step_total') { const line = o.lines.find((x) => x.id === data.line); if (line) line.steps[data.step] = data.total; }
    if (type === 'hold_placed') { const def = this.meta.holds.find((h) => h.code === data.reason); o.holds.push({ id: `h${o.holds.length + 1}`, reason: data.reason, label: def?.label ?? { zh: data.reason, en: data.reason }, party: def?.party, clock: def?.clock, blocks: true, lines: [], text: data.text, open: true, placed_at: t, placed_by: item.actor ?? item.source }); }
    if (type === 'hold_released') o.holds.forEach((h) => { if (h.open) { h.open = false; h.released_at = t; } });
    if (type === 'note_added') o.notes.push({ at: t, actor: item.actor, role: item.role, text: data.text, event: item.id });
    if (type === 'attributes_set') o.attributes = Object.fromEntries(Object.entries({ ...o.attributes, ...data.attributes }).filter(([, v]) => v !== null));
    if (type === 'tag_added' && !o.tags.includes(data.tag)) o.tags.push(data.tag);
    if (type === 'tag_removed') o.tags = o.tags.filter((x) => x !== data.tag);
    if (type === 'reference_added') o.references.push(data.reference);
    if (type === 'after_sale_opened') o.cases.push({ id: data.case_id, type: data.type, state: 'requested', label: { zh: '待商家处理', en: 'Requested' }, category: 'ready', open: true, parts: data.parts ?? [], amount: data.amount, reason: data.reason, opened_at: t, due_at: iso(at + 48 * HOUR), commands: [] });
    if (type === 'conflict_settled') { const c = o.conflicts.find((x) => x.id === data.conflict); if (c) c.settled = { at: t, verdict: data.verdict, text: data.text, actor: item.actor }; }
    if (type.startsWith('package_')) this.applyPackage(o, type, data, t, item);
  }
  applyPackage(o, type, data, t, item) {
    const id = data.package ?? `${data.carrier}:${data.number}`;
    let p = o.packages.find((x) => x.id === id || x.number === data.number);
    if (type === 'package_unshipped') { const last = p ?? o.packages.at(-1); if (last) { last.withdrawn = true; for (const part of last.parts) { const line = o.lines.find((x) => x.id === part.line); if (line) line.shipped -= part.quantity; } } return; }
    if (!p) {
      const parts = data.parts ?? o.lines.map((x) => ({ line: x.id, quantity: x.quantity - x.cancelled - x.shipped })).filter((x) => x.quantity > 0);
      p = { id, direction: 'outbound', carrier: data.carrier, number: data.number, milestone: 'info_received', flags: [], legs: [], parts, declared_at: t, milestones: [] };
      o.packages.push(p);
      for (const part of parts) { const line = o.lines.find((x) => x.id === part.line); if (line) { line.shipped += part.quantity; line.steps.shipped = line.shipped; } }
    }
    const milestone = type === 'package_delivered' ? 'delivered' : type === 'package_shipped' ? 'info_received' : data.milestone ?? 'in_transit';
    p.milestones.push({ milestone, at: t, place: data.place, event: item.id, sources: [item.source] });
    p.milestone = milestone;
    item.package = p.id;
    if (type === 'package_shipped') p.shipped_at = t;
    else { p.confirmed_at ??= t; p.last_place = data.place ?? p.last_place; p.last_seen_at = t; }
    if (type === 'package_delivered') { p.delivered_at = t; p.received_by = data.received_by; for (const part of p.parts) { const line = o.lines.find((x) => x.id === part.line); if (line) { line.delivered += part.quantity; line.steps.delivered = line.delivered; } } }
    p.label = labelOf(this.meta.milestones, p.milestone);
  }

  offer(o, name) {
    const def = commands.find((c) => c.code === name);
    const allowed = general.includes(name) || (legal[o.state] ?? []).includes(name);
    const state = this.stateDef(o).label;
    return { name, label: def.label, effect: def.effect, decided_by: name === 'request_intercept' ? o.packages.at(-1)?.carrier ?? 'carrier' : 'cairn', allowed, tone: def.tone ?? 'plain', ...(def.undo && { undo: def.undo }), ...(leadsTo[name] && { to: leadsTo[name] }), ...(!allowed && { why_not: { zh: `订单为「${state.zh}」时不能${def.label.zh}。`, en: `Not possible while the order is "${state.en}".` } }), fields: def.fields };
  }
  offers(o) { return [...new Set([...(legal[o.state] ?? []), ...['cancel_order', 'release_order', 'hold_order', 'ship_package', 'confirm_receipt'], ...general])].map((n) => this.offer(o, n)); }
  row(o) {
    const status = this.status(o);
    const badges = [...(o.cases.some((c) => c.open) ? ['after_sale_open'] : []), ...(o.requests.some((r) => r.state === 'pending') ? ['request_pending'] : []), ...(o.conflicts.some((c) => !c.settled) ? ['data_conflict'] : [])];
    const moves = ['release_order', 'hold_order', 'release_hold', 'ship_package', 'confirm_receipt', 'recall_order', 'cancel_order'].map((n) => this.offer(o, n)).filter((c) => c.to !== status.category).map((c) => ({ to: leadsTo[c.name], command: c.name, ...(c.why_not && { why_not: c.why_not }) }));
    const best = new Map();
    for (const m of moves) if (!best.has(m.to) || !m.why_not) best.set(m.to, m);
    return { id: o.id, status, placed_at: iso(o.placed), changed_at: iso(o.changed), source: o.source, shop: o.shop, warehouse: o.warehouse, suppliers: [...new Set(o.lines.map((x) => x.supplier).filter(Boolean))], carriers: [...new Set(o.packages.map((p) => p.carrier))], buyer: o.buyer?.name, city: o.buyer?.city, currency: o.currency, total: o.total, paid: o.paid, payment: o.payment, ...(status.promise && { due_at: status.promise.to }), ...(owner[status.category] && { next_owner: owner[status.category] }), badges, tags: o.tags, ...(o.flag && { flag: o.flag }), holds: o.holds.filter((h) => h.open).map((h) => h.reason), line_count: o.lines.length, package_count: o.packages.length, summary: o.lines.map((x) => x.name).join('、'), moves: [...best.values()] };
  }
  detail(o) {
    const row = this.row(o);
    const sum = (k) => o.lines.reduce((s, x) => s + x[k], 0);
    return { id: o.id, status: row.status, customer_label: this.stateDef(o).customer, lifecycle_version: '3f9ac2e1', source: o.source, shop: o.shop, warehouse: o.warehouse, suppliers: row.suppliers, placed_at: row.placed_at, changed_at: row.changed_at, next_owner: row.next_owner, due_at: row.due_at, currency: o.currency, terms: o.terms, payment: o.payment, total: o.total, paid: o.paid, refunded: o.refunded, axes: { ordered: sum('quantity'), cancelled: sum('cancelled'), shipped: sum('shipped'), delivered: sum('delivered'), back: sum('back') }, badges: row.badges, buyer: o.buyer, receiver: o.receiver, lines: o.lines, packages: o.packages, steps: o.plan ?? [], holds: o.holds, cases: o.cases, notes: o.notes, tags: o.tags, references: o.references, relations: [], attachments: [], promises: o.promises, conflicts: o.conflicts, requests: o.requests, commands: this.offers(o), attributes: o.attributes };
  }

  /// A command from the console. Gives {status, body} of the answer.
  command(o, name, data, key) {
    const seen = key && this.seen.get(key);
    if (seen) return seen;
    const answer = this.decide(o, name, data);
    if (key) this.seen.set(key, answer);
    return answer;
  }
  decide(o, name, data) {
    const def = commands.find((c) => c.code === name);
    const problem = (status, code, title, detail, more = {}) => ({ status, body: { type: `https://cairn.example/problems/${code}`, code, title, status, detail, request: 'r0', retryable: false, ...more } });
    if (!def) return problem(404, 'not-found', 'Not found', `no command ${name}`);
    const offer = this.offer(o, name);
    const allowed = this.offers(o).filter((x) => x.allowed).map((x) => x.name);
    if (!offer.allowed) {
      o.audit.push({ number: this.position, recorded: iso(this.now()), order: o.id, role: 'admin', actor: 'local', ip: '127.0.0.1', source: 'console', request: 'r0', what: name, label: def.label, outcome: 'refused', reason: offer.why_not.en });
      return problem(409, 'refused', 'Refused by the lifecycle', `${name} is not allowed while the order is ${o.state}`, { title_zh: '当前状态不允许', state: o.state, allowed, why: offer.why_not });
    }
    for (const field of def.fields) if (field.required && data[field.name] == null) return problem(422, 'invalid', 'Invalid field', `${field.name} is required`, { pointer: `/${field.name}` });
    if (offer.decided_by !== 'cairn') {
      const id = `req-${this.position}`;
      o.requests.push({ id, order: o.id, command: name, label: def.label, master: offer.decided_by, state: 'pending', opened_at: iso(this.now()), deadline: iso(this.now() + HOUR), actor: 'local' });
      this.tell(o, 'request_opened', { request_id: id, command: name, master: offer.decided_by }, { kind: 'command', actor: 'local', role: 'admin' });
      return { status: 202, body: { outcome: 'requested', id: o.id, request: id, master: offer.decided_by, status: this.status(o), position: String(this.position) } };
    }
    if (name === 'create_link') {
      const token = this.hex(32);
      this.links.set(token, o.id);
      return { status: 200, body: { outcome: 'accepted', id: o.id, status: this.status(o), position: String(this.position), result: { url: `/t/${token}`, token, expires_at: iso(this.now() + (data.days ?? 90) * 24 * HOUR) } } };
    }
    const item = this.tell(o, def.event, data, { kind: 'command', actor: 'local', role: 'admin', source: 'console' });
    const result = name === 'reveal_personal' ? { buyer: { name: '张三', phone: '13800005678', address: '文三路 1 号' } } : undefined;
    return { status: 200, body: { outcome: 'accepted', id: o.id, event: item.id, status: this.status(o), position: String(this.position), ...(result && { result }) } };
  }
  correct(o, body) {
    const target = o.timeline.find((x) => x.id === body.target);
    if (!target) return { status: 404, body: { type: 'not-found', code: 'not-found', title: 'Not found', status: 404, detail: `no event ${body.target}`, request: 'r0' } };
    const item = this.tell(o, body.retract ? 'event_retracted' : 'event_corrected', body, { kind: 'correction', actor: 'local', role: 'admin' });
    const struck = { by: item.id, at: item.occurred, reason: body.reason, text: body.text, actor: 'local' };
    if (body.retract) target.retracted = struck;
    else target.corrected = { ...struck, was: target.data, was_occurred: target.occurred };
    return { status: 200, body: { outcome: 'accepted', id: o.id, event: item.id, status: this.status(o), position: String(this.position) } };
  }

  /// Something happens somewhere: keeps a demonstration alive.
  step() {
    const open = [...this.orders.values()].filter((o) => o.lifecycle === 'retail' && !['completed', 'cancelled', 'returned', 'returning', 'on_hold'].includes(o.state));
    const o = this.pick(open);
    const carrier = { source: 'zto', role: 'carrier' };
    if (!o || this.random() < 0.2) { this.invent(this.orders.size * 12); return; }
    const p = o.packages.at(-1);
    if (o.state === 'awaiting_payment') this.tell(o, 'payment_received', { payment_id: 'p1', amount: o.total, in_full: true }, { source: 'shop-api', role: 'source' });
    else if (o.state === 'paid') this.tell(o, 'order_released', {}, { source: 'shop-api', role: 'system', kind: 'command' });
    else if (o.state === 'preparing' || o.state === 'partly_shipped') this.tell(o, 'package_shipped', { carrier: 'zto', number: `7${32000000000 + this.position}` }, { source: 'wms', role: 'warehouse' });
    else if (p && this.random() < 0.7) this.tell(o, 'package_scanned', { carrier: p.carrier, number: p.number, milestone: 'in_transit', place: this.pick(cities) }, carrier);
    else if (p && o.state !== 'delivered') this.tell(o, 'package_delivered', { carrier: p.carrier, number: p.number, received_by: 'self' }, carrier);
  }
}
export const columnsOf = (closed) => categories.filter((c) => closed || c.open);
