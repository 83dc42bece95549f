"""Which folder may include what. The order of the layers is read from src/CMakeLists.txt."""

import re

from sources import Fault

# What a layer may include besides itself and std. A layer not named here may include every layer
# before it in src/CMakeLists.txt.
MAY_INCLUDE = {
    "adapters": {"base", "crypto", "json", "ports", "model"},
    "http": {"base", "crypto", "json", "ports", "model", "core"},
}

# Folders of src/modules that are pure libraries: modules may include them, they include no core.
PURE_MODULES = {"lifecycle"}

# Third-party headers: the start of the include → the folders it may appear in. Tests may include
# every library that has a row; the test libraries are for tests alone.
THIRD_PARTY = {
    "fmt/": ["src/", "tests/"],
    "simdjson": ["src/json/"],
    "openssl/": ["src/crypto/", "src/http/"],
    "sqlite3.h": ["src/adapters/sqlite/"],
    "zstd.h": ["src/adapters/segments/"],
    "zlib.h": ["src/app/", "src/http/", "src/modules/integration/"],
    "yaml-cpp/": ["src/app/", "src/modules/lifecycle/", "src/modules/integration/"],
    "date/": ["src/app/", "src/modules/integration/"],
    "valijson/": ["src/modules/"],
    "nlohmann/": ["src/modules/"],
    "CLI/": ["src/app/", "tests/"],
    "libpq-fe.h": ["src/adapters/postgres/", "tests/bench/"],
    "hiredis/": ["src/adapters/redis/", "tests/bench/"],
    "curl/": ["src/adapters/curl/"],
    "iconv.h": ["src/modules/integration/"],
    "gtest/": ["tests/"],
    "gmock/": ["tests/"],
    "rapidcheck": ["tests/"],
}

# Headers of the operating system and the processor: only where Cairn meets the machine.
SYSTEM = re.compile(
    r"^(sys|netinet|arpa|linux|net)/|^(unistd|fcntl|errno|poll|pthread|sched|dirent|time|signal"
    r"|netdb|termios|getopt|string|stdio|stdlib|limits|stdint|nmmintrin|immintrin|arm_acle|elf"
    r"|dlfcn|pwd|grp|spawn|syslog|execinfo|malloc|sysexits|zconf|cpuid|x86intrin)\.h$")
SYSTEM_FOLDERS = ("src/base/", "src/crypto/", "src/adapters/", "src/http/", "src/app/", "tests/")


def layers_of(tree):
    text = tree.files["src/CMakeLists.txt"]
    return re.search(r"foreach\(folder ([a-z0-9_ ]+)\)", text).group(1).split()


def may_include(layers, layer):
    below = set(layers[:layers.index(layer)])
    return MAY_INCLUDE.get(layer, below) & below | {layer}


def check_layers(tree):
    layers = layers_of(tree)
    for source in tree.sources("src/"):
        layer = source.parts[1]
        if layer not in layers:
            yield Fault(source.path, 1, "layers", f"src/CMakeLists.txt has no layer {layer}")
            continue
        allowed = may_include(layers, layer)
        for line, what, is_quoted in source.includes():
            if not is_quoted:
                continue
            if f"src/{what}" not in tree.files:
                yield Fault(source.path, line, "layers",
                            f"\"{what}\" is not below src/; includes name the path from src/")
                continue
            target = what.split("/")
            # A test wires its subject to memory adapters, whatever layer the subject is in.
            if source.is_test and target[0] != "app":
                continue
            if target[0] not in allowed:
                yield Fault(source.path, line, "layers",
                            f"src/{layer} may not include src/{target[0]} (allowed: "
                            f"{' '.join(name for name in layers if name in allowed)})")
            elif target[0] == layer and layer in ("modules", "adapters"):
                yield from check_siblings(source, line, target)
            if layer == "modules" and source.parts[2] in PURE_MODULES and target[0] == "core":
                yield Fault(source.path, line, "layers",
                            f"modules/{source.parts[2]} is a pure library and may not include core")


def check_siblings(source, line, target):
    layer, own = source.parts[1], source.parts[2]
    if target[1] == own or (layer == "modules" and target[1] in PURE_MODULES):
        return
    yield Fault(source.path, line, "siblings",
                f"{layer} do not include each other: {layer}/{own} includes {'/'.join(target)}")


def check_third_party(tree):
    for source in tree.sources("src/", "tests/", "plugins/"):
        for line, what, is_quoted in source.includes():
            if is_quoted or is_standard(what):
                continue
            if SYSTEM.search(what):
                if not source.is_test and not source.path.startswith(SYSTEM_FOLDERS):
                    yield Fault(source.path, line, "third-party",
                                f"<{what}> belongs to adapters, http or app")
                continue
            folders = next((v for k, v in THIRD_PARTY.items() if what.startswith(k)), None)
            if folders is None:
                yield Fault(source.path, line, "third-party",
                            f"<{what}> is in no row of THIRD_PARTY in tests/tidy/layers.py")
            elif not source.is_test and not source.path.startswith(tuple(folders)):
                yield Fault(source.path, line, "third-party",
                            f"<{what}> may be included in {' '.join(folders)} only")


def is_standard(what):
    return re.fullmatch(r"[a-z_0-9]+", what) is not None


def check_public_headers(tree):
    """No third-party type crosses a port, or shows in what everybody includes; fmt has none."""
    for source in tree.sources("src/ports/", "src/core/", "src/model/"):
        if not source.path.endswith(".hpp") or source.is_test:
            continue
        for line, what, is_quoted in source.includes():
            if not is_quoted and not is_standard(what) and not SYSTEM.search(what) and not (
                    what.startswith("fmt/")):
                yield Fault(source.path, line, "public-headers",
                            f"<{what}>: no third-party type in a header of ports, core or model")
