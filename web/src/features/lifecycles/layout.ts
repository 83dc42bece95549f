import type { Lifecycle } from '@/api/types';

/// Where the states of a lifecycle stand in its chart: a column for each category that occurs, in the
/// order of the board, states below each other; edges are drawn once per pair of states.
export interface Node {
  code: string;
  x: number;
  y: number;
}
export interface Edge {
  from: string;
  to: string;
  kind: 'command' | 'fact' | 'automatic';
  path: string;
  isBack: boolean;
}
export interface Chart {
  nodes: Node[];
  edges: Edge[];
  columns: { category: string; x: number }[];
  width: number;
  height: number;
}

export const node_width = 140;
export const node_height = 46;
const gap_x = 40;
const gap_y = 26;
const top = 40;
const side = 16;

export function chartOf(lifecycle: Lifecycle, categoryOrder: string[]): Chart {
  const used = categoryOrder.filter((c) => lifecycle.states.some((state) => state.category === c));
  const columns = used.map((category, i) => ({ category, x: side + i * (node_width + gap_x) }));
  const rows = used.map((category) => lifecycle.states.filter((state) => state.category === category));
  const tallest = Math.max(1, ...rows.map((r) => r.length));
  const step = node_height + gap_y;
  const nodes = rows.flatMap((states, i) =>
    states.map((state, k) => ({ code: state.code, x: columns[i]!.x, y: top + ((tallest - states.length) * step) / 2 + k * step })),
  );
  const at = new Map(nodes.map((node) => [node.code, node]));
  const edges = pairs(lifecycle).flatMap(({ from, to, kind }) => {
    const a = at.get(from);
    const b = at.get(to);
    return a && b ? [{ from, to, kind, ...route(a, b) }] : [];
  });
  return { nodes, edges, columns, width: side * 2 + used.length * node_width + (used.length - 1) * gap_x, height: top + tallest * step + 44 };
}

function pairs(lifecycle: Lifecycle): { from: string; to: string; kind: Edge['kind'] }[] {
  const out = new Map<string, { from: string; to: string; kind: Edge['kind'] }>();
  for (const transition of lifecycle.transitions)
    for (const to of transition.to) {
      const key = `${transition.from}→${to}`;
      if (transition.from !== to && !out.has(key)) out.set(key, { from: transition.from, to, kind: transition.kind });
    }
  return [...out.values()];
}

function route(a: Node, b: Node): { path: string; isBack: boolean } {
  const middle = node_height / 2;
  if (a.x === b.x) {
    const down = b.y > a.y;
    const near = Math.abs(b.y - a.y) <= node_height + gap_y;
    if (near) return { path: `M${a.x + node_width / 2} ${a.y + (down ? node_height : 0)} L${b.x + node_width / 2} ${b.y + (down ? 0 : node_height)}`, isBack: !down };
    const bow = a.x - 26;
    return { path: `M${a.x} ${a.y + middle} C${bow} ${a.y + middle} ${bow} ${b.y + middle} ${b.x} ${b.y + middle}`, isBack: !down };
  }
  if (b.x > a.x) {
    const from = { x: a.x + node_width, y: a.y + middle };
    const to = { x: b.x, y: b.y + middle };
    const pull = Math.max(34, (to.x - from.x) * 0.45);
    return { path: `M${from.x} ${from.y} C${from.x + pull} ${from.y} ${to.x - pull} ${to.y} ${to.x} ${to.y}`, isBack: false };
  }
  const low = Math.max(a.y, b.y) + node_height + 20;
  const from = { x: a.x + node_width / 2 - 12, y: a.y + node_height };
  const to = { x: b.x + node_width / 2 + 12, y: b.y + node_height };
  return { path: `M${from.x} ${from.y} C${from.x} ${low} ${to.x} ${low} ${to.x} ${to.y}`, isBack: true };
}
