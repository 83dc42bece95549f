import { Suspense, useMemo, useState } from 'react';
import { Link, NavLink, Route, Routes, useLocation, useNavigate } from 'react-router';
import { useActions, type Action } from '@/lib/actions';
import { getLanguage, setLanguage, useText } from '@/lib/i18n';
import { useLiveState } from '@/lib/live_context';
import { useMeta } from '@/lib/meta_context';
import { Empty, Fence, Loading } from '@/ui/faces';
import { Palette } from './palette';
import { screens } from './screens';
import { useShortcuts } from './shortcuts';
import s from './shell.module.css';
import * as sign from './signs';

const toggleLanguage = () => setLanguage(getLanguage() === 'zh' ? 'en' : 'zh');

export function Shell() {
  const { t, lang } = useText();
  const { meta } = useMeta();
  const navigate = useNavigate();
  const location = useLocation();
  const [isOpen, setIsOpen] = useState(false);

  const actions = useMemo<Action[]>(
    () => [
      ...screens.filter((screen) => screen.sign).map((screen): Action => ({ id: screen.path, label: t(screen.title), group: 'go', shortcut: screen.shortcut, run: () => void navigate(screen.path) })),
      { id: 'language', label: t('palette.language'), group: 'go', run: toggleLanguage },
    ],
    [t, navigate],
  );
  useActions(actions, `shell-${lang}`);
  useShortcuts(() => setIsOpen((open) => !open), isOpen);

  return (
    <div className={s.shell}>
      <a href="#main" className={s.skip}>
        {t('app.skip')}
      </a>
      <nav className={s.rail} aria-label={t('nav.main')}>
        <Link to="/" className={s.brand} aria-label="Cairn">
          {sign.cairn}
          <span>Cairn</span>
          {meta.server.demo && <span className={s.demo}>{t('app.demo')}</span>}
        </Link>
        <button type="button" className={s.find} onClick={() => setIsOpen(true)} aria-label={`${t('nav.find')} Ctrl K`} aria-keyshortcuts="Control+K">
          {sign.find}
          <span>{t('nav.find')}</span>{' '}
          <kbd>Ctrl K</kbd>
        </button>
        <div className={s.links}>
          {screens.filter((screen) => screen.sign).map((screen) => (
            <NavLink key={screen.path} to={screen.path} end={screen.path === '/'} className={({ isActive }) => `${s.link} ${isActive ? s.active : ''}`}>
              {screen.sign}
              <span>{t(screen.title)}</span>
            </NavLink>
          ))}
        </div>
        <div className={s.foot}>
          <button type="button" className={s.language} onClick={toggleLanguage}>
            {t('nav.language')}
          </button>
          <LiveSign />
        </div>
      </nav>
      <main id="main" className={s.main} tabIndex={-1}>
        <Fence key={location.pathname}>
          <Suspense fallback={<Loading />}>
            <Routes>
              {screens.map((screen) => (
                <Route key={screen.path} path={screen.path} element={<screen.view />} />
              ))}
              <Route path="/board" element={<RedirectHome />} />
              <Route path="*" element={<NotFound />} />
            </Routes>
          </Suspense>
        </Fence>
      </main>
      {isOpen && <Palette onClose={() => setIsOpen(false)} />}
    </div>
  );
}

function LiveSign() {
  const { t } = useText();
  const state = useLiveState();
  return (
    <div className={s.live} role="status" title={t(`live.${state}`)}>
      <span className={`${s.beat} ${s[state] ?? ''}`} aria-hidden />
      <span>{t(`live.${state}`)}</span>
    </div>
  );
}

function RedirectHome() {
  const Board = screens[0]!.view;
  return <Board />;
}

function NotFound() {
  const { t } = useText();
  return (
    <Empty title={t('face.not_found')}>
      <Link to="/">{t('face.to_board')}</Link>
    </Empty>
  );
}
