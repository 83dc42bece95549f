"""The table of the benchmarks, for the terminal and for docs/benchmarks.md."""

import datetime
import os
import pathlib
import re
import statistics
import subprocess

# id: what, reference, bar, after, "more" or "less" is better, unit of the measured value
BARS = {
    "P1": ("durable ingest, one event per request, 64 connections",
           "PostgreSQL function, `pgbench -c 64`", 4, 8, "more", "×"),
    "P2": ("durable ingest, batches of 100, three times as long",
           "PostgreSQL, 100 per call", 3, 6, "more", "×"),
    "P3": ("acknowledgement p99 at half of own peak", "p99 of a bare 4 KiB write + fdatasync",
           3, 2, "less", "×"),
    "P4": ("P1 against Redis", "Lua, appendfsync always, 64 clients", 2, 4, "more", "×"),
    "P5": ("status query with access check", "nginx `return 200` of the same bytes", 0.85, 1,
           "more", "×"),
    "P6": ("status query with access check", "PostgreSQL prepared point select", 2, 3, "more",
           "×"),
    "P7": ("p99 of 10,000 status queries/s while ingesting at half of peak", "–", 5, 2, "less",
           " ms"),
    "P9": ("memory of an idle SSE subscriber", "nchan 11.3 KiB", 1, 0.5, "less", " KiB"),
    "P10": ("acknowledged → seen, 1,000 streams, 20,000 deliveries/s, p99", "–", 20, 5, "less",
            " ms"),
}


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return "not installed"
    return (done.stdout + done.stderr).strip().splitlines()[0]


def machine(folder, arguments):
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())
    postgres = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return {
        "machine": f"{os.cpu_count()} × {cpu[1] if cpu else 'unknown processor'}, "
                   f"{int(memory[1]) / 2**20:.0f} GiB, {os.uname().sysname} {os.uname().release}",
        "disk": first_line("findmnt", "-no", "FSTYPE,OPTIONS", "-T", folder),
        "date": datetime.date.today().isoformat(),
        "load": os.getloadavg()[0],
        "versions": [first_line("git", "describe", "--always", "--dirty"),
                     first_line(str(postgres[-1]), "--version") if postgres else "no PostgreSQL",
                     first_line("redis-server", "--version").split(" sha")[0],
                     first_line("nginx", "-v")],
        "times": f"{arguments.pairs} pairs, {arguments.warm_up:g} s of warm-up, "
                 f"{arguments.seconds:g} s of run; shards: {arguments.shards}",
    }


def judged(name, values):
    *_, bar, after, better, unit = BARS[name]
    median = statistics.median(values)
    worst = min(values) if better == "more" else max(values)
    met = median >= bar if better == "more" else median <= bar
    return median, worst, bar, after, ("≥ " if better == "more" else "≤ "), unit, met


def table(lab):
    lines = ["| id | what | against | bar | after | median | worst | met |",
             "|---|---|---|---|---|---|---|---|"]
    for name, rows, values in sorted(lab.results, key=lambda result: int(result[0][1:])):
        median, worst, bar, after, sign, unit, met = judged(name, values)
        met = met and not any("fault" in row["ours"] for row in rows)
        what, against, *_ = BARS[name]
        lines.append(f"| {name} | {what} | {against} | {sign}{bar:g}{unit} | {sign}{after:g}{unit} "
                     f"| {median:.2f}{unit} | {worst:.2f}{unit} | {'yes' if met else 'no'} |")
    hot = lab.facts.get("hot")
    if hot:
        lines.append(f"| hot | a hot order of ten events, of {hot['orders']:,} | – | about 1 KiB "
                     f"| | {hot['bytes'] / 1024:.2f} KiB | | "
                     f"{'yes' if hot['bytes'] <= 1.25 * 1024 else 'no'} |")
    if "ready_s" in lab.facts:
        lines.append(f"| ready | after kill -9 with {lab.orders:,} orders | – | ≤ 10 s | "
                     f"| {lab.facts['ready_s']:.1f} s | | "
                     f"{'yes' if lab.facts['ready_s'] <= 10 else 'no'} |")
    return "\n".join(lines)


def runs(name, rows):
    """Every run of one target as a row."""
    lines = []
    for number, row in enumerate(rows, 1):
        ours, theirs = row["ours"], row.get(name)
        parts = [f"{ours['value']:,.2f}" if ours["value"] < 100 else f"{ours['value']:,.0f}"]
        parts.append(f"{theirs['value']:,.0f}" if theirs else "–")
        parts.append(f"{ours['value'] / theirs['value']:.2f}" if theirs else "–")
        parts.append(f"{ours['p99_us']:,.0f}" if "p99_us" in ours else "–")
        parts.append(f"{ours['cpu_us']:.1f}" if "cpu_us" in ours else "–")
        kept = [f"{ours[key]:.1f}" for key in ("lists_behind_s", "piles_behind_s", "caught_up_s",
                                              "log_mb", "rss_mb") if key in ours]
        parts.append(" / ".join(kept) or "–")
        parts.append(ours.get("fault", ""))
        lines.append(f"| {name} | {number} | " + " | ".join(parts) + " |")
    return lines


def page(lab, arguments):
    facts = lab.facts
    notes = pathlib.Path(arguments.out)
    kept = ""
    if notes.exists():
        _, mark, rest = notes.read_text(encoding="utf-8").partition("\n## What the profile shows")
        kept = mark + rest
    lines = [
        "# Benchmarks", "",
        "Written by `./dev bench`. Figures count only as ratios to a reference of the same",
        "minutes: each side in turns, the server on one core, the load on the other, the",
        "reference in the best configuration we know: tests/bench/engines.py and reference.", "",
        f"- Machine: {facts['machine']}; disk {facts['disk']}",
        f"- Taken on {facts['date']} in {facts['minutes']:.0f} minutes, load average at the start "
        f"{facts['load']:.1f}" + (", with others at work on it: before them, both sides alike"
                                  if arguments.urgent else ""),
        f"- {'; '.join(facts['versions'])}",
        f"- {facts['times']}", "", table(lab), ""]
    if "access" in facts:
        lines += [f"P5 and P6: answers of {facts['status_bytes']} bytes; in the same run "
                  + ", ".join(f"{what} got {status}" for what, status in facts["access"].items())
                  + ".", ""]
    lines += [
        "## Every run", "",
        "| id | run | Cairn | reference | ratio | p99 µs | CPU µs each | lists behind s / "
        "piles behind s / caught up s / log MB / memory MB | fault |",
        "|---|---|---|---|---|---|---|---|---|"]
    for name, rows, _ in sorted(lab.results, key=lambda result: int(result[0][1:])):
        lines += runs(name, rows)
    return "\n".join(lines) + "\n" + kept
