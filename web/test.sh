#!/bin/sh
# The console's tests: types, components, and the journeys of tests/e2e where the server is built.
# CAIRN_WEB_JUNIT names a file for the results of the first; those of the journeys lie beside it.
set -eu
cd "$(dirname "$0")"
status=0
if [ -n "${CAIRN_WEB_JUNIT:-}" ]; then
  ./build.sh test --reporter=default --reporter=junit --outputFile.junit="$CAIRN_WEB_JUNIT" || status=1
else
  ./build.sh test || status=1
fi
if [ -x ../tests/e2e/run.sh ]; then
  CAIRN_E2E_JUNIT=${CAIRN_WEB_JUNIT:+$(dirname "$CAIRN_WEB_JUNIT")/e2e.xml} ../tests/e2e/run.sh || status=1
fi
exit "$status"
