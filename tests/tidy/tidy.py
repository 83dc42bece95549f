"""The habits a machine can check (../../CONTRIBUTING.md). Prints every fault; the exit code is 1
when there is one. Run by ctest as `tidy`; no rule has exceptions."""

import pathlib
import sys
import time

import habits
import layers
from sources import Tree

RULES = [
    layers.check_layers,
    layers.check_third_party,
    layers.check_public_headers,
    habits.check_clocks,
    habits.check_prints,
    habits.check_sleeps,
    habits.check_lengths,
    habits.check_headers,
    habits.check_using_namespace,
    habits.check_words,
    habits.check_names,
    habits.check_built,
    habits.check_fuzz_targets,
    habits.check_links,
]


def faults_of(tree):
    return [fault for rule in RULES for fault in rule(tree)]


def main(root):
    began = time.monotonic()
    tree = Tree.of_folder(root)
    if "src/CMakeLists.txt" not in tree.files:
        print(f"{root} is not a checkout of Cairn: src/CMakeLists.txt is not there")
        return 1
    faults = faults_of(tree)
    for fault in faults:
        print(fault)
    print(f"{len(tree.files)} files, {len(RULES)} rules, {len(faults)} faults"
          f" ({time.monotonic() - began:.1f} s)")
    return 1 if faults else 0


if __name__ == "__main__":
    default = pathlib.Path(__file__).resolve().parents[2]
    sys.exit(main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default))
