import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const server = process.env.CAIRN_SERVER ?? 'http://127.0.0.1:8090';

// While a dialog is open the library writes a style element that stops the page from scrolling. The
// policy allows none, and the page never scrolls: its parts do.
const noScrollLocker = {
  name: 'no-scroll-locker',
  enforce: 'pre' as const,
  resolveId: (source: string, importer?: string) => (source.endsWith('/useScrollLocker') && importer?.includes('portal') ? '\0no-scroll-locker' : undefined),
  load: (id: string) => (id === '\0no-scroll-locker' ? 'export default function useScrollLocker() {}' : undefined),
};

export default defineConfig({
  plugins: [noScrollLocker, react()],
  resolve: { alias: { '@': new URL('./src', import.meta.url).pathname } },
  // Nothing is inlined: the policy allows neither inline scripts nor inline styles.
  build: { target: 'es2022', assetsInlineLimit: 0, cssCodeSplit: true, modulePreload: { polyfill: false } },
  server: { proxy: { '/v1': server, '/t': server } },
  test: {
    environment: 'jsdom',
    include: ['tests/**/*.test.{ts,tsx}', 'src/**/*.test.{ts,tsx}'],
    setupFiles: ['tests/setup.ts'],
    testTimeout: 120_000,
    css: false,
  },
});
