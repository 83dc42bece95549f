// The template language of the public page, as web/README.md describes it: {{name}} escaped text,
// {{#name}}…{{/name}} repeated for a list or kept for a value, {{^name}}…{{/name}} where there is none.
const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escape = (text) => String(text ?? '').replace(/[&<>"']/g, (c) => escapes[c]);

export function render(template, view, outer = {}) {
  const scope = { ...outer, ...view };
  const has = (v) => (Array.isArray(v) ? v.length > 0 : v !== undefined && v !== false && v !== '');
  const blocks = template.replace(/\{\{([#^])(\w+)\}\}([\s\S]*?)\{\{\/\2\}\}/g, (_, kind, name, inner) => {
    const value = scope[name];
    if (kind === '^') return has(value) ? '' : render(inner, scope);
    if (!has(value)) return '';
    return Array.isArray(value) ? value.map((item) => render(inner, item, withoutNested(scope))).join('') : render(inner, scope);
  });
  return blocks.replace(/\{\{(\w+)\}\}/g, (_, name) => escape(scope[name]));
}
// Inside a list only texts are inherited, so that an absent field is absent.
const withoutNested = ({ lang }) => ({ lang });
