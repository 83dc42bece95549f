// The definitions the mock answers with: a small retail and after-sale lifecycle. The real server
// answers from definitions/; nothing in the console knows these values.

const l = (zh, en) => ({ zh, en });
const words = (rows) => rows.map(([code, zh, en]) => ({ code, label: l(zh, en) }));
const tones = (rows) =>
  rows.map(([code, zh, en, tone, lane]) => ({ code, label: l(zh, en), tone, ...(lane && { lane }) }));

export const categories = [
  ['unconfirmed', '待客户确认', 'Unconfirmed', '客户', 'customer', true, 'info'],
  ['ready', '待处理', 'Ready', '订单专员', 'order desk', true, 'info'],
  ['production', '生产中', 'Production', '工厂与供应商', 'factory, suppliers', true, 'info'],
  ['preparing', '备货中', 'Preparing', '仓库', 'warehouse', true, 'info'],
  ['in_transit', '运输中', 'In transit', '承运商', 'carrier', true, 'info'],
  ['delivered', '已送达', 'Delivered', '客户签收与验收', 'customer: receipt', true, 'good'],
  ['reverse', '逆向处理中', 'Reverse', '售后', 'after-sales', true, 'warn'],
  ['held', '已挂起', 'Held', '挂起方', "the hold's party", true, 'warn'],
  ['done', '已完成', 'Done', '无', 'nobody', false, 'good'],
  ['closed', '已关闭', 'Closed', '无', 'nobody', false, 'neutral'],
].map(([code, zh, en, tz, te, open, tone], i) => ({
  code, label: l(zh, en), turn: l(tz, te), column: i + 1, open, tone,
  ...(code === 'production' && { hidden_if_empty: true }),
}));

const retailStates = [
  ['awaiting_payment', '待支付', '待付款', 'Awaiting payment', 'unconfirmed'],
  ['paid', '已支付', '待发货', 'Paid', 'ready'],
  ['on_hold', '已挂起', '处理中', 'On hold', 'held'],
  ['preparing', '配货中', '配货中', 'Preparing', 'preparing'],
  ['partly_shipped', '部分发货', '部分发货', 'Partly shipped', 'preparing'],
  ['shipped', '已发货', '运输中', 'Shipped', 'in_transit'],
  ['partly_delivered', '部分签收', '部分签收', 'Partly delivered', 'in_transit'],
  ['delivered', '已签收', '已签收', 'Delivered', 'delivered'],
  ['completed', '已完成', '交易完成', 'Completed', 'done', true],
  ['returning', '退货中', '退货中', 'Returning', 'reverse'],
  ['returned', '已退货', '已退货退款', 'Returned', 'closed', true],
  ['cancelled', '已取消', '已取消', 'Cancelled', 'closed', true],
];
const madeStates = [
  ['awaiting_confirmation', '待确认', '评审中', 'Under review', 'ready'],
  ['awaiting_deposit', '待付定金', '待付定金', 'Awaiting deposit', 'unconfirmed'],
  ['confirmed', '待排产', '已确认', 'Confirmed', 'ready'],
  ['material_prep', '备料中', '备料中', 'Material preparation', 'production'],
  ['in_production', '生产中', '生产中', 'In production', 'production'],
  ['inspecting', '质检中', '质检中', 'Inspection', 'production'],
  ['produced', '已完工', '已完工', 'Produced', 'preparing'],
  ['shipped', '已发货', '运输中', 'Shipped', 'in_transit'],
  ['delivered', '已送达', '已送达', 'Delivered', 'delivered'],
  ['completed', '已验收', '已完成', 'Completed', 'done', true],
  ['cancelled', '已取消', '已取消', 'Cancelled', 'closed', true],
];
const caseStates = [
  ['requested', '待商家处理', '商家处理中', 'Requested', 'ready'],
  ['awaiting_return', '待买家寄回', '请寄回商品', 'Awaiting return', 'unconfirmed'],
  ['return_in_transit', '退货运输中', '退货运输中', 'Return in transit', 'in_transit'],
  ['inspecting', '待验收', '商家验收中', 'Inspecting', 'preparing'],
  ['refunding', '退款中', '退款中', 'Refunding', 'reverse'],
  ['rejected', '商家已拒绝', '商家已拒绝', 'Rejected', 'unconfirmed'],
  ['succeeded', '售后完成', '售后完成', 'Succeeded', 'done', true],
  ['withdrawn', '已撤销', '已撤销', 'Withdrawn', 'closed', true],
];
const states = (rows) => rows.map(([code, zh, czh, en, category, final], i) => ({
  code, label: l(zh, en), customer: l(czh, en), category, final: !!final, ...(i === 0 && { start: true }),
}));
const t = (from, on, kind, zh, en, who, to, extra = {}) =>
  from.split(' ').map((f) => ({ from: f, on, kind, label: l(zh, en), who: who.split(' '), to: to ? to.split(' ') : [], ...extra }));

