"""The servers the benchmarks start and stop: Cairn, and what it is compared with.

Each runs on free ports or sockets in a folder of its own, pinned to the server's core. `stop` ends
exactly the processes that were started here.
"""

import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
SERVER_CORE, LOAD_CORE = "0", "1"
KEY = "benchmark-key-of-one-run"


def pinned(core, *command):
    return ["taskset", "-c", core, *map(str, command)]


def run(command, **options):
    """Runs to its end and returns what it printed; raises with what it said when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))[:300]}: exit {done.returncode}\n"
                           f"{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(holds, seconds, what):
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            raise RuntimeError(f"waited {seconds} s in vain: {what}")
        time.sleep(0.02)


class Process:
    """One server process and what it has used."""

    def __init__(self, command, log, **options):
        self.log = log
        self.out = open(log, "w", encoding="utf-8")
        self.child = subprocess.Popen(command, stdout=self.out, stderr=subprocess.STDOUT,
                                      stdin=subprocess.DEVNULL, **options)

    def said(self):
        return pathlib.Path(self.log).read_text(encoding="utf-8", errors="replace")

    def is_running(self):
        return self.child.poll() is None

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self):
        """Bytes in memory, shared ones too; costs the process nothing, unlike `memory`."""
        pages = int(pathlib.Path(f"/proc/{self.child.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def memory(self, name="Pss"):
        if not self.is_running():
            raise RuntimeError(f"the server ended by itself: {self.said()[-2000:]}")
        text = pathlib.Path(f"/proc/{self.child.pid}/smaps_rollup").read_text()
        return int(re.search(rf"^{name}:\s+(\d+) kB", text, re.MULTILINE)[1]) * 1024

    def end(self, how=signal.SIGTERM, seconds=60):
        if self.is_running():
            self.child.send_signal(how)
            try:
                self.child.wait(seconds)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        self.out.close()


class Cairn:
    """`cairn serve` on a data folder."""

    def __init__(self, binary, folder, shards, options=()):
        self.binary, self.folder, self.shards = binary, folder, shards
        self.options = list(options)
        self.process, self.port = None, 0

    def start(self):
        """Starts the server; returns how long it took until it said it was ready."""
        began = time.monotonic()
        folder = pathlib.Path(self.folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.process = Process(
            pinned(SERVER_CORE, self.binary, "serve", "--data", folder / "data", "--port", 0,
                   "--shards", self.shards, "--api-key", KEY, "--definitions",
                   HERE.parent.parent / "definitions", *self.options), folder / "cairn.log")

        def is_serving():
            if not self.process.is_running():
                raise RuntimeError(f"cairn ended: {self.process.said()[-2000:]}")
            found = re.search(r"http://127\.0\.0\.1:(\d+)/", self.process.said())
            self.port = int(found[1]) if found else 0
            return self.port and self.get("/readyz")[0] == 200

        wait_until(is_serving, 300, "cairn to be ready")
        return time.monotonic() - began

    def get(self, path, key=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}")
        if key:
            request.add_header("Authorization", f"Bearer {key}")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as problem:
            return problem.code, problem.read()
        except OSError:
            return 0, b""

    def metrics(self):
        lines = self.get("/metrics")[1].decode().splitlines()
        return {name: int(value) for name, value in
                (line.split() for line in lines if line.startswith("cairn_orders_"))}

    def stop(self, how=signal.SIGTERM):
        if self.process:
            self.process.end(how)
            self.process = None


class Postgres:
    """A private cluster, as an unprivileged user, reached over its Unix socket (which costs less
    than the loopback interface that Cairn is reached over)."""

    SETTINGS = {
        "listen_addresses": "''", "shared_buffers": "'2GB'", "wal_buffers": "'64MB'",
        "max_wal_size": "'16GB'", "checkpoint_timeout": "'30min'", "synchronous_commit": "on",
        "fsync": "on", "full_page_writes": "on", "wal_compression": "lz4", "wal_level": "minimal",
        "max_wal_senders": 0, "max_connections": 100, "jit": "off", "huge_pages": "try",
        "effective_cache_size": "'8GB'", "random_page_cost": "1.1", "track_activities": "off",
    }

    def __init__(self, folder):
        folders = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"),
                         key=lambda path: int(path.parent.name))
        if not folders:
            raise RuntimeError("PostgreSQL is not installed; ./dev engines installs it")
        self.bin = folders[-1]
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
        self.process = None

    def as_user(self):
        if not self.user:
            return {}
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": [],
                "cwd": str(self.folder)}

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.user:
            shutil.chown(self.folder, self.user.pw_uid, self.user.pw_gid)
        run([self.bin / "initdb", "-D", self.data, "-U", "bench", "-A", "trust", "-E", "UTF8",
             "--no-locale"], **self.as_user())
        options = []
        for name, value in {**self.SETTINGS, "unix_socket_directories": f"'{self.folder}'"}.items():
            options.append(f"{name} = {value}\n")
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as conf:
            conf.writelines(options)
        self.process = Process(pinned(SERVER_CORE, self.bin / "postgres", "-D", self.data),
                               self.folder / "postgres.log", **self.as_user())
        wait_until(lambda: subprocess.run(
            [self.bin / "pg_isready", "-h", self.folder, "-q"], check=False).returncode == 0, 60,
            "PostgreSQL to be ready")
        self.psql(f"\\i {HERE / 'reference' / 'ingest.sql'}")

    def psql(self, text):
        return run(["psql", "-h", self.folder, "-U", "bench", "-d", "postgres", "-qAtX", "-v",
                    "ON_ERROR_STOP=1"], input=text)

    def pgbench(self, script, clients, seconds, variables):
        """Transactions a second of a script of reference/."""
        command = ["pgbench", "-h", self.folder, "-U", "bench", "-n", "-M", "prepared", "-c",
                   clients, "-j", 1, "-T", max(1, round(seconds)),
                   "-f", HERE / "reference" / script]
        for name, value in variables.items():
            command += ["-D", f"{name}={value}"]
        said = run(pinned(LOAD_CORE, *command, "postgres"))
        if re.search(r"number of failed transactions: [1-9]", said):
            raise RuntimeError(f"pgbench: {said}")
        told = re.search(r"tps = ([\d.]+)", said)
        if not told:
            raise RuntimeError(f"pgbench finished no transaction in {seconds} s: this machine is "
                               "too busy for a comparison")
        return float(told[1])

    def stop(self):
        if self.process:
            self.process.end(signal.SIGINT)
            self.process = None


class Redis:
    """Every write is synced before it is answered (appendfsync always)."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.process, self.port, self.script = None, 0, ""

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.process = Process(
            pinned(SERVER_CORE, "redis-server", "--port", self.port, "--bind", "127.0.0.1",
                   "--dir", self.folder, "--save", "", "--appendonly", "yes", "--appendfsync",
                   "always", "--auto-aof-rewrite-percentage", 0), self.folder / "redis.log")
        wait_until(lambda: "Ready to accept" in self.process.said(), 30, "Redis to be ready")
        text = (HERE / "reference" / "ingest.lua").read_text(encoding="utf-8")
        self.script = self.cli("SCRIPT", "LOAD", text).strip()

    def cli(self, *words):
        return run(["redis-cli", "-p", str(self.port), *map(str, words)])

    def benchmark(self, clients, requests, base, data):
        """Calls of the script a second; each has an id drawn from `base` on."""
        said = run(pinned(LOAD_CORE, "redis-benchmark", "-p", self.port, "-c", clients, "-n",
                          requests, "-r", max(requests, 1), "--csv", "EVALSHA", self.script, 0,
                          base, "__rand_int__", data))
        return float(said.strip().splitlines()[-1].rsplit('","', 7)[1])

    def stop(self):
        if self.process:
            self.process.end()
            self.process = None


class Nginx:
    """One worker that answers every request with the same bytes."""

    def __init__(self, folder, body):
        self.folder, self.body = pathlib.Path(folder), body
        self.process, self.port = None, 0

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        body = self.body.replace("\\", "\\\\").replace("'", "\\'").replace("$", "")
        (self.folder / "nginx.conf").write_text(f"""
daemon off; master_process off; worker_processes 1; pid {self.folder}/pid;
error_log {self.folder}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000; default_type application/json;
  client_body_temp_path {self.folder}/b; proxy_temp_path {self.folder}/p;
  fastcgi_temp_path {self.folder}/f; uwsgi_temp_path {self.folder}/u;
  scgi_temp_path {self.folder}/s;
  server {{ listen 127.0.0.1:{self.port}; location / {{ return 200 '{body}'; }} }}
}}
""", encoding="utf-8")
        self.process = Process(pinned(SERVER_CORE, "nginx", "-p", self.folder, "-c",
                                      self.folder / "nginx.conf"), self.folder / "nginx.log")

        def is_up():
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0

        wait_until(is_up, 30, "nginx to be ready")

    def stop(self):
        if self.process:
            self.process.end(signal.SIGQUIT)
            self.process = None
