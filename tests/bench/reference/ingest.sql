-- What P1 and P2 compare with: an event is told once, moves its order, and is owed to others; all in
-- one durable transaction. Ids are dense integers, which spares PostgreSQL the random places in its
-- indexes that real ids go to.
create table event(
  id bigint primary key, order_no bigint not null, type smallint not null,
  at timestamptz not null, recorded timestamptz not null, data text not null);
create table orders(
  order_no bigint primary key, state smallint not null, at timestamptz not null,
  due timestamptz, version integer not null) with (fillfactor = 70);
create table outbox(
  number bigint generated always as identity primary key, order_no bigint not null,
  event bigint not null, version integer not null);

create function take(o bigint, stage integer, is_late integer, told text) returns integer
language plpgsql as $$
declare
  seen timestamptz := clock_timestamp() - make_interval(secs => is_late * 30);
  v integer;
begin
  insert into event values (o * 16 + stage, o, stage, seen, clock_timestamp(), told)
    on conflict do nothing;
  if not found then return 0; end if;
  insert into orders as t values (o, stage, seen, seen + interval '3 days', 1)
    on conflict (order_no) do update set
      state = case when excluded.at >= t.at then excluded.state else t.state end,
      at = greatest(t.at, excluded.at), version = t.version + 1
    returning t.version into v;
  insert into outbox(order_no, event, version) values (o, o * 16 + stage, v);
  return 1;
end $$;

-- A batch of events at once, by sets. `first` is the position of the first one in the interleaving
-- of the orders of one client, a tenth of it is sent again by the next call; the data comes over
-- the wire as it would.
create function take_many(base bigint, first bigint, gap bigint, told text[])
returns bigint language sql as $$
  with sent as (
    select first + k - 1 as p, told[k] as data,
           case when k % 50 = 7 then 30 else 0 end as late
    from generate_series(1, cardinality(told)) k),
  placed as (
    select base + p / 10 - (p % 10) * gap as o, (p % 10)::smallint as stage, data,
           clock_timestamp() - make_interval(secs => late) as seen
    from sent),
  fresh as (
    insert into event select o * 16 + stage, o, stage, seen, clock_timestamp(), data from placed
    on conflict do nothing returning order_no, id, type, at),
  moved as (
    insert into orders as t
      select order_no, (array_agg(type order by at desc))[1], max(at), max(at) + interval '3 days',
             count(*)::integer
      from fresh group by order_no
    on conflict (order_no) do update set
      state = case when excluded.at >= t.at then excluded.state else t.state end,
      at = greatest(t.at, excluded.at), version = t.version + excluded.version
    returning t.order_no, t.version)
  , owed as (
    insert into outbox(order_no, event, version)
      select f.order_no, f.id, m.version from fresh f join moved m using (order_no)
    returning 1)
  select count(*) from owed
$$;

-- Older orders that are in the store when the load begins: ten events each.
create function older(orders_count bigint, told text) returns void language sql as $$
  insert into event select o * 16 + s, o, s, now(), now(), told
    from generate_series(1, orders_count) o, generate_series(0, 9) s;
  insert into orders select o, 9, now(), now() + interval '3 days', 10
    from generate_series(1, orders_count) o;
$$;

-- What P6 compares with: the status of an order as ready text, and who may see it.
create table status(id bigint primary key, party integer not null, body text not null);
