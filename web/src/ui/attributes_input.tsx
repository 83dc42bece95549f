import { Button, Input, InputNumber, Select } from 'antd';
import { useId } from 'react';
import { attributesOf, attributeTitle, choicesOf, unitOf, type Attribute } from '@/lib/attributes';
import { useText } from '@/lib/i18n';
import { useMeta } from '@/lib/meta_context';
import s from './ui.module.css';

/// Attributes by name, as they are typed; `undefined` takes one away.
export type AttributeDraft = Record<string, unknown>;

/// Attributes are many and few are set at a time: one is chosen from those the level has, then gets a
/// row with what its schema allows.
export function AttributesInput(props: { id: string; level: string; value: AttributeDraft; onChange: (value: AttributeDraft) => void }) {
  const { t, label, lang } = useText();
  const { meta } = useMeta();
  const known = attributesOf(meta, props.level);
  const chosen = Object.keys(props.value);
  const free = known.filter((attribute) => !chosen.includes(attribute.name));
  const sets = [...new Set(free.map((attribute) => attribute.set))];
  const options = sets.map((set) => ({
    label: label(set),
    options: free.filter((a) => a.set === set).map((a) => ({ value: a.name, label: attributeTitle(meta, a.name, lang) })),
  }));
  const remove = (name: string) => props.onChange(Object.fromEntries(Object.entries(props.value).filter(([other]) => other !== name)));
  return (
    <div className={s.parts}>
      {chosen.map((name) => (
        <AttributeRow
          key={name}
          title={attributeTitle(meta, name, lang)}
          attribute={known.find((a) => a.name === name)}
          value={props.value[name]}
          onChange={(value) => props.onChange({ ...props.value, [name]: value })}
          onRemove={() => remove(name)}
        />
      ))}
      <Select
        id={props.id}
        aria-label={t('cmd.attribute_add')}
        placeholder={t('cmd.attribute_add')}
        options={options}
        value={null}
        showSearch={{ optionFilterProp: 'label' }}
        onChange={(name: string | null) => name && props.onChange({ ...props.value, [name]: undefined })}
      />
      {chosen.length > 0 && <span className={s.hint}>{t('cmd.attribute_hint')}</span>}
    </div>
  );
}

function AttributeRow(props: { title: string; attribute: Attribute | undefined; value: unknown; onChange: (value: unknown) => void; onRemove: () => void }) {
  const { t, lang } = useText();
  const id = useId();
  const unit = unitOf(props.attribute?.schema, lang);
  return (
    <div className={s.attribute}>
      <label htmlFor={id}>
        {props.title} {unit && <span className={s.hint}>{unit}</span>}
      </label>
      <ValueInput id={id} attribute={props.attribute} value={props.value} onChange={props.onChange} />
      <Button type="text" size="small" aria-label={t('cmd.attribute_remove', { name: props.title })} onClick={props.onRemove}>
        ×
      </Button>
    </div>
  );
}

function ValueInput({ id, attribute, value, onChange }: { id: string; attribute: Attribute | undefined; value: unknown; onChange: (value: unknown) => void }) {
  const { t, lang } = useText();
  const schema = attribute?.schema ?? {};
  const choices = schema.type === 'boolean' ? [true, false].map((yes) => ({ value: yes as unknown, label: t(yes ? 'cmd.yes' : 'cmd.no') })) : choicesOf(schema, lang);
  if (choices.length > 0) {
    const at = choices.findIndex((choice) => choice.value === value);
    const options = choices.map((choice, i) => ({ value: i, label: choice.label }));
    return <Select id={id} options={options} value={at < 0 ? undefined : at} allowClear onChange={(i: number | undefined) => onChange(i === undefined ? undefined : choices[i]?.value)} />;
  }
  if (schema.type === 'integer' || schema.type === 'number')
    return <InputNumber id={id} precision={schema.type === 'integer' ? 0 : undefined} style={{ width: '100%' }} value={value as number | undefined} onChange={(n) => onChange(n ?? undefined)} />;
  return <Input id={id} value={typeof value === 'string' ? value : ''} onChange={(e) => onChange(e.target.value || undefined)} />;
}

/// What is sent: an array or object is typed as JSON. An error where it is none.
export function attributesData(draft: AttributeDraft, known: Attribute[]): Record<string, unknown> | SyntaxError {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(draft)) {
    const type = known.find((a) => a.name === name)?.schema.type;
    if (typeof value === 'string' && (type === 'array' || type === 'object')) {
      try {
        out[name] = JSON.parse(value) as unknown;
      } catch (error) {
        return error as SyntaxError;
      }
    } else {
      out[name] = value ?? null;
    }
  }
  return out;
}
