#!/usr/bin/env python3
"""Cuts live streams off at random bytes and resumes them where they were (TARGETS R10).

    resume.py CAIRN ROOT [--cuts 1000] [--seed 1]

While orders change, one reader follows all orders and one follows a single order. Every connection
is cut after a random number of bytes and opened again with the id of the last whole event. The
reader of one order must see every version once; the reader of all must see versions of each order
only grow, and end with the latest of every order.
"""
import argparse
import json
import pathlib
import random
import socket
import sys
import tempfile
import threading
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from serving import start  # noqa: E402

ORDERS = 20


def call(port: int, method: str, path: str, body: dict | None = None) -> dict:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


class Reader:
    """Follows a stream over many connections."""

    def __init__(self, port: int, path: str, last_id: str, chance: random.Random):
        self.port, self.path, self.last_id, self.chance = port, path, last_id, chance
        self.seen: dict[str, list[int]] = {}
        self.cuts = 0

    def connect_and_cut(self) -> None:
        limit = self.chance.choice([200, 1_000, 4_000, 10_000]) + self.chance.randrange(400)
        with socket.create_connection(("127.0.0.1", self.port), timeout=0.5) as connection:
            connection.sendall((f"GET {self.path} HTTP/1.1\r\nHost: localhost\r\n"
                                f"Last-Event-ID: {self.last_id}\r\n\r\n").encode())
            data = b""
            try:
                while len(data) < limit:
                    piece = connection.recv(4_096)
                    if not piece:
                        break
                    data += piece
            except TimeoutError:
                pass  # nothing more is said: as good a place to cut as any
        self.cuts += 1
        self.take(data[:limit])

    def take(self, data: bytes) -> None:
        _, _, body = data.partition(b"\r\n\r\n")
        for block in body.split(b"\n\n")[:-1]:  # the last one is not whole
            fields = dict(line.split(": ", 1) for line in block.decode().splitlines()
                          if ": " in line)
            if fields.get("event") == "change":
                change = json.loads(fields["data"])
                self.seen.setdefault(change["id"], []).append(change["version"])
            if "id" in fields:
                self.last_id = fields["id"]


def check(readers: list[Reader], one: str, final: dict[str, int]) -> list[str]:
    faults = []
    of_one, of_all = readers
    versions = of_one.seen.get(one, [])
    wanted = list(range(2, final[one] + 1))
    if versions != wanted:
        missing = sorted(set(wanted) - set(versions))
        faults.append(f"the stream of one order: missing {missing[:10]}, "
                      f"{len(versions) - len(set(versions))} repeated")
    for order, version in final.items():
        seen = of_all.seen.get(order, [])
        if any(b <= a for a, b in zip(seen, seen[1:])):
            faults.append(f"the stream of all: versions of {order} do not grow: {seen[:20]}")
        if not seen or seen[-1] != version:
            faults.append(f"the stream of all: {order} ends with {seen[-1:]}, it is at {version}")
    return faults


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("cairn")
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("--cuts", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server, port = start(options.cairn, options.root, folder)
        try:
            return follow(port, options)
        finally:
            server.terminate()
            server.wait(timeout=30)


def follow(port: int, options: argparse.Namespace) -> int:
    placed = [call(port, "POST", "/v1/orders", {"order_no": f"L-{i}"}) for i in range(ORDERS)]
    ids = [answer["id"] for answer in placed]
    is_over = threading.Event()

    def change_things() -> None:
        chance = random.Random(options.seed)
        while not is_over.is_set():
            call(port, "POST", f"/v1/orders/{chance.choice(ids)}/commands/add_note", {"text": "x"})

    # Each placing answers a position of its own shard; together they are where all were placed.
    after = ".".join(sorted({p["position"].split("-")[0]: p["position"] for p in placed}.values()))
    readers = [Reader(port, f"/v1/orders/{ids[0]}/live", placed[0]["position"],
                      random.Random(options.seed + 1)),
               Reader(port, "/v1/live", after, random.Random(options.seed + 2))]
    writer = threading.Thread(target=change_things)
    writer.start()
    while min(reader.cuts for reader in readers) < options.cuts // 2:
        for reader in readers:
            reader.connect_and_cut()
    is_over.set()
    writer.join()
    final = {order: call(port, "GET", f"/v1/orders/{order}/status")["version"] for order in ids}
    for reader in readers:
        for _ in range(10_000):
            wanted = {ids[0]: final[ids[0]]} if reader is readers[0] else final
            if all(reader.seen.get(order, [0])[-1] == version for order, version in wanted.items()):
                break
            reader.connect_and_cut()
    faults = check(readers, ids[0], final)
    print(f"{sum(reader.cuts for reader in readers)} cuts, {sum(final.values())} versions, "
          f"{len(faults)} faults (seed {options.seed})")
    for fault in faults:
        print("  " + fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
