import { Button, Input, InputNumber, Select, Switch } from 'antd';
import { useId, useState, type ReactNode } from 'react';
import type { CommandDef, Field, OrderLine } from '@/api/types';
import type { Attribute } from '@/lib/attributes';
import { quantity, toMinor } from '@/lib/format';
import { fieldText, useText, type Texts } from '@/lib/i18n';
import { fromLocalInput } from '@/lib/time';
import { attributesData, AttributesInput, type AttributeDraft } from './attributes_input';
import s from './ui.module.css';

/// The body of a command as a form, drawn from the fields the server lists. What is typed stays as
/// typed until `dataOf` reads it; a field at fault is named in words.
export type Draft = Record<string, unknown>;
export interface FormContext {
  currency?: string;
  lines?: OrderLine[];
  /// Package numbers to choose from.
  packages?: string[];
  /// Attributes there are, of whatever level.
  attributes?: Attribute[];
}

/// Fields of an offer, with the names and choices that the definitions have for them.
export function fieldsOf(fields: Field[], def: CommandDef | undefined): Field[] {
  const known = new Map(def?.fields.map((field) => [field.name, field]));
  return fields.map((field) => ({ ...field, ...known.get(field.name), required: field.required || (known.get(field.name)?.required ?? false) }));
}

const isSeldom = (field: Field) => !!field.seldom && !field.required;

const personFields = ['name', 'phone', 'address', 'city', 'region', 'postcode', 'country'];
const referenceFields = ['scheme', 'issuer', 'value'];

export function dataOf(fields: Field[], draft: Draft, context: FormContext, texts: Texts): { data: Record<string, unknown> } | { field: string; message: string } {
  const data: Record<string, unknown> = {};
  for (const field of fields) {
    const name = texts.label(field.label) || fieldText(texts.lang, field.name);
    const value = valueOf(field, draft[field.name], context);
    if (value instanceof SyntaxError) return { field: field.name, message: texts.t('cmd.bad_json', { field: name }) };
    if (value === undefined && field.required) return { field: field.name, message: texts.t('cmd.required', { field: name }) };
    if (value !== undefined) data[field.name] = value;
  }
  return { data };
}

function valueOf(field: Field, raw: unknown, context: FormContext): unknown {
  if (raw === undefined || raw === null || raw === '') return undefined;
  switch (field.type) {
    case 'money':
      return toMinor(String(raw), context.currency);
    case 'moment':
      return fromLocalInput(String(raw));
    case 'json':
    case 'lines':
    case 'steps':
      try {
        return JSON.parse(String(raw)) as unknown;
      } catch (error) {
        return error instanceof SyntaxError ? error : new SyntaxError();
      }
    case 'parts': {
      const parts = Object.entries(raw as Record<string, number>).filter(([, n]) => n > 0);
      return parts.length ? parts.map(([line, n]) => ({ line, quantity: n })) : undefined;
    }
    case 'person':
    case 'reference': {
      const filled = Object.entries(raw as Record<string, string>).filter(([, v]) => v.trim() !== '');
      return filled.length ? Object.fromEntries(filled) : undefined;
    }
    case 'attributes':
      return Object.keys(raw as AttributeDraft).length ? attributesData(raw as AttributeDraft, context.attributes ?? []) : undefined;
    case 'choices':
    case 'texts':
      return (raw as string[]).length ? raw : undefined;
    default:
      return raw;
  }
}

export function CommandFields(props: { fields: Field[]; draft: Draft; onChange: (draft: Draft) => void; context: FormContext; wrong?: { field: string; message: string } }) {
  const { t } = useText();
  const [isAll, setIsAll] = useState(false);
  const set = (name: string, value: unknown) => props.onChange({ ...props.draft, [name]: value });
  const hasSeldom = props.fields.some(isSeldom) && !props.fields.every(isSeldom);
  const shown = hasSeldom && !isAll ? props.fields.filter((field) => !isSeldom(field) || props.wrong?.field === field.name) : props.fields;
  const level = typeof props.draft.level === 'string' && props.draft.level ? props.draft.level : 'order';
  return (
    <div className={s.form}>
      {shown.map((field) => (
        <FieldRow
          key={field.name}
          field={field}
          value={props.draft[field.name]}
          context={props.context}
          level={level}
          onChange={(value) => set(field.name, value)}
          wrong={props.wrong?.field === field.name ? props.wrong.message : undefined}
        />
      ))}
      {hasSeldom && !isAll && (
        <Button type="link" size="small" className={s.moreFields} onClick={() => setIsAll(true)}>
          {t('cmd.more_fields', { n: props.fields.length - shown.length })}
        </Button>
      )}
    </div>
  );
}

interface InputProps {
  id: string;
  field: Field;
  value: unknown;
  context: FormContext;
  /// Of the thing whose attributes are set.
  level: string;
  onChange: (value: unknown) => void;
}