const retailTransitions = [
  t('awaiting_payment', 'payment_received', 'fact', '收到付款', 'Payment received', 'source finance', 'paid', { guard: { zh: 'amount > 0', en: 'amount > 0' } }),
  t('awaiting_payment', 'payment_timeout', 'automatic', '超时未付款关闭', 'Closed unpaid', 'system', 'cancelled', { after: '30m', guard: { zh: 'master=cairn', en: 'master=cairn' } }),
  t('awaiting_payment', 'change_price', 'command', '改价', 'Change price', 'order_desk service', ''),
  t('awaiting_payment paid on_hold', 'cancel_order', 'command', '取消订单', 'Cancel order', 'customer service order_desk', 'cancelled', { then: ['refund opened'] }),
  t('paid', 'release_order', 'command', '下发仓库', 'Release to warehouse', 'order_desk system', 'preparing', { guard: { zh: 'no blocking hold', en: 'no blocking hold' } }),
  t('paid preparing', 'hold_order', 'command', '挂起', 'Hold', 'service order_desk warehouse', 'on_hold'),
  t('on_hold', 'release_hold', 'command', '解除挂起', 'Release hold', 'service supervisor', 'paid preparing'),
  t('preparing', 'recall_order', 'command', '退回审单', 'Recall', 'order_desk warehouse', 'paid'),
  t('preparing', 'ship_package', 'command', '发货', 'Ship', 'warehouse supplier', 'partly_shipped shipped'),
  t('partly_shipped', 'ship_package', 'command', '补发剩余', 'Ship the rest', 'warehouse supplier', 'shipped'),
  t('partly_shipped shipped partly_delivered', 'package_scanned', 'fact', '物流轨迹', 'Scan', 'carrier source', ''),
  t('shipped partly_delivered', 'package_delivered', 'fact', '签收', 'Delivered', 'carrier source', 'partly_delivered delivered'),
  t('shipped', 'unship', 'command', '撤销发货', 'Withdraw dispatch', 'warehouse', 'preparing'),
  t('shipped partly_delivered', 'request_intercept', 'command', '申请拦截', 'Request interception', 'service', ''),
  t('delivered', 'confirm_receipt', 'command', '确认收货', 'Confirm receipt', 'customer service', 'completed'),
  t('delivered', 'auto_complete', 'automatic', '自动确认收货', 'Completed by itself', 'system', 'completed', { after: '7d' }),
  t('shipped delivered completed', 'open_after_sale', 'command', '申请售后', 'Open after-sale', 'customer service', 'returning'),
  t('returning', 'accept_return', 'command', '验收入库', 'Accept return', 'warehouse qc', 'returned'),
  t('returning', 'withdraw_after_sale', 'command', '撤销售后', 'Withdraw after-sale', 'customer service', 'delivered completed'),
].flat();
const madeTransitions = [
  t('awaiting_confirmation', 'confirm_order', 'command', '确认订单', 'Confirm order', 'order_desk planner', 'awaiting_deposit confirmed'),
  t('awaiting_confirmation awaiting_deposit confirmed', 'cancel_order', 'command', '取消订单', 'Cancel order', 'order_desk', 'cancelled'),
  t('awaiting_deposit', 'payment_received', 'fact', '收到定金', 'Deposit received', 'source', 'confirmed'),
  t('confirmed', 'issue_purchase', 'command', '下采购单', 'Issue purchase', 'purchasing', 'material_prep'),
  t('confirmed material_prep', 'start_production', 'command', '开工', 'Start production', 'shop_floor', 'in_production'),
  t('in_production', 'finish_node', 'command', '工序完工', 'Finish step', 'shop_floor', 'inspecting produced'),
  t('inspecting', 'pass_inspection', 'command', '检验合格', 'Pass inspection', 'qc', 'produced'),
  t('inspecting', 'fail_inspection', 'command', '检验不合格', 'Fail inspection', 'qc', 'in_production'),
  t('produced', 'ship_package', 'command', '发运', 'Ship', 'warehouse', 'shipped'),
  t('shipped', 'package_delivered', 'fact', '签收', 'Delivered', 'carrier', 'delivered'),
  t('delivered', 'accept_order', 'command', '验收合格', 'Accept', 'customer', 'completed'),
  t('delivered', 'deemed_acceptance', 'automatic', '视同验收', 'Deemed accepted', 'system', 'completed', { after: '15d' }),
].flat();
const caseTransitions = [
  t('requested', 'accept_return', 'command', '同意退货', 'Accept return', 'service', 'awaiting_return'),
  t('requested', 'accept_refund', 'command', '同意退款', 'Accept refund', 'service', 'refunding'),
  t('requested', 'reject_request', 'command', '拒绝申请', 'Reject', 'service', 'rejected'),
  t('requested awaiting_return rejected', 'withdraw', 'command', '撤销申请', 'Withdraw', 'customer', 'withdrawn'),
  t('awaiting_return', 'return_shipped', 'fact', '买家已寄回', 'Sent back', 'customer carrier', 'return_in_transit'),
  t('return_in_transit', 'return_delivered', 'fact', '退货签收', 'Return delivered', 'carrier', 'inspecting'),
  t('inspecting', 'pass_return', 'command', '验收合格', 'Pass return', 'warehouse', 'refunding'),
  t('rejected', 'revise_request', 'command', '修改申请', 'Revise', 'customer', 'requested'),
  t('refunding', 'refund_succeeded', 'fact', '退款成功', 'Refund succeeded', 'source', 'succeeded'),
].flat();

