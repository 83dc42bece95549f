import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import '@/ui/antd.gen.css';
import '@/ui/tokens.css';
import { App } from './app';
import { fetchScreen } from './screens';

fetchScreen(location.pathname);

const root = document.getElementById('root');
if (root)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
