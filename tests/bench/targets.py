"""What each target of docs/benchmarks.md measures, and against what."""

import json
import os
import pathlib
import signal
import socket
import threading
import time

from engines import (KEY, LOAD_CORE, Cairn, Nginx, Postgres, Redis, pinned, run, wait_until)

DATA = json.dumps({"package": "1", "carrier": "zto", "number": "ZT000000000001",
                   "milestone": "in_transit", "raw_code": "SCAN-105", "place": "上海市",
                   "text": "快件已到达【上海转运中心】" + "x" * 60}, ensure_ascii=False)


class Lab:
    """What the targets share: folders, binaries, times, and the servers that are running."""

    def __init__(self, arguments, folder):
        build = pathlib.Path(arguments.build)
        self.binary = build / "src/app/cairn"
        self.load = build / "tests/bench/cairn_load"
        self.folder = pathlib.Path(folder)
        self.warm_up, self.seconds = arguments.warm_up, arguments.seconds
        self.pairs, self.shards = arguments.pairs, arguments.shards
        self.orders, self.older = arguments.orders, arguments.older
        self.started, self.counter = {}, 0
        self.wanted = arguments.wanted
        self.results, self.facts = [], {}
        self.peak = {}

    def next_number(self):
        self.counter += 1
        return self.counter

    def engine(self, name, make):
        """The running engine of that name; started when it is first asked for."""
        if name not in self.started:
            print(f"  starting {name} …", flush=True)
            engine = make(self.folder / f"{name}-{self.next_number()}")
            self.started[name] = engine
            engine.start()
        return self.started[name]

    def drop(self, *names):
        for name in names:
            if engine := self.started.pop(name, None):
                engine.stop()

    def stop(self):
        self.drop(*list(self.started))

    def cairn_load(self, cairn, *streams, warm_up=None, seconds=None):
        said = run(pinned(LOAD_CORE, self.load, "http", "--port", cairn.port, "--bearer", KEY,
                          "--warm-up", self.warm_up if warm_up is None else warm_up,
                          "--seconds", self.seconds if seconds is None else seconds, *streams))
        return json.loads(said)["streams"]

    def fill(self, cairn, prefix, orders, stages=10):
        """Puts so many orders into the store; the times of their events are in the past."""
        self.cairn_load(cairn, f"events,batch=100,connections=8,prefix={prefix},orders={orders},"
                        f"stages={stages},repeated=0,late=0,order-rate=200000,life-ms=100",
                        warm_up=0, seconds=3600)
        caught_up(cairn, 120)

    def ingesting(self, name="cairn"):
        """Cairn with the older orders in its store."""
        is_new = name not in self.started
        cairn = self.engine(name, lambda folder: Cairn(self.binary, folder, self.shards))
        if is_new:
            self.fill(cairn, "OLD", self.older)
        return cairn

    def postgres(self):
        is_new = "postgres" not in self.started
        postgres = self.engine("postgres", Postgres)
        if is_new:
            data = DATA.replace("'", "")
            postgres.psql(f"select older({self.older}, '{data}'); "
                          "vacuum analyze; checkpoint;")
        return postgres


def caught_up(cairn, seconds):
    """Waits until everything durable is in the piles; returns how long that took."""
    began = time.monotonic()
    wait_until(lambda: (lambda m: m["cairn_orders_waiting"] == 0
                        and m["cairn_orders_unflushed_bytes"] < 65536)(cairn.metrics()),
               seconds, "the piles to catch up")
    return time.monotonic() - began


class Watch(threading.Thread):
    """Looks once a second at how far lists and piles are behind, and at memory and log."""

    def __init__(self, cairn):
        super().__init__(daemon=True)
        self.cairn, self.is_over = cairn, threading.Event()
        self.samples, self.lists = [], []

    def ask_list(self, durable):
        """A list that holds what was durable when the clock started: how long it took at most."""
        began = time.monotonic()
        status, _ = self.cairn.get(f"/v1/orders?limit=1&after=0-{durable}", KEY)
        self.lists.append(time.monotonic() - began if status == 200 else float("inf"))

    def run(self):
        os.sched_setaffinity(0, {int(LOAD_CORE)})  # of this thread: the server has its core alone
        while not self.is_over.wait(1.0):
            m = self.cairn.metrics()
            if m:  # else it did not answer in time
                if self.cairn.shards == 1:  # the number of all is that of the one
                    self.ask_list(m["cairn_orders_records"])
                self.samples.append((time.monotonic(), m["cairn_orders_records"],
                                     m["cairn_orders_piled"], m["cairn_orders_log_bytes"],
                                     self.cairn.process.resident()))

    def end(self):
        self.is_over.set()
        self.join()
        if not self.samples:
            raise RuntimeError("the server told nothing of its records, piles and log")
        behind, first = 0.0, 0
        for now, _, piled, _, _ in self.samples:
            while first < len(self.samples) and self.samples[first][1] <= piled:
                first += 1
            if first < len(self.samples) and self.samples[first][0] < now:
                behind = max(behind, now - self.samples[first][0])
        return {"lists_behind_s": max(self.lists, default=0), "piles_behind_s": behind,
                "log_mb": max((s[3] for s in self.samples), default=0) / 1e6,
                "rss_mb": max((s[4] for s in self.samples), default=0) / 1e6}