export const holds = [
  ['customer_request', '客户要求暂缓', 'Customer asked to wait', 'customer', 'stops', 'yes'],
  ['stock_short', '缺货', 'Out of stock', 'merchant', 'runs', 'lines'],
  ['address_incomplete', '地址不详待核实', 'Address incomplete', 'customer', 'stops', 'yes'],
  ['risk_review', '风险订单核查', 'Risk review', 'merchant', 'runs', 'yes'],
].map(([code, zh, en, party, clock, blocks]) => ({ code, label: l(zh, en), party, clock, blocks }));

const f = (name, type, required = false, more = {}) => ({ name, type, required, ...more });
const reasons = words([
  ['no_longer_wanted', '不想要了', 'No longer wanted'], ['wrong_order', '拍错/多拍', 'Ordered by mistake'],
  ['too_slow', '发货太慢', 'Dispatch too slow'], ['out_of_stock', '缺货', 'Out of stock'],
]);
const c = (code, zh, en, event, fields, ezh, een, more = {}) =>
  ({ code, label: l(zh, en), effect: l(ezh, een), event, fields, ...more });
const carrierOptions = words([['zto', '中通快递', 'ZTO'], ['sf', '顺丰速运', 'SF Express'], ['yto', '圆通速递', 'YTO']]);
export const commands = [
  c('cancel_order', '取消订单', 'Cancel order', 'order_cancelled', [f('reason', 'choice', true, { options: reasons }), f('text', 'long_text')], '取消整单并发起退款。', 'Cancels the whole order and opens the refund.', { tone: 'danger', bulk: true }),
  c('release_order', '下发仓库', 'Release to warehouse', 'order_released', [], '把订单交给仓库拣货。', 'Hands the order to the warehouse.', { tone: 'primary', bulk: true }),
  c('hold_order', '挂起', 'Hold', 'hold_placed', [f('reason', 'choice', true, { options: holds.map(({ code, label }) => ({ code, label })) }), f('text', 'long_text')], '暂停下发与发货，直到解除。', 'Stops release and shipping until it is lifted.', { bulk: true, undo: 'release_hold' }),
  c('release_hold', '解除挂起', 'Release hold', 'hold_released', [f('text', 'long_text')], '解除挂起，时钟继续走。', 'Lifts the hold; the clock goes on.', { tone: 'primary', bulk: true }),
  c('recall_order', '退回审单', 'Recall', 'order_recalled', [f('text', 'long_text')], '从仓库退回审单。', 'Takes the order back from the warehouse.'),
  c('ship_package', '发货', 'Ship', 'package_shipped', [f('carrier', 'choice', true, { options: carrierOptions }), f('number', 'text', true), f('parts', 'parts')], '登记包裹并通知客户。', 'Records the parcel and tells the customer.', { tone: 'primary' }),
  c('unship', '撤销发货', 'Withdraw dispatch', 'package_unshipped', [f('package', 'text'), f('reason', 'text')], '撤销误点的发货。', 'Takes back a dispatch recorded by mistake.', { tone: 'danger' }),
  c('request_intercept', '申请拦截', 'Request interception', 'intercept_requested', [f('package', 'text'), f('reason', 'text')], '请求承运商拦截包裹。', 'Asks the carrier to stop the parcel.'),
  c('urge_carrier', '催派送', 'Urge the carrier', 'carrier_urged', [f('text', 'long_text')], '请承运商加快派送。', 'Asks the carrier to hurry.'),
  c('confirm_receipt', '确认收货', 'Confirm receipt', 'receipt_confirmed', [f('text', 'long_text')], '确认客户已收到货，订单完成。', 'Confirms that the goods arrived; the order completes.', { tone: 'primary' }),
  c('open_after_sale', '申请售后', 'Open after-sale', 'after_sale_opened', [f('case_id', 'text', true), f('type', 'choice', true, { options: words([['return_refund', '退货退款', 'Return and refund'], ['refund_only', '仅退款', 'Refund only'], ['exchange', '换货', 'Exchange']]) }), f('parts', 'parts'), f('amount', 'money'), f('reason', 'text')], '登记一张售后单。', 'Opens an after-sale case.'),
  c('change_address', '修改地址', 'Change address', 'address_changed', [f('receiver', 'person', true), f('reason', 'text')], '修改收货地址。', 'Changes where the goods go.'),
  c('make_promise', '承诺时间', 'Make a promise', 'promise_made', [f('of', 'choice', true, { options: words([['delivered', '送达', 'Delivered'], ['dispatched', '发货', 'Dispatched']]) }), f('at', 'moment', true), f('reason', 'text')], '向客户承诺一个时间。', 'Promises a time to the customer.'),
  c('set_attributes', '设置属性', 'Set attributes', 'attributes_set', [f('level', 'text', false, { seldom: true }), f('element', 'text', false, { seldom: true }), f('attributes', 'attributes', true)], '设置动态属性。', 'Sets attributes.'),
  c('add_note', '备注', 'Add note', 'note_added', [f('text', 'long_text', true)], '添加一条内部备注。', 'Adds an internal note.', { bulk: true }),
  c('add_tag', '加标签', 'Add tag', 'tag_added', [f('tag', 'text', true)], '加一个标签。', 'Adds a tag.', { bulk: true, undo: 'remove_tag' }),
  c('remove_tag', '去标签', 'Remove tag', 'tag_removed', [f('tag', 'text', true)], '去掉一个标签。', 'Removes a tag.', { bulk: true }),
  c('add_reference', '增加单号', 'Add reference', 'reference_added', [f('reference', 'reference', true)], '把一个外部单号归到此订单。', 'Claims a number for this order.'),
  c('settle_conflict', '冲突裁定', 'Settle conflict', 'conflict_settled', [f('conflict', 'text', true), f('verdict', 'text', true), f('text', 'long_text')], '说明哪一方正确。', 'Says which side was right.'),
  c('create_link', '生成公开链接', 'Create tracking link', 'reference_added', [f('days', 'integer')], '生成客户可打开的查询链接。', 'Makes a link that the customer can open.'),
  c('reveal_personal', '查看个人信息', 'Reveal personal data', 'personal_revealed', [f('reason', 'text', true)], '显示完整联系方式，查看会留下记录。', 'Shows full contact data; the look is recorded.'),
];

