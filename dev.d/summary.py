"""Counts test cases of a folder of results and prints them.

Reads `<preset>.junit.xml` of ctest, `<preset>-gtest/<program>.xml` of GoogleTest programs (a case
each), `web.xml` of vitest, `journeys*.xml` of the browser, and `others.tsv`. The last line
printed is "N passed, N failed, N skipped"; the exit code is 1 when something failed or nothing
ran.
"""

import pathlib
import sys
import xml.etree.ElementTree as ET


class Tally:
    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []

    def add(self, state, name, reason=""):
        if state == "passed":
            self.passed += 1
        else:
            (self.failed if state == "failed" else self.skipped).append((name, reason))


def last_line(text):
    lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
    return lines[-1][:160] if lines else ""


def state_of(case):
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed", ""
    skipped = case.find("skipped")
    if skipped is None and case.get("status") not in ("notrun", "disabled"):
        return "passed", ""
    message = (skipped.get("message") or skipped.text or "") if skipped is not None else ""
    # ctest also says "skipped" of a program that was not built or whose fixture failed.
    if message.startswith(("Unable to find", "Fixture dependency failed")):
        return "failed", message
    if not message or message.startswith("SKIP_"):
        message = case.findtext("system-out")
    return "skipped", last_line(message)


def add_cases(tally, path, prefix):
    """Adds every case of a report; returns how many of them failed."""
    failed = 0
    for case in ET.parse(path).getroot().iter("testcase"):
        state, reason = state_of(case)
        failed += state == "failed"
        group = case.get("classname", "")
        tally.add(state, f"{prefix}: {group + '.' if group else ''}{case.get('name')}", reason)
    return failed


def add_ctest(tally, path):
    preset = path.name.removesuffix(".junit.xml")
    for test in ET.parse(path).getroot().iter("testcase"):
        name = test.get("name")
        state, reason = state_of(test)
        cases = path.parent / f"{preset}-gtest" / f"{name}.xml"
        if not cases.exists():
            tally.add(state, f"{preset}: {name}", reason)
            continue
        failed = add_cases(tally, cases, f"{preset}: {name}")
        # A program can fail beside its cases: a sanitizer's report at exit, a time limit.
        if state == "failed" and failed == 0:
            tally.add("failed", f"{preset}: {name}", "the program failed although its cases passed")


def main(folder):
    tally = Tally()
    for path in sorted(folder.glob("*.junit.xml")):
        add_ctest(tally, path)
    if (folder / "web.xml").exists():
        add_cases(tally, folder / "web.xml", "web")
    for path in sorted(folder.glob("journeys*.xml")):
        add_cases(tally, path, path.stem)
    others = folder / "others.tsv"
    if others.exists():
        for line in others.read_text(encoding="utf-8").splitlines():
            state, name, reason = line.split("\t")
            tally.add(state, name, reason)
    for title, rows in (("skipped", tally.skipped), ("FAILED", tally.failed)):
        for name, reason in rows:
            print(f"  {title}: {name}{' – ' + reason if reason else ''}")
    print(f"{tally.passed} passed, {len(tally.failed)} failed, {len(tally.skipped)} skipped")
    return 1 if tally.failed or tally.passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