# A run counts only where what follows the log keeps up with it.
LISTS_BEHIND_MAX_S, PILES_BEHIND_MAX_S, CATCH_UP_MAX_S = 1.0, 10.0, 30.0


def fault_of(run_of_ours):
    """Why a run does not count; nothing where it does."""
    if run_of_ours["rejected"] or run_of_ours["not_2xx"] or run_of_ours["broken"]:
        return f"not all were taken: {run_of_ours.get('first_bad', '')[:200]} " \
               f"{run_of_ours['rejected']} rejected"
    if run_of_ours["lists_behind_s"] > LISTS_BEHIND_MAX_S:
        return f"lists were {run_of_ours['lists_behind_s']:.1f} s behind"
    if run_of_ours["piles_behind_s"] > PILES_BEHIND_MAX_S:
        return f"piles were {run_of_ours['piles_behind_s']:.1f} s behind"
    if run_of_ours["caught_up_s"] > CATCH_UP_MAX_S:
        return f"it took {run_of_ours['caught_up_s']:.1f} s to catch up"
    return ""


def ingest(lab, batch, connections, rate=0, name="cairn", seconds=None):
    """One run of the load of P1 to P3."""
    cairn = lab.ingesting(name)
    cpu, watch = cairn.process.cpu_seconds(), Watch(cairn)
    watch.start()
    guess = lab.peak.get(batch, 60_000 if batch > 1 else 25_000)
    form = f"events,batch={batch},connections={connections},prefix=R{lab.next_number()}," \
           f"order-rate={int(rate or guess)}"
    stream = lab.cairn_load(cairn, form + (f",rate={rate / batch:.3f}" if rate else ""),
                            seconds=seconds)[0]
    out = watch.end()
    events = stream["accepted"] + stream["duplicates"]
    out.update(stream, value=stream["events_per_s"],
               cpu_us=(cairn.process.cpu_seconds() - cpu) * 1e6 / max(1, events),
               caught_up_s=caught_up(cairn, 60))
    if fault := fault_of(out):
        out["fault"] = fault
    if not rate:
        lab.peak[batch] = max(lab.peak.get(batch, 0), stream["events_per_s"])
    return out


def postgres_ingest(lab, script, clients, per_call, gap, seconds=None):
    postgres = lab.postgres()
    data = DATA if per_call == 1 else "{" + ",".join(
        '"' + DATA.replace('"', '\\"') + '"' for _ in range(per_call)) + "}"
    variables = {"base": lab.next_number() * 10**10, "gap": gap, "i": gap * 100, "data": data}
    postgres.pgbench(script, clients, max(3, lab.warm_up), variables)
    variables["i"] += 5_000_000
    variables["base"] = lab.next_number() * 10**10
    value = postgres.pgbench(script, clients, seconds or lab.seconds, variables) * per_call
    postgres.psql("checkpoint;")
    return {"value": value}


def redis_ingest(lab):
    redis = lab.engine("redis", Redis)
    rate = redis.benchmark(64, 20_000, lab.next_number() * 10**9, DATA)
    redis.benchmark(64, int(rate * lab.warm_up) + 1, lab.next_number() * 10**9, DATA)
    return {"value": redis.benchmark(64, int(rate * lab.seconds) + 1,
                                     lab.next_number() * 10**9, DATA)}


def compare(lab, target, ours, theirs):
    """Runs the sides in turns; `theirs` maps a target to its reference. Prints every run."""
    rows = []
    for turn in range(lab.pairs):
        row = {"ours": ours()}
        row.update({name: side() for name, side in theirs.items()})
        rows.append(row)
        mine = row["ours"]["value"]
        words = ", ".join(f"{name} {row[name]['value']:,.0f}/s → {mine / row[name]['value']:.2f}×"
                          for name in theirs)
        extra = " ".join(f"{key}={row['ours'][key]:.2f}" for key in
                         ("p99_us", "cpu_us", "lists_behind_s", "piles_behind_s", "log_mb",
                          "rss_mb")
                         if key in row["ours"])
        extra += "".join(f" {name}: cpu_us={row[name]['cpu_us']:.2f}" for name in theirs
                         if "cpu_us" in row[name])
        print(f"  {target} run {turn + 1}: cairn {row['ours']['value']:,.0f}/s, {words}  [{extra}]"
              + (f"  FAULT {row['ours']['fault']}" if "fault" in row["ours"] else ""), flush=True)
    return rows