const milestones = [
  ['pending', '暂无轨迹', 'No scans yet', '待揽收', '包裹已登记，等待快递公司首次扫描。', "Registered; waiting for the carrier's first scan."],
  ['info_received', '待揽收', 'Label created', '待揽收', '商家已打包，等待快递员取件。', 'Packed; waiting for pickup.'],
  ['picked_up', '已揽收', 'Picked up', '已揽收', '{carrier}已于{time}取件。', 'Picked up by {carrier} at {time}.'],
  ['in_transit', '运输中', 'In transit', '运输中', '包裹正在运输途中，最近经过{place}。', 'On the way; last seen in {place}.'],
  ['at_destination', '到达目的城市', 'In your city', '已到达', '包裹已到{city}，等待安排派送。', 'Arrived in {city}; delivery being arranged.'],
  ['out_for_delivery', '派送中', 'Out for delivery', '派送中', '快递员正在派送，请保持电话畅通。', 'Out for delivery.'],
  ['ready_for_pickup', '待取件', 'Ready for pickup', '待取件', '包裹在{pickup_place}，请及时取件。', 'Waiting for you at {pickup_place}.'],
  ['delivery_attempted', '派送未成功', 'Delivery attempted', '派送未成功', '未能送达。', 'Delivery failed.'],
  ['delivered', '已签收', 'Delivered', '已签收', '已于{time}签收。', 'Delivered at {time}.'],
  ['returning', '退回中', 'Returning', '退回中', '包裹正在退回商家。', 'Returning to the seller.'],
  ['returned', '已退回', 'Returned', '已退回', '包裹已退回商家。', 'Returned to the seller.'],
  ['lost_or_destroyed', '丢失/破损', 'Lost or destroyed', '异常处理中', '运输中发生异常，我们正在处理。', 'Something went wrong; we are on it.'],
  ['cancelled', '已取消', 'Cancelled', '已取消', '该运单已取消。', 'This label was cancelled.'],
].map(([code, zh, en, cz, sz, se]) => ({ code, label: l(zh, en), customer: l(cz, en), sentence: l(sz, se) }));

