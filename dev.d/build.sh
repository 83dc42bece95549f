# Configure, build, test, count. Sourced by ../dev and ../.ci/run; needs say.sh.

export NINJA_STATUS='  [%f/%t %es] '
export CCACHE_DIR=${CCACHE_DIR:-$HOME/.cache/ccache}
# Debug information names files relative to the checkout, so two checkouts share the cache.
export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$PWD} CCACHE_NOHASHDIR=1
export CCACHE_SLOPPINESS=${CCACHE_SLOPPINESS:-time_macros}

jobs_max() { echo "${CAIRN_JOBS:-$(nproc)}"; }

# configure PRESET [options]: cmake itself finds out whether anything changed, in about a second.
configure() {
  local preset=$1
  shift
  step "configure $preset"
  local log=build/configure-$preset.log
  mkdir -p build
  if ! cmake --preset "$preset" "$@" > "$log" 2>&1; then
    cat "$log"
    die "cmake could not configure $preset"
  fi
  done_step "build/$preset"
}

# Reads to the end: a grep that stops at the first match ends ninja by SIGPIPE, and with pipefail
# the target is not there.
has_target() {
  ninja -C "build/$1" -t targets all | grep "^$2: phony\|/$2: phony\|^$2:" > /dev/null
}

# build_targets PRESET TARGET…: those named, with ninja's progress.
build_targets() {
  local preset=$1 target
  shift
  for target in "$@"; do
    [[ $target == all ]] || has_target "$preset" "$target" ||
      die "this checkout has no target '$target'"
  done
  step "build $preset: $*"
  ninja -C "build/$preset" -j "$(jobs_max)" "$@" || die "the build of $* failed"
  done_step "built"
}

# count_one NAME passed|failed|skipped [REASON]: one line for the summary.
count_one() {
  mkdir -p build/results
  printf '%s\t%s\t%s\n' "$2" "$1" "${3:-}" >> build/results/others.tsv
}

# run_ctest PRESET [options]: every test, or those the options choose; results for the summary.
run_ctest() {
  local preset=$1 status=0
  shift
  mkdir -p "build/results/$preset-gtest"
  step "tests $preset"
  GTEST_OUTPUT="xml:$PWD/build/results/$preset-gtest/" ctest --test-dir "build/$preset" \
    --output-on-failure --no-tests=error -j2 --output-junit "$PWD/build/results/$preset.junit.xml" \
    "$@" || status=$?
  if ((status == 0)); then done_step "passed"; else done_step "FAILED"; fi
  return "$status"
}

# Prints what failed and what was skipped, and as its last line "N passed, N failed, N skipped".
summary() { python3 dev.d/summary.py build/results; }

# The console. Nothing is done when no file of web/ changed since the last time.
build_web() {
  [[ -f web/package.json ]] || return 0
  local stamp=build/stamps/web
  mkdir -p build/stamps
  step "console"
  if [[ -e $stamp && -d web/dist ]] && [[ -z $(newer_in_web "$stamp") ]]; then
    done_step "already here"
    return 0
  fi
  local began=build/stamps/web.began
  touch "$began"
  if [[ -x web/build.sh ]]; then
    web/build.sh || return 1
  else
    install_web && (cd web && npm run build) || return 1
  fi
  mv "$began" "$stamp"
  done_step "built"
}

newer_in_web() {
  find web api \( -name node_modules -o -name dist \) -prune -o \
    -type f ! -name '*.gen.ts' -newer "$1" -print -quit
}

install_web() {
  local stamp=build/stamps/npm
  [[ -e $stamp && -d web/node_modules && ! web/package-lock.json -nt $stamp ]] && return 0
  (cd web && npm ci --no-audit --no-fund) && mkdir -p build/stamps && touch "$stamp"
}

test_web() {
  [[ -f web/package.json ]] || return 0
  step "tests of the console"
  local status=0
  mkdir -p build/results
  if [[ -x web/test.sh ]]; then
    CAIRN_WEB_JUNIT=$PWD/build/results/web.xml web/test.sh || status=1
  else
    install_web && (cd web && npm test -- --reporter=default --reporter=junit \
      --outputFile.junit=../build/results/web.xml) || status=1
  fi
  if [[ ! -s build/results/web.xml ]]; then
    count_one web "$( ((status == 0)) && echo passed || echo failed)"
  fi
  if ((status == 0)); then done_step "passed"; else done_step "FAILED"; fi
  return "$status"
}

# Our own C++ sources, NUL-separated.
cpp_sources() {
  find src tests plugins cmake -type f \( -name '*.cpp' -o -name '*.hpp' \) -print0 2> /dev/null
}

# Where clang-tidy looks: the layers everything else stands on.
tidy_sources() {
  find src/base src/json src/model src/crypto src/core -name '*.cpp' ! -name '*_test.cpp' -print0
}
