#!/bin/sh
# How fast the console is with many orders: measure.sh [FILE [ORDERS]]
# A file gets the figures as a table.
set -eu
web=$(cd "$(dirname "$0")" && pwd)
[ -f "$web/dist/index.html" ] || "$web/build.sh"
if [ "$#" -gt 0 ]; then
  to=$(realpath "$1")
  shift
  set -- "$to" "$@"
fi
exec "$web/build.sh" with node ../tests/e2e/measure.mjs "$@"