export const eventTypes = words([
  ['order_placed', '下单', 'Order placed'], ['payment_received', '收到付款', 'Payment received'],
  ['order_released', '下发仓库', 'Released to warehouse'], ['order_recalled', '退回审单', 'Recalled from warehouse'],
  ['order_cancelled', '订单已取消', 'Order cancelled'], ['order_completed', '交易完成', 'Order completed'],
  ['receipt_confirmed', '确认收货', 'Receipt confirmed'], ['step_total', '仓内进度', 'Fulfilment progress'],
  ['package_shipped', '发货', 'Package shipped'], ['package_unshipped', '撤销发货', 'Dispatch withdrawn'],
  ['package_scanned', '物流轨迹', 'Package scanned'], ['package_delivered', '签收', 'Package delivered'],
  ['intercept_requested', '申请拦截', 'Interception requested'], ['carrier_urged', '催派送', 'Carrier urged'],
  ['promise_made', '承诺时间', 'Promise made'], ['hold_placed', '挂起', 'Hold placed'],
  ['hold_released', '解除挂起', 'Hold released'], ['note_added', '备注', 'Note added'],
  ['attributes_set', '设置属性', 'Attributes set'], ['tag_added', '加标签', 'Tag added'], ['tag_removed', '去标签', 'Tag removed'],
  ['after_sale_opened', '申请售后', 'After-sale case opened'], ['after_sale_moved', '售后进展', 'After-sale case moved'],
  ['request_opened', '已申请', 'Requested from its master'], ['conflict_settled', '冲突裁定', 'Conflict settled'],
  ['event_corrected', '更正', 'Event corrected'], ['event_retracted', '撤销', 'Event retracted'],
  ['address_changed', '修改地址', 'Address changed'], ['reference_added', '增加单号', 'Reference added'],
  ['personal_revealed', '查看个人信息', 'Personal data revealed'],
]);

