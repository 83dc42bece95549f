# The Debian packages Cairn needs: the one list. Sourced by ../dev.

declare -A PACKAGES=(
  # The server. Node and npm are looked for as commands below: their packages have many makers.
  [build]="clang-19 lld-19 llvm-19 libclang-rt-19-dev clang-format-19 cmake ninja-build ccache
           pkgconf ca-certificates curl python3 tzdata libfmt-dev libssl-dev libyaml-cpp-dev
           zlib1g-dev libzstd-dev libjemalloc-dev libsimdjson-dev libvalijson-dev
           nlohmann-json3-dev libcli11-dev libhowardhinnant-date-dev libcurl4-openssl-dev"
  [test]="clang-tidy-19 libgtest-dev librapidcheck-dev python3-venv"
  [bench]="wrk nginx-light redis-server redis-tools postgresql postgresql-contrib libpq-dev
           libhiredis-dev valgrind util-linux"
  [browser]="chromium fonts-noto-cjk"
)

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo > /dev/null; then
    sudo "$@"
  else
    die "this step needs root: run it as root, install sudo, or have an administrator run: $*"
  fi
}

need_debian() {
  local id='' version=''
  if [[ -r /etc/os-release ]]; then
    id=$(. /etc/os-release && echo "${ID:-}")
    version=$(. /etc/os-release && echo "${VERSION_ID:-}")
  fi
  [[ $id == debian && ($version == 12 || $version == 13) ]] ||
    die "Cairn is built on Debian 12 or 13; this is ${id:-an unknown system} ${version:-}." \
      "Use such a machine, a container (docker run -it -v \"\$PWD:/cairn\" -w /cairn debian:13)," \
      "or WSL."
}

# missing_packages GROUP…: those not installed, one per line.
missing_packages() {
  local group wanted=()
  for group in "$@"; do wanted+=(${PACKAGES[$group]}); done
  # dpkg-query prints nothing for packages it has never heard of.
  comm -23 <(printf '%s\n' "${wanted[@]}" | sort -u) \
    <(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "${wanted[@]}" 2> /dev/null |
      awk '$1 == "ii" { print $2 }' | sort -u)
}

# need_packages GROUP…: installs what is missing, and nothing else; no network when all is there.
need_packages() {
  need_debian
  local missing
  step "packages ($*)"
  mapfile -t missing < <(missing_packages "$@")
  if [[ " $* " == *" build "* ]]; then
    command -v node > /dev/null || missing+=(nodejs)
    command -v npm > /dev/null || missing+=(npm)
  fi
  if ((${#missing[@]} == 0)); then
    done_step "already here"
    return
  fi
  echo "  installing: ${missing[*]}"
  as_root apt-get -q update
  # Without this, Debian starts PostgreSQL, Redis and nginx as services; the benchmarks start their
  # own on ports of their own.
  local policy=/usr/sbin/policy-rc.d guard=0
  if [[ " $* " == *" bench "* && ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" > /dev/null
    as_root chmod 755 "$policy"
    guard=1
  fi
  local status=0
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -q -y --no-install-recommends install "${missing[@]}" || status=$?
  ((guard)) && as_root rm -f "$policy"
  ((status == 0)) || die "apt-get could not install: ${missing[*]}"
  done_step "installed ${#missing[@]}"
}

newest_postgres() {
  local program=$1
  shift
  "$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)/$program" "$@"
}
