#!/usr/bin/env bash
# Plants one bug at a time (mNN_name.patch, numbers as arguments choose some) into a copy of the
# sources, builds the simulator with it and requires a violation within SEEDS short seeds. After
# MUTANTS_SECONDS (0: as long as it takes) no other is begun: those left are named.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
root=$PWD
seeds=${SEEDS:-200}
seconds_max=${MUTANTS_SECONDS:-0}
work=${MUTANTS_DIR:-$root/build/mutants}
source dev.d/say.sh
source dev.d/build.sh
# Anew: a file older than what was built of its last state would not be built again.
rm -rf "$work/tree"
mkdir -p "$work/tree"
# Named relative to the copy, its files are those the cache knows from here.
export CCACHE_BASEDIR=$work/tree

copy_sources() {
  # With their times, so that only what a patch touched is built again.
  tar -C "$root" -cf - --exclude=./build --exclude=./.git --exclude=./web . |
    tar -C "$work/tree" -xf -
}

build_simulator() {
  (cd "$work/tree" && cmake --preset release -DCAIRN_TESTS=ON \
    -DCAIRN_THIRD_PARTY_DIR="$root/build/third_party") >"$work/cmake.log" 2>&1 &&
    ninja -C "$work/tree/build/release" -j "$(jobs_max)" cairn_sim >"$work/build.log" 2>&1
}

chosen() {
  local patch number
  for patch in "$root"/tests/mutants/*.patch; do
    number=$(basename "$patch" | cut -c2-3)
    (($# == 0)) && echo "$patch" && continue
    for wanted in "$@"; do [[ $((10#$number)) -eq $((10#$wanted)) ]] && echo "$patch"; done
  done
}

copy_sources
sim=$work/tree/build/release/tests/simulation/cairn_sim
missed=0 tried=0
printf '%-42s %s\n' "planted bug" "caught"
while read -r patch; do
  name=$(basename "$patch" .patch)
  if ((seconds_max > 0 && SECONDS >= seconds_max)); then
    printf '%-42s %s\n' "$name" "left out: more than $seconds_max s have passed"
    ((tried)) || missed=1
    continue
  fi
  tried=$((tried + 1))
  if ! patch -d "$work/tree" -p1 -s <"$patch" >"$work/patch.log" 2>&1; then
    printf '%-42s %s\n' "$name" "does not apply any more"
    missed=1
    copy_sources
    continue
  fi
  if ! build_simulator; then
    printf '%-42s %s\n' "$name" "does not build"
    missed=1
  else
    out=$("$sim" --seed 1 --seeds "$seeds" --short --first 2>&1)
    at=$(grep -m1 -oE '(seed [0-9]+ FAILED|died; .*--seed [0-9]+)' <<<"$out" |
      grep -oE '[0-9]+' | head -1)
    why=$(grep -m1 '^  [a-z]' <<<"$out" | cut -c3-90)
    if [[ -n $at ]]; then
      printf '%-42s seed %-4s %s\n' "$name" "$at" "${why:-a check of its own}"
    else
      printf '%-42s %s\n' "$name" "NOT within $seeds seeds"
      missed=1
    fi
  fi
  patch -d "$work/tree" -p1 -s -R <"$patch"
done < <(chosen "$@")
exit $missed
