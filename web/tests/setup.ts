import '@testing-library/jest-dom/vitest';
import { cleanup, configure } from '@testing-library/react';
import { afterEach, beforeEach, vi } from 'vitest';

// Ends what would never come; on a busy machine everything else may take its time.
configure({ asyncUtilTimeout: 30_000 });

// What a browser has and jsdom has not.
class NoResizes {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}
vi.stubGlobal('ResizeObserver', NoResizes);
Object.defineProperty(window, 'matchMedia', {
  writable: true,
  value: (query: string) => ({ matches: false, media: query, addEventListener: () => {}, removeEventListener: () => {}, addListener: () => {}, removeListener: () => {}, dispatchEvent: () => false, onchange: null }),
});
// Without a layout nothing has a size, and lists that draw what is in sight would draw nothing.
Object.defineProperties(HTMLElement.prototype, { offsetHeight: { get: () => 700 }, offsetWidth: { get: () => 900 }, clientHeight: { get: () => 700 }, clientWidth: { get: () => 900 } });
HTMLCanvasElement.prototype.getContext = () => null;
const styleOf = window.getComputedStyle.bind(window);
window.getComputedStyle = (element: Element) => styleOf(element);

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
});
afterEach(cleanup);
