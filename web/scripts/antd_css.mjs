// Writes the styles of the Ant Design components that the console uses to src/ui/antd.gen.css. With
// `zeroRuntime` the library then injects no <style> of its own, and the policy can be style-src 'self'.
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';

const require = createRequire(import.meta.url);
const { extractStyle } = require('@ant-design/static-style-extract');
const { createElement } = require('react');
const { ConfigProvider } = require('antd');

const root = new URL('../', import.meta.url);
const theme = JSON.parse(readFileSync(new URL('src/ui/theme.json', root), 'utf8'));
const includes = ['Button', 'Checkbox', 'Drawer', 'Dropdown', 'Input', 'InputNumber', 'Menu', 'Modal', 'Popover',
  'Segmented', 'Select', 'Space', 'Switch', 'Tooltip', 'notification'];
const quiet = console.error;
console.error = () => {};
const css = extractStyle({ includes, customTheme: (node) => createElement(ConfigProvider, { theme }, node) });
console.error = quiet;
writeFileSync(new URL('src/ui/antd.gen.css', root), css.replace(/<\/?style[^>]*>/g, ''));