export function meta(now) {
  return {
    server: { version: 'mock', now, mode: 'local', demo: true },
    viewer: { actor: 'local', role: 'admin' },
    categories,
    lanes: tones([['overdue', '超时', 'Overdue', 'bad'], ['at_risk', '预警', 'At risk', 'warn'], ['unverified', '待核实', 'Unverified', 'unknown'], ['normal', '正常', 'Normal', 'good']]),
    health: tones([
      ['on_time', '正常', 'On time', 'good', 'normal'], ['at_risk', '预警', 'At risk', 'warn', 'at_risk'],
      ['overdue', '超时', 'Overdue', 'bad', 'overdue'], ['no_signal', '无信号', 'No signal', 'unknown', 'unverified'],
      ['no_promise', '未承诺', 'No promise', 'neutral', 'normal'], ['paused', '暂停', 'Paused', 'neutral', 'normal'],
      ['done_on_time', '按时完成', 'Done on time', 'good', 'normal'], ['done_late', '延迟完成', 'Done late', 'warn', 'normal'],
    ]),
    badges: tones([['after_sale_open', '售后中', 'After-sale open', 'warn'], ['request_pending', '等待对方确认', 'Waiting for a reply', 'info'], ['data_conflict', '数据冲突', 'Conflict', 'bad'], ['urgent', '加急', 'Urgent', 'bad'], ['presale', '预售', 'Presale', 'info'], ['dropship', '代发', 'Dropship', 'neutral']]),
    holds, milestones,
    roles: words([['customer', '买家', 'Customer'], ['service', '客服', 'Customer service'], ['order_desk', '订单专员', 'Order desk'], ['warehouse', '仓库', 'Warehouse'], ['carrier', '承运商', 'Carrier'], ['finance', '财务', 'Finance'], ['supervisor', '主管', 'Supervisor'], ['admin', '管理员', 'Administrator'], ['source', '对接系统', 'Connected system'], ['system', '系统自动', 'Cairn itself'], ['supplier', '供应商', 'Supplier'], ['qc', '质检', 'Quality'], ['planner', '计划员', 'Planner'], ['shop_floor', '车间', 'Shop floor'], ['purchasing', '采购', 'Purchasing']]),
    conflicts: words([['sources_disagree', '来源说法不一', 'Sources disagree'], ['declared_not_confirmed', '已声明未证实', 'Declared, not confirmed'], ['impossible_order', '时间先后矛盾', 'Told in an impossible order'], ['overtaken', '操作被后到事实推翻', 'Overtaken by a later fact']]),
    event_types: eventTypes,
    commands,
    lifecycles: [
      { id: 'retail', version: '3f9ac2e1', label: l('现货零售', 'Retail'), subject: 'order', states: states(retailStates), transitions: retailTransitions },
      { id: 'made_to_order', version: '77b01c4d', label: l('定制生产', 'Made to order'), subject: 'order', states: states(madeStates), transitions: madeTransitions },
      { id: 'after_sale', version: 'a0144bde', label: l('售后单', 'After-sale'), subject: 'after_sale', states: states(caseStates), transitions: caseTransitions },
    ],
    errors: [
      ['refused', 409, false, '当前状态不允许', 'Refused by the lifecycle'], ['version-mismatch', 412, false, '订单已变化', 'The order has changed'],
      ['invalid', 422, false, '字段不正确', 'Invalid field'], ['not-found', 404, false, '未找到', 'Not found'], ['busy', 429, true, '请求过多', 'Too much at once'],
    ].map(([code, status, retryable, zh, en]) => ({ code, status, retryable, title: l(zh, en) })),
    attribute_sets: [
      {
        id: 'retail_cn', label: l('国内零售', 'Retail China'), levels: ['order'],
        schema: {
          type: 'object',
          properties: {
            member_level: { type: 'string', title: '会员等级', 'x-label': l('会员等级', 'Member level') },
            invoice_type: { title: '发票类型', 'x-label': l('发票类型', 'Invoice type'), enum: ['none', 'paper'], 'x-options': { none: l('不开票', 'No invoice'), paper: l('纸质普票', 'Paper') } },
          },
        },
      },
      {
        id: 'made_to_order', label: l('定作要求', 'Made to order'), levels: ['line'],
        schema: { type: 'object', properties: { inspection_level: { title: '检验等级', 'x-label': l('检验等级', 'Inspection level'), enum: ['full'], 'x-options': { full: l('全数检验', 'Every piece') } } } },
      },
    ],
    words: {
      payment_state: words([['unpaid', '未付款', 'Unpaid'], ['deposit_paid', '已付定金', 'Deposit paid'], ['partly_paid', '部分付款', 'Partly paid'], ['paid', '已付款', 'Paid'], ['cod_due', '货到付款', 'Cash on delivery'], ['partly_refunded', '部分退款', 'Partly refunded'], ['refunded', '已退款', 'Refunded']]),
      payment_terms: words([['prepaid', '先款后货', 'Prepaid'], ['deposit_balance', '定金加尾款', 'Deposit and balance'], ['cod', '货到付款', 'Cash on delivery'], ['credit', '账期', 'Credit']]),
      line_kind: words([['goods', '商品', 'Goods'], ['gift', '赠品', 'Gift'], ['service', '服务', 'Service'], ['fee', '费用', 'Fee']]),
      step: words([['released', '已下发', 'Released'], ['allocated', '已分配', 'Allocated'], ['picked', '已拣货', 'Picked'], ['packed', '已打包', 'Packed'], ['label_created', '已出面单', 'Label created'], ['shipped', '已发货', 'Shipped'], ['delivered', '已签收', 'Delivered'], ['returned', '已退回', 'Returned']]),
      direction: words([['outbound', '发出', 'Outbound'], ['return', '退货', 'Return'], ['exchange_out', '换货发出', 'Exchange out'], ['resend', '补发', 'Resend']]),
      case_type: words([['return_refund', '退货退款', 'Return and refund'], ['refund_only', '仅退款', 'Refund only'], ['exchange', '换货', 'Exchange']]),
      relation_kind: words([['split', '拆单', 'Split'], ['merged_shipment', '合并发货', 'Merged shipment'], ['exchange', '换货', 'Exchange']]),
      package_flag: words([['delayed', '延误', 'Delayed'], ['exception', '异常', 'Exception'], ['intercept_pending', '拦截中', 'Interception pending']]),
      received_by: words([['self', '本人', 'In person'], ['station', '驿站', 'Parcel station'], ['locker', '快递柜', 'Locker']]),
      promise_basis: words([['computed', '系统推算', 'Computed'], ['person', '人工承诺', 'Set by a person'], ['source', '来源告知', 'Told by the source']]),
      verdict: words([['first_right', '以第一方为准', 'First side is right'], ['second_right', '以第二方为准', 'Second side is right'], ['both_right', '两者都对', 'Both are right'], ['ignore', '不影响，忽略', 'Does not matter']]),
      correction_reason: words([['wrong_ship', '误点发货', 'Shipped by mistake'], ['wrong_number', '填错单号', 'Wrong number'], ['wrong_delivery', '误签收', 'Wrong delivery'], ['other', '其他', 'Other']]),
      dismiss_reason: words([['not_ours', '不是我们的单', 'Not ours'], ['test_data', '测试数据', 'Test data'], ['duplicate', '重复', 'Duplicate']]),
      hold_party: words([['customer', '客户', 'Customer'], ['merchant', '商家', 'Merchant'], ['supplier', '供应商', 'Supplier'], ['authority', '监管机构', 'Authority']]),
      hold_clock: words([['stops', '时钟停止', 'Clock stops'], ['runs', '时钟继续', 'Clock runs'], ['excuses', '免责', 'Excused']]),
      shop: words([['shanye', '山野户外', 'Shanye Outdoor'], ['muli', '木里全屋定制', 'Muli Home'], ['xiandao', '鲜到家', 'Xiandao Fresh'], ['northstar', 'NorthStar Gear', 'NorthStar Gear']]),
      warehouse: words([['jiaxing', '嘉兴仓', 'Jiaxing'], ['dongguan', '东莞仓', 'Dongguan']]),
      supplier: words([['hengli', '恒立玻璃', 'Hengli Glass'], ['jiamu', '佳木五金', 'Jiamu Hardware'], ['yuanfan', '远帆代发', 'Yuanfan Dropship']]),
      carrier: carrierOptions,
      source: words([['console', '控制台', 'Console'], ['shop-api', '店铺接口', 'Shop interface'], ['wms', '仓库系统', 'WMS'], ['zto', '中通快递', 'ZTO'], ['sf', '顺丰速运', 'SF Express'], ['yto', '圆通速递', 'YTO'], ['erp', 'ERP', 'ERP'], ['cairn', 'Cairn', 'Cairn']]),
    },
  };
}
