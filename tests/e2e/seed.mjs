// A small company's day for the screens: orders in every category and lane, one with everything.
const hour = 3_600_000;
const ago = (hours) => new Date(Date.now() - hours * hour).toISOString();
const ahead = (hours) => ago(-hours);
const goods = [['TENT-2P', '双人三季帐篷', 25800], ['BAG-40L', '徒步背包 40L', 39900], ['STOVE', '一体式炉头', 16900], ['LAMP', '营地灯', 8900], ['PARKA', 'Down Parka, Forest', 89900]];
const people = [['张三', '杭州市'], ['李小龙', '上海市'], ['王芳', '南京市'], ['陈晨', '成都市'], ['刘洋', '深圳市'], ['Ana Müller', 'Berlin']];
const shops = ['山野户外', 'NorthStar Gear', '鲜到家'];

function order(i, more = {}) {
  const lines = Array.from({ length: 1 + (i % 3) }, (_, k) => {
    const [sku, name, price] = goods[(i + k) % goods.length];
    return { id: String(k + 1), sku, name, quantity: 1 + (k % 2), price, warehouse: '嘉兴仓' };
  });
  const [name, city] = people[i % people.length];
  return {
    order_no: `SY-20261124-${1000 + i}`,
    shop: shops[i % shops.length],
    total: lines.reduce((sum, line) => sum + line.price, 0),
    buyer: { id: `c-${2000 + i}`, name, phone: `1380000${1000 + i}`, city, address: '文三路 1 号' },
    promised_delivery: ahead(30 + (i % 5) * 20),
    attributes: { invoice_type: i % 2 ? 'electronic' : 'none', member_level: ['银卡', '金卡', 'Gold'][i % 3], ...(i % 4 === 0 && { campaign: '双11 直播间' }) },
    lines,
    ...more,
  };
}

/// Takes an order as far as `stage`; each stage contains those before it.
async function advance(server, i, stage, more) {
  const asked = order(i, more);
  const { id } = await server.place(asked);
  const number = `7310000${100000 + i}`;
  const steps = {
    placed: () => undefined,
    paid: () => server.command(id, 'record_payment', { amount: asked.total, in_full: true }),
    released: async () => {
      await server.command(id, 'approve_order');
      await server.command(id, 'release_order');
    },
    shipped: () => server.command(id, 'ship_package', { carrier: 'zto', number }),
    moving: () => server.scan(number, 'in_transit', { place: '南京市' }),
    delivered: () => server.scan(number, 'delivered', { type: 'package_delivered', received_by: 'self', place: asked.buyer.city }),
  };
  for (const [name, step] of Object.entries(steps)) {
    await step();
    if (name === stage) break;
  }
  return { id, number, order_no: asked.order_no };
}

export async function seed(server) {
  const made = {};
  const stages = ['placed', 'paid', 'paid', 'released', 'released', 'shipped', 'moving', 'moving', 'moving', 'delivered'];
  for (let i = 0; i < 40; i++) {
    const late = i % 6 === 4 ? { promised_delivery: ago(5 + i) } : i % 7 === 3 ? { promised_delivery: ahead(3) } : i % 13 === 7 ? { promised_delivery: undefined } : {};
    made[i] = await advance(server, i, stages[i % stages.length], late);
  }
  const held = await advance(server, 50, 'paid', {});
  await server.command(held.id, 'hold_order', { reason: 'customer_request', text: '客户出差，下周再发' });
  await server.command(held.id, 'add_note', { text: '已电话确认' });
  const moving = await advance(server, 51, 'moving', {});
  // Two who cannot both be right: delivered, and an hour later still on its way.
  await server.scan(moving.number, 'delivered', { type: 'package_delivered', received_by: 'self', place: '杭州市' });
  await server.scan(moving.number, 'out_for_delivery', { place: '杭州市', occurred: new Date(Date.now() + 60_000).toISOString() });
  const asked = await advance(server, 52, 'delivered', {});
  await server.command(asked.id, 'open_after_sale', { type: 'return_refund', reason: '尺码不合适', parts: [{ line: '1', quantity: 1 }], amount: 25800 }).catch(() => undefined);
  for (let k = 0; k < 4; k++) await server.scan(`7399900000${100 + k}`, 'in_transit', { place: '武汉市' });
  return { ...made, held, moving, after_sale: asked };
}
