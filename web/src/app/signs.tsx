// The few signs of the navigation, drawn here: an icon library is larger than the rest of the frame.
const sign = (path: string) => (
  <svg width="18" height="18" viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" strokeLinejoin="round" aria-hidden>
    <path d={path} />
  </svg>
);

export const board = sign('M3 4h4v12H3zM8.5 4h4v8h-4zM14 4h3v5h-3z');
export const orders = sign('M4 5h12M4 10h12M4 15h8');
export const conflicts = sign('M10 3l7.5 13.5h-15zM10 8.5v3.5M10 14.3v.2');
export const quarantine = sign('M3.5 11.5l2-7h9l2 7v4h-13zM3.5 11.5h4l1 2h3l1-2h4');
export const lifecycles = sign('M3 4h5v4H3zM12 4h5v4h-5zM7.5 13h5v4h-5zM5.5 8v2.5l4.5 2.5M14.5 8v2.5L10 13');
export const live = sign('M2.5 10h3l2-5.5 4 11 2.2-5.5h3.8');
export const find = sign('M9 3.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM13 13l4 4');
export const cairn = (
  <svg width="22" height="22" viewBox="0 0 32 32" aria-hidden>
    <ellipse cx="16" cy="26" rx="12" ry="4.2" fill="#5f7fb8" />
    <ellipse cx="15.5" cy="18" rx="8.6" ry="3.6" fill="#8fb0f0" />
    <ellipse cx="16.5" cy="11.2" rx="5.6" ry="2.8" fill="#5f7fb8" />
    <ellipse cx="16" cy="6" rx="3" ry="2" fill="#cfe0ff" />
  </svg>
);
