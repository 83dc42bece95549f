#!/bin/sh
# Screenshots of every screen against the real server: shots.sh [FOLDER] [options of shots.mjs]
set -eu
folder=${1:-shots}
[ "$#" -eq 0 ] || shift
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
web=$(cd "$(dirname "$0")" && pwd)
[ -f "$web/dist/index.html" ] || "$web/build.sh"
exec "$web/build.sh" with node shots.mjs --to "$folder" "$@"
