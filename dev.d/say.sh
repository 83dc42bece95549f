# How steps are announced and timed. Sourced by ../dev and ../.ci/run.

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
  readonly BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' YELLOW=$'\e[33m' PLAIN=$'\e[0m'
else
  readonly BOLD='' DIM='' RED='' YELLOW='' PLAIN=''
fi

say() { printf '%s▸ %s%s\n' "$BOLD" "$*" "$PLAIN"; }
warn() { printf '%s! %s%s\n' "$YELLOW" "$*" "$PLAIN" >&2; }
die() {
  printf '%s✗ %s%s\n' "$RED" "$*" "$PLAIN" >&2
  exit 1
}

step_name=''
step_began=''

# step NAME: announces it. done_step WHAT: says what became of it and how long it took.
step() {
  step_name=$*
  step_began=$EPOCHREALTIME
  say "$step_name …"
}
done_step() {
  local us=$((${EPOCHREALTIME/[.,]/} - ${step_began/[.,]/}))
  printf '%s  %s: %s (%d.%d s)%s\n' "$DIM" "$step_name" "$*" \
    $((us / 1000000)) $((us / 100000 % 10)) "$PLAIN"
}
