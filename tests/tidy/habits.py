"""How a file is written: clocks, lengths, names, words, links."""

import posixpath
import re
import urllib.parse

from sources import Fault

LINES_MAX = 600
COLUMNS_MAX = 100

# Layers that are told the time and whatever is random.
TIMELESS = ("src/base/", "src/crypto/", "src/json/", "src/ports/", "src/model/", "src/core/",
            "src/modules/")
CLOCKS = re.compile(
    r"_clock::now\b|(?<![\w.>:])(?:std::|::)?time\s*\(\s*(?:0|NULL|nullptr|&\w+)?\s*\)"
    r"|\bclock_gettime\s*\(|\bgettimeofday\s*\(|\btimespec_get\s*\(|\blocaltime(?:_r)?\s*\("
    r"|\brandom_device\b|(?<![\w.>])s?rand\s*\(")
PRINTS = re.compile(r"\bstd::c(?:out|err|log)\b|(?<![\w])f?printf\s*\(|\bstd::print|\bfmt::print"
                    r"|(?<![\w])puts\s*\(")
SLEEPS = re.compile(r"\bsleep_(?:for|until)\b|(?<![\w.])(?:u|nano)?sleep\s*\(")
WORDS = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
MACHINE_PATHS = re.compile(r"(?<![\w.~}])/(?:work|home/\w+|root|tmp)/[\w.]")

# Text we write; the rest is data, generated, or somebody else's licence.
PROSE = (".cpp", ".hpp", ".md", ".cmake", ".py", ".sh", ".yaml", ".ts", ".tsx", ".mjs", ".txt")
LENGTH_CHECKED = (".cpp", ".hpp", ".cmake", ".py", ".sh")


def is_ours(source):
    return "package-lock.json" not in source.path and ".gen." not in source.path


def check_clocks(tree):
    for source in tree.sources(*TIMELESS):
        if source.is_test:
            continue
        for number, line in source.code_lines():
            if CLOCKS.search(line):
                yield Fault(source.path, number, "clocks",
                            "time and chance are arguments below adapters and app")


def check_prints(tree):
    for source in tree.sources(*TIMELESS[2:]):
        if source.is_test:
            continue
        for number, line in source.code_lines():
            if PRINTS.search(line):
                yield Fault(source.path, number, "prints", "only app writes to a terminal")


def check_sleeps(tree):
    for source in tree.sources("src/", "tests/"):
        if source.is_test and not source.path.startswith("tests/bench/"):
            for number, line in source.code_lines():
                if SLEEPS.search(line):
                    yield Fault(source.path, number, "sleeps", "a test awaits what it expects")


def check_lengths(tree):
    for source in tree.sources(cpp=False):
        if not source.path.endswith(LENGTH_CHECKED) or not is_ours(source):
            continue
        count = 0
        for number, line in source.lines():
            count = number
            if len(line) > COLUMNS_MAX and "http" not in line and number not in source.raw_lines:
                yield Fault(source.path, number, "columns",
                            f"{len(line)} columns, at most {COLUMNS_MAX}")
        if count > LINES_MAX:
            yield Fault(source.path, count, "lines",
                        f"{count} lines, at most {LINES_MAX}: divide it")


def check_headers(tree):
    for source in tree.sources("src/", "tests/", "plugins/"):
        if source.path.endswith(".hpp"):
            first = next((line for _, line in source.code_lines() if line.strip()), "")
            if first.strip() != "#pragma once":
                yield Fault(source.path, 1, "pragma-once", "a header begins with #pragma once")
            continue
        own = source.path.removesuffix(".cpp") + ".hpp"
        if own not in tree.files:
            continue
        wanted = own.removeprefix("src/")
        line, first, _ = next(source.includes(), (1, "nothing", True))
        if first not in (wanted, own.split("/")[-1] if own.startswith("tests/") else wanted):
            yield Fault(source.path, line, "own-header-first",
                        f"the first include is \"{wanted}\", not \"{first}\"")


def check_using_namespace(tree):
    """Outside of functions; those of literals are what they are for."""
    for source in tree.sources("src/", "tests/", "plugins/"):
        depth = 0
        for number, line in source.code_lines():
            if depth == 0 and re.match(r"\s*using\s+namespace\b(?!.*literals)", line):
                yield Fault(source.path, number, "using-namespace", "not at file scope")
            if re.match(r"\s*(?:inline\s+)?namespace\b", line) or line.strip() == "}":
                continue
            depth = max(0, depth + line.count("{") - line.count("}"))


