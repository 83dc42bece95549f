"""The real program on a folder of its own, for tests that talk to it."""
import pathlib
import re
import subprocess
import sys


def start(cairn: str, root: pathlib.Path, folder: str) -> tuple[subprocess.Popen, int]:
    server = subprocess.Popen(
        [cairn, "--lang", "en", "serve", "--keyless", "--port", "0", "--data", folder + "/data",
         "--definitions", str(root / "definitions")],
        stdout=subprocess.PIPE, text=True, encoding="utf-8")
    found = re.search(r"http://127\.0\.0\.1:(\d+)/", server.stdout.readline())
    if not found:
        sys.exit("the server did not say where it listens")
    return server, int(found[1])
