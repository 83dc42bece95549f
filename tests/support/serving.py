"""The real program on a folder of its own, for tests that talk to it."""
import os
import pathlib
import re
import subprocess
import sys


def start(cairn: str, root: pathlib.Path, folder: str) -> tuple[subprocess.Popen, int]:
    return listening(subprocess.Popen(
        [cairn, "--lang", "en", "serve", "--keyless", "--port", "0", "--data", folder + "/data",
         "--definitions", str(root / "definitions")],
        stdout=subprocess.PIPE, text=True, encoding="utf-8"))


def start_as_a_new_user(cairn: str, root: pathlib.Path,
                        folder: str) -> tuple[subprocess.Popen, int]:
    """By the command that README opens with, without building."""
    return listening(subprocess.Popen(
        [root.resolve() / "dev", "run", "--no-demo", "--port", "0", "--data", folder + "/data"],
        cwd=root, env=os.environ | {"CAIRN_PROGRAM": str(pathlib.Path(cairn).resolve())},
        stdout=subprocess.PIPE, text=True, encoding="utf-8"))


def listening(server: subprocess.Popen) -> tuple[subprocess.Popen, int]:
    for line in server.stdout:
        if found := re.search(r"http://127\.0\.0\.1:([1-9]\d*)/", line):
            return server, int(found[1])
    sys.exit("the server did not say where it listens")
