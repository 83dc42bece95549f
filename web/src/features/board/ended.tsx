import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';
import { boardQuery } from '@/api/queries';
import type { BoardFilter } from '@/api/types';
import { count } from '@/lib/format';
import { useText } from '@/lib/i18n';
import { useMeta } from '@/lib/meta_context';
import s from './board.module.css';

/// A category whose orders need nobody any more: how many there are, and the list of them.
export interface Ended {
  category: string;
  /// Nothing while that is not known.
  count: number | undefined;
  to: string;
}

/// Counted apart from the board, which is of open orders and must not wait for these.
export function useEnded(scope: BoardFilter, listOf: (category: string) => string) {
  const { meta } = useMeta();
  const codes = meta.categories.filter((c) => !c.open).map((c) => c.code);
  const query = useQuery({ ...boardQuery({ ...scope, limit: 0, closed: true, category: codes.join(',') }), enabled: codes.length > 0 });
  const countOf = (code: string) => query.data && (query.data.columns.find((c) => c.category === code)?.count ?? 0);
  const ended: Ended[] = codes.map((code) => ({ category: code, count: countOf(code), to: listOf(code) }));
  return { query, ended };
}

/// As columns that are folded, or as the last of a phone's tabs.
export function EndedLink({ ended, isTab }: { ended: Ended; isTab?: boolean }) {
  const { t } = useText();
  const { name } = useMeta();
  const n = ended.count === undefined ? t('board.not_known') : count(ended.count);
  const category = name('categories', ended.category);
  return (
    <Link to={ended.to} className={isTab ? s.columnTab : s.ended}>
      {isTab ? (
        `${category} ${n}`
      ) : (
        <>
          <b>{category}</b> <span className={s.num}>{n}</span>
        </>
      )}
    </Link>
  );
}
