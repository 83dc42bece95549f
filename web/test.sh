#!/bin/sh
# The console's tests: types, components, and the journeys of tests/e2e where the server is built.
# CAIRN_WEB_JUNIT names a file for the results of the first; those of the journeys lie beside it.
set -eu
cd "$(dirname "$0")"
status=0
set --
if [ -n "${CAIRN_WEB_JUNIT:-}" ]; then
  set -- --reporter=default --reporter=junit --outputFile.junit="$CAIRN_WEB_JUNIT"
  CAIRN_E2E_JUNIT=$(dirname "$CAIRN_WEB_JUNIT")/e2e.xml
  export CAIRN_E2E_JUNIT
fi
./build.sh test "$@" || status=1
if [ -n "${CAIRN_JOURNEYS:-}" ]; then
  ../tests/e2e/run.sh || status=1
else
  echo "  skipped: journeys through a browser; ./dev journeys runs them"
fi
exit "$status"