def ratios(rows, name):
    return [row["ours"]["value"] / row[name]["value"] for row in rows]


# ---- P1 to P4 -----------------------------------------------------------------------------------

def ingest_targets(lab, wanted):
    if wanted & {"P1", "P4"}:
        theirs = {}
        if "P1" in wanted:
            theirs["P1"] = lambda: postgres_ingest(lab, "one.pgbench", 64, 1, 26)
        if "P4" in wanted:
            theirs["P4"] = lambda: redis_ingest(lab)
        rows = compare(lab, "P1", lambda: ingest(lab, 1, 64), theirs)
        for name in theirs:
            lab.results.append((name, rows, ratios(rows, name)))
        lab.drop("redis")
    if "P2" in wanted:
        sustained = 3 * lab.seconds
        rows = compare(lab, "P2", lambda: ingest(lab, 100, 8, seconds=sustained),
                       {"P2": lambda: postgres_ingest(lab, "batch.pgbench", 8, 100, 833,
                                                      sustained)})
        lab.results.append(("P2", rows, ratios(rows, "P2")))
    lab.drop("postgres")
    if "P3" in wanted:
        if 1 not in lab.peak:
            ingest(lab, 1, 64)
        rows = []
        for turn in range(lab.pairs):
            ours = ingest(lab, 1, 64, rate=lab.peak[1] / 2)
            bare = json.loads(run(pinned("0", lab.load, "sync", "--file", lab.folder / "bare",
                                         "--seconds", lab.seconds / 2)))
            rows.append({"ours": {**ours, "value": ours["p99_us"]},
                         "P3": {**bare, "value": bare["p99_us"]}})
            print(f"  P3 run {turn + 1}: at {lab.peak[1] / 2:,.0f}/s p50 {ours['p50_us']:,.0f} µs "
                  f"p99 {ours['p99_us']:,.0f} µs; bare write + fdatasync p50 "
                  f"{bare['p50_us']:,.0f} µs p99 {bare['p99_us']:,.0f} µs → "
                  f"{ours['p99_us'] / bare['p99_us']:.2f}×", flush=True)
        lab.results.append(("P3", rows, ratios(rows, "P3")))


# ---- P5 to P7, and what a million orders cost ---------------------------------------------------

def million(lab):
    """Cairn with a million orders of ten events, all of them hot."""
    if "million" not in lab.started:
        cairn = lab.engine("million", lambda folder: Cairn(
            lab.binary, folder, lab.shards, ["--hot-orders-max", str(10 * lab.orders)]))
        before = cairn.process.memory("Rss")
        began = time.monotonic()
        lab.fill(cairn, "M", lab.orders)
        took = time.monotonic() - began
        m = cairn.metrics()
        lab.facts["hot"] = {
            "orders": lab.orders, "hot": m["cairn_orders_hot"],
            "bytes": (cairn.process.memory("Rss") - before) / lab.orders, "fill_s": took}
        print(f"  {lab.orders:,} orders of ten events in {took:.0f} s: "
              f"{lab.facts['hot']['bytes']:,.0f} bytes each", flush=True)
        if "ready" in lab.wanted:
            ready_after_kill(lab, cairn)
    return lab.started["million"]


def ready_after_kill(lab, cairn):
    cairn.stop(signal.SIGKILL)
    lab.facts["ready_s"] = cairn.start()
    lab.facts["ready_rss"] = cairn.process.memory("Rss") / lab.orders
    print(f"  ready {lab.facts['ready_s']:.1f} s after kill -9 with {lab.orders:,} orders, "
          f"{lab.facts['ready_rss']:,.0f} bytes each", flush=True)


def access_is_checked(lab, cairn, order):
    """The answers that no key, a wrong key and an unknown order get, in the same run."""
    path = f"/v1/orders/{order}/status"
    seen = {"right key": cairn.get(path, KEY)[0], "no key": cairn.get(path)[0],
            "wrong key": cairn.get(path, KEY + "x")[0],
            "unknown order": cairn.get("/v1/orders/0000000000000000/status", KEY)[0]}
    lab.facts["access"] = seen
    wanted = {"right key": 200, "no key": 401, "wrong key": 401, "unknown order": 404}
    if seen != wanted:
        raise RuntimeError(f"access is not checked: expected {wanted}, got {seen}")


