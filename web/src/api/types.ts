import type { components, operations } from './schema.gen';

type Schemas = components['schemas'];

export type Status = Schemas['Status'];
export type StateRef = Schemas['StateRef'];
export type OrderRow = Schemas['OrderRow'];
export type OrderPage = Schemas['OrderPage'];
export type Board = Schemas['Board'];
export type Cell = Schemas['Cell'];
export type Order = Schemas['Order'];
export type OrderLine = Schemas['OrderLine'];
export type Package = Schemas['Package'];
export type CommandOffer = Schemas['CommandOffer'];
export type CommandDef = Schemas['CommandDef'];
export type Field = Schemas['Field'];
export type AttributeSchema = Schemas['AttributeSchema'];
export type Conflict = Schemas['Conflict'];
export type TimelineItem = Schemas['TimelineItem'];
export type Change = Schemas['Change'];
export type Meta = Schemas['Meta'];
export type Lifecycle = Schemas['LifecycleDef'];
export type Word = Schemas['Word'];
export type Label = Schemas['Label'];
export type Tone = Schemas['Tone'];
export type Problem = Schemas['Problem'];
export type CommandAnswer = Schemas['CommandAnswer'];
export type BulkAnswer = Schemas['BulkAnswer'];
export type Promised = Schemas['Promise'];
export type QuarantineItem = Schemas['QuarantineItem'];
export type ConflictItem = Schemas['ConflictItem'];

export type OrderFilter = NonNullable<operations['listOrders']['parameters']['query']>;
export type BoardFilter = NonNullable<operations['getBoard']['parameters']['query']>;
