"""Makes the console and the public page part of the program.

    embed_console.py --dist web/dist --page web/public_page --out BUILD/console

Writes OUT.pack, the bytes of every file with its compressed forms one after the other, and OUT.cpp,
which takes the pack into the program and says where each file lies in it. Both are written only
when something is different, so that a build without changes compiles and links nothing. Without a
built console the public page alone is taken: it needs nothing but its sources.
"""

import argparse
import hashlib
import pathlib

# Beside a file: the same, compressed (web/scripts/finish.mjs).
FORMS = ("", ".gz", ".br")
LEFT_OUT = (".map", ".gz", ".br")


def files_of(dist, page):
    """Name in the program -> path. What was built wins over its source."""
    found = {}
    for path in sorted(page.iterdir()):
        folder = "public_page" if path.suffix == ".html" else "assets"
        found[f"/{folder}/{path.name}"] = path
    if (dist / "index.html").is_file():
        for path in sorted(dist.rglob("*")):
            if path.is_file() and path.suffix not in LEFT_OUT:
                found["/" + path.relative_to(dist).as_posix()] = path
    return dict(sorted(found.items()))


def pack(files):
    """All bytes, and a row of C++ per file: name, ETag, and where its three forms lie."""
    content, rows = bytearray(), []
    for name, path in files.items():
        places = []
        for form in FORMS:
            beside = path.with_name(path.name + form)
            data = beside.read_bytes() if beside.is_file() else b""
            places.append(f"part({len(content)}, {len(data)})")
            content += data
        etag = hashlib.sha256(path.read_bytes()).hexdigest()[:20]
        rows.append(f'    {{"{name}", R"("{etag}")", {", ".join(places)}}},')
    return bytes(content), rows


CODE = """\
// Made by cmake/embed_console.py.
#include "app/console_files.hpp"

asm(R"(
  # {digest}
  .section .rodata
  .balign 16
  .globl cairn_console_pack
cairn_console_pack:
  .incbin "{pack}"
  .byte 0
  .previous
)");
extern "C" const char cairn_console_pack[];

namespace cairn::app {{
namespace {{

std::string_view part(std::size_t from, std::size_t size) {{
  return {{cairn_console_pack + from, size}};
}}

}}  // namespace

std::span<const ConsoleFile> console_files() {{
  static const ConsoleFile kFiles[]{{
{rows}
  }};
  return kFiles;
}}

}}  // namespace cairn::app
"""


def write_if_different(path, data):
    if not path.is_file() or path.read_bytes() != data:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("dist", "page", "out"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    given = parser.parse_args()
    content, rows = pack(files_of(given.dist, given.page))
    packed, code = (given.out.with_suffix(end) for end in (".pack", ".cpp"))
    write_if_different(packed, content)
    text = CODE.format(digest=hashlib.sha256(content).hexdigest(), pack=packed.as_posix(),
                       rows="\n".join(rows))
    write_if_different(code, text.encode())


if __name__ == "__main__":
    main()