function FieldRow(props: Omit<InputProps, 'id'> & { wrong: string | undefined }) {
  const { field, wrong } = props;
  const texts = useText();
  const id = useId();
  const name = texts.label(field.label) || fieldText(texts.lang, field.name);
  const isPlain = ['parts', 'attributes'].includes(field.type);
  const isGroup = isPlain || ['person', 'reference'].includes(field.type);
  const input = <FieldInput id={id} {...props} />;
  const message: ReactNode = wrong && (
    <span className={s.wrong} role="alert">
      {wrong}
    </span>
  );
  if (isGroup)
    return (
      <fieldset className={isPlain ? s.field : s.group} style={isPlain ? { border: 0, padding: 0, margin: 0 } : undefined}>
        <legend className={`${s.fieldName} ${field.required ? s.required : ''}`}>{name}</legend>
        {input}
        {message}
      </fieldset>
    );
  return (
    <div className={s.field}>
      <label htmlFor={id} className={field.required ? s.required : undefined}>
        {name}
      </label>
      {input}
      {message}
    </div>
  );
}

function FieldInput({ id, field, value, context, level, onChange }: InputProps) {
  const { label } = useText();
  const options = (field.options ?? []).map((o) => ({ value: o.code, label: label(o.label, o.code) }));
  const text = typeof value === 'string' ? value : '';
  switch (field.type) {
    case 'long_text':
      return <Input.TextArea id={id} rows={3} value={text} onChange={(e) => onChange(e.target.value)} />;
    case 'integer':
      return <InputNumber id={id} precision={0} value={value as number | undefined} onChange={onChange} />;
    case 'money':
      return <Input id={id} inputMode="decimal" suffix={context.currency} value={text} onChange={(e) => onChange(e.target.value)} />;
    case 'moment':
      return <Input id={id} type="datetime-local" value={text} onChange={(e) => onChange(e.target.value)} />;
    case 'boolean':
      return <Switch id={id} checked={value === true} onChange={onChange} />;
    case 'choice':
      return <Select id={id} options={options} value={(value as string) || undefined} onChange={onChange} allowClear showSearch={options.length > 8 ? { optionFilterProp: 'label' } : false} />;
    case 'choices':
      return <Select id={id} mode="multiple" options={options} value={(value as string[]) ?? []} onChange={onChange} />;
    case 'texts':
      return <Select id={id} mode="tags" value={(value as string[]) ?? []} onChange={onChange} open={false} />;
    case 'parts':
      return <PartsInput value={(value as Record<string, number>) ?? {}} context={context} onChange={onChange} />;
    case 'attributes':
      return <AttributesInput id={id} level={level} value={(value as AttributeDraft) ?? {}} onChange={onChange} />;
    case 'person':
      return <GroupInput names={personFields} value={(value as Record<string, string>) ?? {}} onChange={onChange} />;
    case 'reference':
      return <GroupInput names={referenceFields} value={(value as Record<string, string>) ?? {}} onChange={onChange} />;
    case 'json':
    case 'lines':
    case 'steps':
      return <Input.TextArea id={id} rows={5} className="mono" value={text} onChange={(e) => onChange(e.target.value)} spellCheck={false} />;
    default:
      return field.name === 'package' && context.packages?.length ? (
        <Select id={id} options={context.packages.map((p) => ({ value: p, label: p }))} value={text || undefined} onChange={onChange} allowClear />
      ) : (
        <Input id={id} value={text} onChange={(e) => onChange(e.target.value)} />
      );
  }
}

function GroupInput(props: { names: string[]; value: Record<string, string>; onChange: (value: unknown) => void }) {
  const { lang } = useText();
  const id = useId();
  return props.names.map((name) => (
    <div key={name} className={s.field}>
      <label htmlFor={id + name}>{fieldText(lang, name)}</label>
      <Input id={id + name} value={props.value[name] ?? ''} onChange={(e) => props.onChange({ ...props.value, [name]: e.target.value })} />
    </div>
  ));
}

function PartsInput(props: { value: Record<string, number>; context: FormContext; onChange: (value: unknown) => void }) {
  const { t } = useText();
  const lines = (props.context.lines ?? []).filter((line) => line.quantity - line.cancelled > 0);
  return (
    <div className={s.parts}>
      {lines.map((line) => (
        <div key={line.id} className={s.part}>
          <span>
            {line.name || line.sku || line.id} <span className="quiet">× {quantity(line.quantity - line.cancelled, line.scale, line.unit)}</span>
          </span>
          <InputNumber aria-label={line.name || line.id} size="small" min={0} max={line.quantity - line.cancelled} precision={0} value={props.value[line.id]} onChange={(n) => props.onChange({ ...props.value, [line.id]: n })} />
        </div>
      ))}
      <span className={s.hint}>{t('cmd.parts_hint')}</span>
    </div>
  );
}

export function FormButtons(props: { submit: string; danger?: boolean; busy: boolean; onCancel: () => void; onSubmit: () => void; disabled?: boolean }) {
  const { t } = useText();
  return (
    <>
      <Button onClick={props.onCancel}>{t('act.cancel')}</Button>
      <Button type="primary" danger={props.danger} loading={props.busy} disabled={props.disabled} onClick={props.onSubmit}>
        {props.submit}
      </Button>
    </>
  );
}
