import { attributeText, attributeTitle } from '@/lib/attributes';
import { useText } from '@/lib/i18n';
import { useMeta } from '@/lib/meta_context';

const shown_max = 160;

/// What a line or package carries besides, in one line. What names people comes masked.
export function Attributes({ open, personal }: { open?: Record<string, unknown>; personal?: Record<string, string> }) {
  const { lang } = useText();
  const { meta } = useMeta();
  const text = Object.entries({ ...open, ...personal })
    .map(([name, value]) => `${attributeTitle(meta, name, lang)}: ${attributeText(meta, name, value, lang)}`)
    .join(' · ');
  return text ? <div title={text.slice(0, 4_000)}>{text.slice(0, shown_max)}</div> : null;
}
