import { StyleProvider } from '@ant-design/cssinjs';
import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query';
import { Button, ConfigProvider, Input } from 'antd';
import enTexts from 'antd/locale/en_US';
import zhTexts from 'antd/locale/zh_CN';
import { useEffect, useState } from 'react';
import { BrowserRouter } from 'react-router';
import { ApiError, setApiKey } from '@/api/client';
import { metaQuery } from '@/api/queries';
import { ActionsProvider } from '@/lib/actions';
import { setServerTime } from '@/lib/clock';
import { setLanguage, useText } from '@/lib/i18n';
import { LiveProvider } from '@/lib/live_context';
import { MetaProvider } from '@/lib/meta_context';
import { CommandHost } from '@/ui/command_host';
import { Faces } from '@/ui/faces';
import theme from '@/ui/theme.json';
import s from './shell.module.css';
import { Shell } from './shell';

/// The definitions are asked for at once: they come while the first picture is made.
function newQueries(): QueryClient {
  const queries = new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 2_000,
        refetchOnWindowFocus: false,
        retry: (failures, error) => failures < 2 && (!(error instanceof ApiError) || error.problem.status === 0 || error.problem.retryable === true),
      },
    },
  });
  void queries.prefetchQuery(metaQuery);
  return queries;
}

// The library's styles are a file (scripts/antd_css.mjs); what it would still write into the page goes
// into an element that is not in the page.
const nowhere = document.createElement('div');

export function App() {
  const [queries] = useState(newQueries);
  const { lang } = useText();
  useEffect(() => setLanguage(lang), [lang]);
  return (
    <QueryClientProvider client={queries}>
      <StyleProvider container={nowhere}>
      <ConfigProvider theme={{ ...theme, zeroRuntime: true }} locale={lang === 'zh' ? zhTexts : enTexts} wave={{ disabled: true }} button={{ autoInsertSpace: false }}>
        <BrowserRouter>
          <Gate />
        </BrowserRouter>
      </ConfigProvider>
      </StyleProvider>
    </QueryClientProvider>
  );
}

/// Nothing can be named before the definitions are here.
function Gate() {
  const meta = useQuery(metaQuery);
  const fetchedAt = meta.dataUpdatedAt;
  const now = meta.data?.server.now;
  useEffect(() => {
    if (now && Date.now() - fetchedAt < 1_000) setServerTime(now);
  }, [fetchedAt, now]);
  if (meta.error instanceof ApiError && meta.error.problem.status === 401) return <KeyForm onKey={() => void meta.refetch()} />;
  return (
    <Faces query={meta}>
      {(data) => (
        <MetaProvider meta={data}>
          <LiveProvider>
            <ActionsProvider>
              <CommandHost>
                <Shell />
              </CommandHost>
            </ActionsProvider>
          </LiveProvider>
        </MetaProvider>
      )}
    </Faces>
  );
}

function KeyForm({ onKey }: { onKey: () => void }) {
  const { t } = useText();
  const [key, setKey] = useState('');
  return (
    <main className={s.key}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          setApiKey(key.trim());
          onKey();
        }}
      >
        <h1>{t('key.title')}</h1>
        <p className="quiet">{t('key.hint')}</p>
        <label htmlFor="key">{t('key.label')}</label>
        <Input.Password id="key" value={key} onChange={(e) => setKey(e.target.value)} autoFocus />
        <Button type="primary" htmlType="submit" disabled={!key.trim()}>
          {t('key.enter')}
        </Button>
      </form>
    </main>
  );
}
