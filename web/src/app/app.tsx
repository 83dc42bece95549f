import { StyleProvider } from '@ant-design/cssinjs';
import { QueryClient, QueryClientProvider, useQuery, useQueryClient } from '@tanstack/react-query';
import { Button, ConfigProvider, Input, Modal } from 'antd';
import enTexts from 'antd/locale/en_US';
import zhTexts from 'antd/locale/zh_CN';
import { useEffect, useState, type ReactNode } from 'react';
import { BrowserRouter } from 'react-router';
import { ApiError } from '@/api/client';
import { keyAccepted, setApiKey, useKeyIsRefused } from '@/api/key';
import { metaQuery } from '@/api/queries';
import { ActionsProvider } from '@/lib/actions';
import { setServerTime } from '@/lib/clock';
import { setLanguage, useText } from '@/lib/i18n';
import { LiveProvider } from '@/lib/live_context';
import { MetaProvider } from '@/lib/meta_context';
import { CommandHost } from '@/ui/command_host';
import { Faces, useProblemText } from '@/ui/faces';
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

/// Nothing can be named before the definitions are here. A key that ends later is asked for above what
/// is on the screen, which stays as it is.
function Gate() {
  const { t } = useText();
  const meta = useQuery(metaQuery);
  const isRefused = useKeyIsRefused();
  const fetchedAt = meta.dataUpdatedAt;
  const now = meta.data?.server.now;
  useEffect(() => {
    if (now && Date.now() - fetchedAt < 1_000) setServerTime(now);
  }, [fetchedAt, now]);
  if (isRefused && !meta.data)
    return (
      <main className={s.key}>
        <KeyForm title={<h1>{t('key.title')}</h1>} hint={t('key.hint')} />
      </main>
    );
  return (
    <>
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
      {isRefused && meta.data && (
        <Modal open title={t('key.ended')} closable={false} keyboard={false} footer={null} width={380} className={s.keyAgain}>
          <KeyForm hint={t('key.ended_hint')} />
        </Modal>
      )}
    </>
  );
}

function KeyForm({ title, hint }: { title?: ReactNode; hint: string }) {
  const { t } = useText();
  const queries = useQueryClient();
  const problemText = useProblemText();
  const [key, setKey] = useState('');
  const [wrong, setWrong] = useState('');
  const [isBusy, setIsBusy] = useState(false);
  const enter = async () => {
    setApiKey(key.trim());
    setIsBusy(true);
    try {
      await queries.fetchQuery({ ...metaQuery, staleTime: 0 });
      keyAccepted();
      void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'meta' });
    } catch (error) {
      const { title: what, detail } = problemText(error as Error);
      setWrong(error instanceof ApiError && error.problem.status === 401 ? t('key.wrong') : `${what} ${detail}`);
      setIsBusy(false);
    }
  };
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        void enter();
      }}
    >
      {title}
      <p className="quiet">{hint}</p>
      <label htmlFor="key">{t('key.label')}</label>
      <Input.Password id="key" value={key} onChange={(e) => setKey(e.target.value)} autoFocus />
      {wrong && <p role="alert">{wrong}</p>}
      <Button type="primary" htmlType="submit" disabled={!key.trim() || isBusy}>
        {t('key.enter')}
      </Button>
    </form>
  );
}
