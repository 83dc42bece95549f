#!/usr/bin/env python3
"""The benchmarks: Cairn beside what it is compared with, in turns, in one run.

    ./dev bench [--quick] [--only P1,P5] [--pairs 5] [--warm-up 10] [--seconds 20] …

Servers are pinned to one core, the load to another, on both sides alike; every run is printed, and
docs/benchmarks.md gets the table. What was started is stopped, and its data removed.
"""

import argparse
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import report  # noqa: E402
import targets  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ALL = ["P1", "P2", "P3", "P4", "P5", "P6", "P7", "P9", "P10", "hot", "ready"]


def arguments_of(words):
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="2 pairs of 3 s, fewer orders")
    parser.add_argument("--only", default="", help=f"of {','.join(ALL)}")
    parser.add_argument("--pairs", type=int, help="runs of each side [5]")
    parser.add_argument("--warm-up", type=float, help="seconds before what is counted [10]")
    parser.add_argument("--seconds", type=float, help="seconds that are counted [20]")
    parser.add_argument("--orders", type=int, help="orders that P5 to P7 ask about [1000000]")
    parser.add_argument("--older", type=int, help="orders in the store before P1 to P4 [100000]")
    parser.add_argument("--shards", type=int, default=1,
                        help="of Cairn [1: the server is pinned to one core]")
    parser.add_argument("--build", default=str(ROOT / "build/release"))
    parser.add_argument("--folder", default="/var/tmp", help="where the data goes: a real disk")
    parser.add_argument("--out", help="the table [docs/benchmarks.md; nothing when --quick or "
                        "--only]")
    parser.add_argument("--urgent", action="store_true",
                        help="on a machine that others use: before them, both sides alike (root)")
    out = parser.parse_args(words)
    quick = (2, 1.0, 3.0, 100_000, 10_000) if out.quick else (5, 10.0, 20.0, 1_000_000, 100_000)
    for name, value in zip(("pairs", "warm_up", "seconds", "orders", "older"), quick):
        if getattr(out, name) is None:
            setattr(out, name, value)
    out.wanted = set(out.only.split(",")) if out.only else set(ALL)
    if unknown := out.wanted - set(ALL):
        parser.error(f"--only: {', '.join(sorted(unknown))} unknown; there are {', '.join(ALL)}")
    if out.out is None and not out.quick and not out.only:
        out.out = str(ROOT / "docs/benchmarks.md")
    return out


def become_urgent():
    """A session of its own, scheduled before all others: noise for both sides is less."""
    if child := os.fork():
        signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    os.setsid()
    pathlib.Path("/proc/self/autogroup").write_text("-15", encoding="ascii")


def measure(lab):
    began = time.monotonic()
    wanted = lab.wanted
    if wanted & {"P1", "P2", "P3", "P4"}:
        print("ingest: P1 to P4", flush=True)
        targets.ingest_targets(lab, wanted)
        lab.drop("cairn")
    if wanted & {"P5", "P6", "P7", "hot", "ready"}:
        print("queries: P5 to P7", flush=True)
        targets.query_targets(lab, wanted)
        lab.drop("million")
    if wanted & {"P9", "P10"}:
        print("live: P9 and P10", flush=True)
        targets.live_targets(lab, wanted)
    lab.facts["minutes"] = (time.monotonic() - began) / 60


def main(words):
    arguments = arguments_of(words)
    if os.cpu_count() < 2:
        sys.exit("the benchmarks need two cores: one for the servers, one for the load")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    if arguments.urgent:
        become_urgent()
    folder = tempfile.mkdtemp(prefix="cairn-bench-", dir=arguments.folder)
    os.chmod(folder, 0o755)
    lab = targets.Lab(arguments, folder)
    try:
        lab.facts.update(report.machine(folder, arguments))
        measure(lab)
    finally:
        lab.stop()
        shutil.rmtree(folder, ignore_errors=True)
    text = report.table(lab)
    print("\n" + text)
    if arguments.out:
        pathlib.Path(arguments.out).write_text(report.page(lab, arguments), encoding="utf-8")
        print(f"written to {arguments.out}")


if __name__ == "__main__":
    main(sys.argv[1:])