def check_words(tree):
    for source in tree.sources(cpp=False):
        if not source.path.endswith(PROSE) or not is_ours(source):
            continue
        for number, line in source.lines():
            if WORDS.search(line):
                yield Fault(source.path, number, "unfinished", "finish it, or write an issue")
            if MACHINE_PATHS.search(line):
                yield Fault(source.path, number, "machine-paths", "a path of one machine")


NAME = re.compile(r"[a-z0-9]+(?:[_.][a-z0-9]+)*")
KEPT_NAMES = {"CMakeLists.txt", "README.md", "__init__.py"}


def check_names(tree):
    for path in sorted(tree.files):
        parts = path.split("/")
        if parts[0] not in ("src", "tests", "cmake", "definitions", "plugins", "dev.d"):
            continue
        for part in parts:
            if not NAME.fullmatch(part) and part not in KEPT_NAMES:
                yield Fault(path, 1, "names", f"'{part}' is not snake_case")
                break


def check_built(tree):
    """A source that no list names would never be compiled."""
    lists = {}
    for path, text in tree.files.items():
        if path.endswith(("CMakeLists.txt", ".cmake")) and text is not None:
            folder = posixpath.dirname(path)
            lists[folder] = lists.get(folder, "") + re.sub(r"#[^\n]*", "", text)
    for source in tree.sources("src/", "tests/"):
        if not source.path.endswith(".cpp") or source.path.startswith("tests/mutants/"):
            continue
        folder, name = posixpath.split(source.path)
        named = False
        while folder and not named:
            relative = posixpath.relpath(source.path, folder)
            pattern = rf"(?<![\w/.-]){re.escape(relative)}(?!\w)"
            named = re.search(pattern, lists.get(folder, "")) is not None
            folder = posixpath.dirname(folder)
        if not named:
            yield Fault(source.path, 1, "not-built", f"no CMakeLists.txt above it names {name}")


def check_fuzz_targets(tree):
    """CI finds the targets by their name, and each has an ordinary test beside it or a part."""
    pattern = re.compile(r"cairn_fuzz\(\s*([A-Za-z0-9_]+)")
    found = set()
    for path, text in sorted(tree.files.items()):
        if path.startswith("cmake/") or not path.endswith(("CMakeLists.txt", ".cmake")):
            continue
        for name in pattern.findall(re.sub(r"#[^\n]*", "", text or "")):
            found.add(name)
            if not name.startswith("fuzz_"):
                yield Fault(path, 1, "fuzz", f"{name}: the name of a fuzz target begins with fuzz_")
    for source in tree.sources("src/", "tests/"):
        if "LLVMFuzzerTestOneInput" in source.code and not source.path.endswith("_test.cpp"):
            name = source.parts[-1].removesuffix(".cpp")
            if name not in found and source.path.endswith(".cpp"):
                yield Fault(source.path, 1, "fuzz", f"no cairn_fuzz({name} …): CI does not run it")


LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)(?:\s+\"[^\"]*\")?\)|!\[[^\]\n]*\]\(([^)\s]+)\)")
QUOTED_PATH = re.compile(
    r"`((?:src|tests|docs|web|api|definitions|plugins|deploy|cmake|dev\.d|\.ci)/[\w./-]+)"
    r"(?::\d+)?`")


def check_links(tree):
    for source in tree.sources(cpp=False):
        if not source.path.endswith(".md"):
            continue
        is_fenced = False
        for number, line in source.lines():
            if line.lstrip().startswith("```"):
                is_fenced = not is_fenced
            if is_fenced:
                continue
            for match in LINK.finditer(line):
                yield from check_link(tree, source, number, match.group(1) or match.group(2))
            for path in QUOTED_PATH.findall(line):
                if not tree.exists(path.rstrip("/.")) and "/build/" not in path:
                    yield Fault(source.path, number, "links", f"`{path}` is not there")


def check_link(tree, source, number, target):
    if re.match(r"[a-z][a-z0-9+.-]*:", target) or target.startswith("/"):
        return
    path, _, anchor = urllib.parse.unquote(target).partition("#")
    folder = posixpath.dirname(source.path)
    file = posixpath.normpath(posixpath.join(folder, path)) if path else source.path
    if not tree.exists(file) and file != ".":
        yield Fault(source.path, number, "links", f"{target}: {file} is not there")
    elif anchor and file.endswith(".md") and anchor not in anchors(tree.files[file]):
        yield Fault(source.path, number, "links", f"{target}: {file} has no heading for #{anchor}")


def anchors(text):
    found = set()
    for heading in re.findall(r"^#{1,6}\s+(.*?)\s*$", text, re.M):
        words = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower())
        found.add(words.replace(" ", "-"))
    return found | set(re.findall(r'<a (?:id|name)="([^"]+)"', text))