def query_targets(lab, wanted):
    cairn = million(lab)
    if not wanted & {"P5", "P6", "P7"}:
        return
    stream = f"status,connections=64,prefix=M,orders={lab.orders}"
    keys = run([lab.load, "keys", "--count", "1", stream]).split()
    access_is_checked(lab, cairn, keys[0])
    body = cairn.get(f"/v1/orders/{keys[0]}/status", KEY)[1].decode()
    lab.facts["status_bytes"] = len(body.encode())

    def ask(server):
        before = server.process.cpu_seconds()
        out = lab.cairn_load(server, stream)[0]
        out["cpu_us"] = (server.process.cpu_seconds() - before) * 1e6 / max(1, out["answered_all"])
        out["value"] = out["requests_per_s"]
        if out["not_2xx"] or out["broken"]:
            out["fault"] = f"{out['status']} {out.get('first_bad', '')}"
        return out

    theirs = {}
    if "P5" in wanted:
        nginx = lab.engine("nginx", lambda folder: Nginx(folder, body))
        theirs["P5"] = lambda: ask(nginx)
    if "P6" in wanted:
        postgres = lab.engine("postgres", Postgres)
        text = body.replace("'", "''")
        postgres.psql(f"insert into status select i, i % 100, '{text}' from "
                      f"generate_series(1, 1000000) i; vacuum analyze status; checkpoint; "
                      f"select count(*) from status where body <> '';")
        theirs["P6"] = lambda: {"value": postgres.pgbench("status.pgbench", 64, lab.seconds, {})}
    if theirs:
        rows = compare(lab, "P5", lambda: ask(cairn), theirs)
        for name in theirs:
            lab.results.append((name, rows, ratios(rows, name)))
        lab.drop("nginx", "postgres")
    if "P7" in wanted:
        query_while_ingesting(lab, cairn, stream)


def query_while_ingesting(lab, cairn, stream):
    if 100 not in lab.peak:
        lab.peak[100] = lab.cairn_load(
            cairn, f"events,batch=100,connections=8,prefix=Q{lab.next_number()}", warm_up=1,
            seconds=max(3, lab.seconds / 2))[0]["events_per_s"]
        caught_up(cairn, 60)
    rows = []
    for turn in range(lab.pairs):
        events = lab.peak[100] / 2
        status, told = lab.cairn_load(
            cairn, stream + ",rate=10000",
            f"events,batch=100,connections=8,prefix=S{lab.next_number()},rate={events / 100:.2f},"
            f"order-rate={int(events)}")
        caught_up(cairn, 60)
        rows.append({"ours": {**status, "value": status["p99_us"] / 1000}})
        print(f"  P7 run {turn + 1}: {status['requests_per_s']:,.0f} queries/s beside "
              f"{told['events_per_s']:,.0f} events/s: p50 {status['p50_us'] / 1000:.2f} ms, "
              f"p99 {status['p99_us'] / 1000:.2f} ms, p99.9 {status['p999_us'] / 1000:.2f} ms",
              flush=True)
    lab.results.append(("P7", rows, [row["ours"]["value"] for row in rows]))


# ---- P9, P10 ------------------------------------------------------------------------------------

def open_stream(port):
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(f"GET /v1/live HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}"
                       "\r\n\r\n".encode())
    return connection


def live_targets(lab, wanted):
    cairn = lab.engine("live", lambda folder: Cairn(lab.binary, folder, lab.shards))
    lab.fill(cairn, "L", 1000)
    if "P9" in wanted:
        counts = 5000
        warm = [open_stream(cairn.port) for _ in range(100)]
        time.sleep(1)
        before = cairn.process.memory()
        streams = [open_stream(cairn.port) for _ in range(counts)]
        for stream in streams:
            stream.settimeout(30)
            if b"200 OK" not in stream.recv(65536):
                raise RuntimeError("a live stream was refused")
        time.sleep(1)
        each = (cairn.process.memory() - before) / counts
        for stream in warm + streams:
            stream.close()
        print(f"  P9: {each:,.0f} bytes for each of {counts:,} idle subscribers", flush=True)
        lab.results.append(("P9", [{"ours": {"value": each / 1024}}], [each / 1024]))
    if "P10" in wanted:
        rows = []
        for turn in range(lab.pairs):
            said = json.loads(run(pinned(LOAD_CORE, lab.load, "live", "--port", cairn.port,
                                         "--bearer", KEY, "--streams", 1000, "--rate", 20,
                                         "--seconds", lab.seconds, "--prefix",
                                         f"V{lab.next_number()}")))
            rows.append({"ours": {**said, "value": said["p99_us"] / 1000}})
            print(f"  P10 run {turn + 1}: {said['deliveries_per_s']:,.0f} deliveries/s to "
                  f"{said['streams']} streams, acknowledged → seen p50 "
                  f"{said['p50_us'] / 1000:.2f} ms p99 {said['p99_us'] / 1000:.2f} ms, "
                  f"missing {said['missing']}", flush=True)
            if said["missing"]:
                raise RuntimeError("changes that were acknowledged have not been seen")
        lab.results.append(("P10", rows, [row["ours"]["value"] for row in rows]))
    lab.drop("live")
