"""What the rules of tests/tidy look at: the files of the checkout, and C++ without its words.

`Tree` reads files from a folder, or from a dictionary in the tests of the rules themselves.
"""

import functools
import os
import pathlib
import re
import subprocess
from dataclasses import dataclass

SKIPPED_FOLDERS = {".git", "build", "node_modules", "dist", "data", "demo-data", "shots", ".cache"}
CPP = (".cpp", ".hpp")


@dataclass
class Fault:
    path: str
    line: int
    rule: str
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: [{self.rule}] {self.message}"


@dataclass
class Source:
    path: str
    text: str

    @functools.cached_property
    def code(self):
        """The text of a C++ file with comments and literals blanked, line by line as long."""
        return blank(self.text)

    @functools.cached_property
    def raw_lines(self):
        """Numbers of the lines a raw string touches: nobody can break those."""
        numbers = set()
        for match in TOKEN.finditer(self.text) if self.is_cpp else ():
            if match.group(0).startswith('R"'):
                first = self.text.count("\n", 0, match.start()) + 1
                numbers.update(range(first, first + match.group(0).count("\n") + 1))
        return numbers

    @property
    def parts(self):
        return self.path.split("/")

    @property
    def is_cpp(self):
        return self.path.endswith(CPP)

    @property
    def is_test(self):
        """Files that only tests are built from."""
        name = self.parts[-1]
        return self.parts[0] == "tests" or bool(
            re.search(r"(^|_)test(_[a-z0-9_]+)?\.[ch]pp$", name))

    def lines(self):
        return enumerate(self.text.splitlines(), 1)

    def code_lines(self):
        return enumerate(self.code.splitlines(), 1)

    def includes(self):
        """(line, what, is_quoted) of each #include that is not commented out."""
        code = self.code.splitlines()
        for number, line in self.lines():
            found = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if found and code[number - 1].lstrip().startswith("#"):
                yield number, found.group(2), found.group(1) == '"'


TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<mark>[^()\\ \n]{0,16})\(.*?\)(?P=mark)"'
    r'|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.S)


def blank(text):
    return TOKEN.sub(lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)


class Tree:
    def __init__(self, files):
        self.files = files  # path → text, or None where the file is not UTF-8
        self.folders = {
            str(parent) for path in files for parent in pathlib.PurePosixPath(path).parents}

    @staticmethod
    def of_folder(root):
        files = {}
        for path in list_files(root):
            try:
                files[path] = (root / path).read_text(encoding="utf-8")
            except UnicodeDecodeError:
                files[path] = None
            except OSError:
                continue  # listed by git, but deleted or a link that leads nowhere
        return Tree(files)

    def exists(self, path):
        return path in self.files or path.rstrip("/") in self.folders

    def sources(self, *prefixes, cpp=True):
        for path, text in sorted(self.files.items()):
            if text is None or (cpp and not path.endswith(CPP)):
                continue
            if not prefixes or path.startswith(prefixes):
                yield Source(path, text)


def list_files(root):
    """Files git knows or would add; where there is no git, all but what is built or downloaded."""
    try:
        listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=root,
                                capture_output=True, check=True).stdout
        return sorted(os.fsdecode(name) for name in set(listed.split(b"\0")) if name)
    except (OSError, subprocess.CalledProcessError):
        pass
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]
        found += [str((pathlib.Path(folder) / name).relative_to(root)) for name in names]
    return sorted(found)
