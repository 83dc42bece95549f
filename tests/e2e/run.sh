#!/bin/sh
# Journeys through the console in a real browser against the real server. Options go to the test
# runner: run.sh --test-name-pattern=partial
#   CAIRN            the server's binary (build/release/src/app/cairn)
#   CHROMIUM         the browser (/usr/bin/chromium)
#   CAIRN_E2E_JUNIT  a file for the results
#   CAIRN_E2E_FILES  which journeys (all)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
web=$here/../../web
[ -f "$web/dist/index.html" ] || "$web/build.sh"
set -- --test --test-concurrency=1 --test-timeout=600000 --test-reporter=spec \
  --test-reporter-destination=stdout "$@"
if [ -n "${CAIRN_E2E_JUNIT:-}" ]; then
  set -- "$@" --test-reporter=junit --test-reporter-destination="$CAIRN_E2E_JUNIT"
fi
# shellcheck disable=SC2086 # several files, none with blanks
exec "$web/build.sh" with node "$@" ${CAIRN_E2E_FILES:-"$here"/*.test.mjs}
