import { useMemo } from 'react';
import type { Lifecycle } from '@/api/types';
import { count } from '@/lib/format';
import { useText } from '@/lib/i18n';
import { useMeta } from '@/lib/meta_context';
import { chartOf, node_height, node_width, type Edge } from './layout';
import s from './lifecycles.module.css';

// A long name is set narrower rather than running out of its box; Chinese letters are twice as wide.
const text_width = node_width - 26;
function fitted(text: string) {
  const wide = [...text].reduce((sum, c) => sum + (c > '\u2e80' ? 12.5 : 7), 0);
  return wide > text_width ? ({ textLength: text_width, lengthAdjust: 'spacingAndGlyphs' } as const) : {};
}

interface Props {
  lifecycle: Lifecycle;
  chosen: string;
  countOf: ((state: string) => number) | undefined;
  onChoose: (state: string) => void;
}

export function LifecycleChart({ lifecycle, chosen, countOf, onChoose }: Props) {
  const { t, label } = useText();
  const { meta, name, tone } = useMeta();
  const chart = useMemo(() => chartOf(lifecycle, [...meta.categories].sort((a, b) => Number(b.open) - Number(a.open) || a.column - b.column).map((c) => c.code)), [lifecycle, meta.categories]);
  const near = new Set(chart.edges.filter((e) => e.from === chosen || e.to === chosen).flatMap((e) => [e.from, e.to]));
  const edgeClass = (edge: Edge) => {
    const isLit = edge.from === chosen || edge.to === chosen;
    return [s.edge, edge.isBack && s.back, edge.kind === 'automatic' && s.automatic, chosen && (isLit ? s.lit : s.faded)].filter(Boolean).join(' ');
  };
  return (
    <svg style={{ minWidth: chart.width * 0.8, maxWidth: chart.width * 1.15 }} viewBox={`0 0 ${chart.width} ${chart.height}`} role="group" aria-label={t('lifecycles.chart', { name: label(lifecycle.label) })}>
      <defs>
        <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">
          <path d="M0 0.5 L7.5 4 L0 7.5 z" fill="context-stroke" />
        </marker>
      </defs>
      {chart.columns.map((column) => (
        <g key={column.category}>
          <rect className={s.stripe} x={column.x - 10} y={0} width={node_width + 20} height={chart.height} />
          <text className={s.column} x={column.x + node_width / 2} y={20} textAnchor="middle">
            {name('categories', column.category)}
          </text>
        </g>
      ))}
      {chart.edges.map((edge) => (
        <path key={`${edge.from}-${edge.to}`} d={edge.path} className={edgeClass(edge)} markerEnd="url(#arrow)" />
      ))}
      {chart.nodes.map((node) => {
        const state = lifecycle.states.find((x) => x.code === node.code)!;
        const isFaded = chosen && node.code !== chosen && !near.has(node.code);
        const orders = countOf?.(node.code);
        return (
          <g
            key={node.code}
            transform={`translate(${node.x} ${node.y})`}
            className={[s.node, state.final && s.final, node.code === chosen && s.chosen, isFaded && s.faded].filter(Boolean).join(' ')}
            role="button"
            tabIndex={0}
            aria-pressed={node.code === chosen}
            aria-label={[label(state.label, state.code), orders !== undefined && count(orders)].filter(Boolean).join(' ')}
            onClick={() => onChoose(node.code)}
            onKeyDown={(e) => {
              if (e.key !== 'Enter' && e.key !== ' ') return;
              e.preventDefault();
              onChoose(node.code);
            }}
          >
            <rect width={node_width} height={node_height} rx={6} />
            <rect width={4} height={node_height - 12} x={6} y={6} rx={2} fill={`var(--${tone('categories', state.category)}-solid)`} />
            <text x={18} y={orders === undefined ? 28 : 20} {...fitted(label(state.label, state.code))}>
              {label(state.label, state.code)}
            </text>{' '}
            {orders !== undefined && (
              <text x={18} y={36} className={s.number}>
                {count(orders)}
              </text>
            )}
          </g>
        );
      })}
    </svg>
  );
}
