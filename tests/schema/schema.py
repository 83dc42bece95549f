#!/usr/bin/env python3
"""Asks the real program all that api/openapi.yaml describes, rightly and wrongly: Schemathesis.

    schema.py CAIRN ROOT [--seconds 60] [--seed 1]

Schemathesis goes into a virtual environment under ROOT/build; without it, exit code 77 and the
reason on the last line. The server gets a few orders first, so that there is something to find: a
hook puts their ids where the description says an id belongs.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
from serving import start  # noqa: E402

VERSION = "4.32.5"
SKIPPED = 77
# Streams that never end, and a folder of this machine to back up to, are nothing to try at random.
LEFT_OUT = "/live$|/v1/admin/"
# Not unsupported_method: with every parameter at its longest the head is too long, and says so. Not
# negative_data_rejection: facts are never refused as a whole, and 413 is not among its answers.
CHECKS = ("not_a_server_error,status_code_conformance,content_type_conformance,"
          "response_schema_conformance,response_headers_conformance,missing_required_header")


def installed(folder: pathlib.Path) -> pathlib.Path:
    """The program; skips the test where it cannot be had."""
    program = folder / "bin" / "schemathesis"
    if program.exists():
        return program
    folder.parent.mkdir(parents=True, exist_ok=True)
    for command in ([sys.executable, "-m", "venv", "--clear", str(folder)],
                    [str(folder / "bin" / "pip"), "install", "--quiet", "--no-input",
                     "--disable-pip-version-check", "--retries", "1", "--timeout", "15",
                     f"schemathesis=={VERSION}"]):
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=300)
            fault = "" if done.returncode == 0 else (done.stderr or done.stdout).strip()[-200:]
        except (OSError, subprocess.TimeoutExpired) as error:
            fault = str(error)
        if fault:
            program.unlink(missing_ok=True)
            print("Schemathesis cannot be had here: " + fault.replace("\n", " "))
            sys.exit(SKIPPED)
    return program


def ask(port: int, method: str, path: str, body: str = "", kind: str = "application/json",
        headers: dict | None = None) -> dict:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", method=method, data=body.encode() or None,
        headers={"Content-Type": kind, **(headers or {})})
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read()
        return json.loads(text) if text else {}


def seed(port: int) -> dict:
    """Orders in several states, a conflict, a request, something in quarantine: their ids."""
    found = {"order": [], "request": [], "quarantine": []}
    for number in range(4):
        placed = ask(port, "POST", "/v1/orders", json.dumps({
            "order_no": f"S-{number}", "shop": "shanye", "currency": "CNY", "total": 25800,
            "buyer": {"id": "c-1", "name": "张三", "phone": "13800005678", "city": "杭州市"},
            "lines": [{"id": "1", "name": "双人帐篷", "quantity": 2}]}))
        found["order"].append(placed["id"])
    first, second, third, _ = found["order"]
    pay = json.dumps({"payment_id": "p", "amount": 25800})
    for order in (first, second, third):
        ask(port, "POST", f"/v1/orders/{order}/commands/record_payment", pay)
    ask(port, "POST", f"/v1/orders/{first}/commands/add_note",
        json.dumps({"text": "note"}))
    ask(port, "POST", f"/v1/orders/{third}/commands/hold_order",
        json.dumps({"reason": "risk_review"}))
    facts = [
        {"id": "1", "source": "generic", "type": "package_scanned",
         "occurred": "2026-01-02T03:04:05Z",
         "reference": {"scheme": "tracking", "issuer": "zto", "value": "Z1"},
         "data": {"number": "Z1", "milestone": "in_transit", "place": "南京市"}},
        {"specversion": "1.0", "id": "2", "source": "generic", "type": "package_shipped",
         "subject": f"cairn:{second}", "time": "2020-01-02T03:04:05Z",
         "data": {"package": "K"}}]
    ask(port, "POST", "/v1/events", "".join(json.dumps(f) + "\n" for f in facts),
        "application/x-ndjson")
    theirs = ask(port, "POST", "/v1/orders", json.dumps({"order_no": "S-9"}),
                 headers={"Cairn-Source": "taobao"})
    found["order"].append(theirs["id"])
    asked = ask(port, "POST", f"/v1/orders/{theirs['id']}/commands/cancel_order",
                json.dumps({"reason": "no_longer_wanted"}))
    found["request"].append(asked["request"])
    found["quarantine"] += [item["id"] for item in ask(port, "GET", "/v1/quarantine")["items"]]
    return found


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("cairn")
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    program = installed(options.root / "build" / "schemathesis" / VERSION)
    with tempfile.TemporaryDirectory(prefix="cairn-schema-") as folder:
        server, port = start(options.cairn, options.root, folder)
        try:
            environment = dict(os.environ, SCHEMATHESIS_HOOKS="hooks", PYTHONPATH=str(HERE),
                               PYTHONDONTWRITEBYTECODE="1", CAIRN_KNOWN=json.dumps(seed(port)))
            done = subprocess.run(
                [program, "run", options.root / "api" / "openapi.yaml",
                 "--url", f"http://127.0.0.1:{port}", "--exclude-path-regex", LEFT_OUT,
                 "--checks", CHECKS, "--max-time", str(options.seconds),
                 "--seed", str(options.seed), "--generation-database", "none",
                 "--phases", "examples,coverage,fuzzing", "--continue-on-failure",
                 "--request-timeout", "30", "--warnings", "off", "--no-color"],
                cwd=folder, env=environment)
            if server.poll() is not None:
                print("the server ended by itself")
                return 1
            return done.returncode
        finally:
            server.terminate()
            server.wait(timeout=60)


if __name__ == "__main__":
    sys.exit(main())
