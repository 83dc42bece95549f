import { useQuery } from '@tanstack/react-query';
import { Button } from 'antd';
import { orderQuery } from '@/api/queries';
import type { CommandOffer, Field } from '@/api/types';
import { useText } from '@/lib/i18n';

/// What names the thing that a command is about, so that its reverse means that thing and no other; and
/// what says more of it where it is named.
const naming = ['hold_id', 'package', 'number', 'tag', 'reference'];
const describing = ['carrier', 'direction'];
/// Ids that whoever places a thing may choose.
const chosen = ['hold_id'];

const takes = (fields: Field[], name: string) => fields.some((field) => field.name === name);

/// What a command is sent with: a thing that it makes has an id of ours, by which it can be taken back.
/// It is that of the attempt, so that a repeat says the same.
export function withOwnId(offer: { fields: Field[]; undo?: string }, data: Record<string, unknown>, id: string): Record<string, unknown> {
  const own = offer.undo ? chosen.filter((name) => takes(offer.fields, name) && data[name] === undefined) : [];
  return { ...Object.fromEntries(own.map((name) => [name, id])), ...data };
}

/// What the reverse is sent with, or nothing where it would mean more than what was done.
export function undoData(reverse: Field[], data: Record<string, unknown>): Record<string, unknown> | undefined {
  const given = (names: string[]) => names.filter((name) => takes(reverse, name) && data[name] !== undefined);
  const named = given(naming);
  if (naming.some((name) => takes(reverse, name)) && named.length === 0) return undefined;
  const out = Object.fromEntries([...named, ...given(describing)].map((name) => [name, data[name]]));
  return reverse.some((field) => field.required && out[field.name] === undefined) ? undefined : out;
}

interface Props {
  order: string;
  /// The command that takes back, and what was sent with the one that is taken back.
  command: string;
  data: Record<string, unknown>;
  onUndo: (offer: CommandOffer, data: Record<string, unknown>) => void;
}

/// There for as long as the order, as it stands now, allows the reverse.
export function UndoButton({ order, command, data, onUndo }: Props) {
  const { t } = useText();
  const query = useQuery({ ...orderQuery(order), refetchOnMount: 'always' });
  const offer = query.isFetchedAfterMount ? query.data?.commands.find((c) => c.name === command && c.allowed) : undefined;
  const reverse = offer && undoData(offer.fields, data);
  if (!offer || !reverse) return null;
  return (
    <Button size="small" onClick={() => onUndo({ ...offer, undo: undefined }, reverse)}>
      {t('act.undo')}
    </Button>
  );
}
