#!/usr/bin/env python3
"""Runs the tour of README.md against a server of its own: every ```sh block in one shell, in order.

A line "# → text" asks that what the commands since the last such line printed contains `text`.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from serving import start_as_a_new_user  # noqa: E402

CAIRN, ROOT = sys.argv[1], pathlib.Path(sys.argv[2])


def blocks() -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(r"```sh\n(.*?)```", text, flags=re.S)


def steps(block: str) -> list[tuple[str, list[str]]]:
    """Commands with what their output must contain."""
    out, commands, wanted = [], [], []
    for line in block.splitlines():
        if line.startswith("# → "):
            wanted.append(line.removeprefix("# → "))
            continue
        if wanted:
            out.append(("\n".join(commands), wanted))
            commands, wanted = [], []
        commands.append(line)
    out.append(("\n".join(commands), wanted))
    return out


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        server, port = start_as_a_new_user(CAIRN, ROOT, folder)
        try:
            return walk(port)
        finally:
            server.terminate()
            server.wait(timeout=30)


def run(shell: subprocess.Popen, text: str) -> str:
    shell.stdin.write(text + "\necho; echo '=== end of step'\n")
    shell.stdin.flush()
    output = ""
    for line in shell.stdout:
        if line.startswith("=== end of step"):
            break
        output += line
    return output


def walk(port: int) -> int:
    shell = subprocess.Popen(["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, encoding="utf-8")
    done = faults = 0
    for block in blocks():
        for commands, wanted in steps(block):
            text = commands.replace("localhost:8080", f"localhost:{port}")
            expected = [one.replace("localhost:8080", f"localhost:{port}") for one in wanted]
            # What another aggregate is told arrives a moment later: questions are asked again.
            tries = 1 if " -d " in text or "--data" in text else 50
            output = ""
            while tries > 0 and (not output or any(one not in output for one in expected)):
                output, tries = run(shell, text), tries - 1
            for one in expected:
                done += 1
                if one not in output:
                    faults += 1
                    print(f"README.md: after\n{commands}\nexpected {one}\ngot {output[:2000]}")
    shell.stdin.close()
    shell.wait(timeout=30)
    print(f"the tour: {done} answers looked at, {faults} not as promised")
    return 1 if faults or done < 8 else 0


if __name__ == "__main__":
    sys.exit(main())
