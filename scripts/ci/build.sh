#!/usr/bin/env bash
# Builds the map and says, as outputs of the step, how the build ended (status) and whether there is a site to publish
# (deploy). Ends well whatever the build came to: the cache is to be saved and a site that was made is to be published
# first; verdict.sh then ends the run as it deserves.
set -uo pipefail

. "${BASH_SOURCE[0]%/*}/quietly.sh"

log=$(mktemp) summary=$(mktemp)
quietly "$log" spotmap-build build --out site --cache-dir .spotmap/cache --log plain --summary "$summary"
status=$?

if [ -s "$summary" ]; then
  cat "$summary"
else
  printf '## No new map\n\nThe build ended with status %s:\n\n' "$status"
  # Indented, Markdown takes it as it is; a carriage return would end a line to it.
  tail -c 10000 "$log" | tail -n 5 | LC_ALL=C tr '\000-\011\013-\037\177' ' ' | sed 's/^/    /'
fi >>"$GITHUB_STEP_SUMMARY"

deploy=false
case $status in
  # 3: tracks are missing. 4 and 6: a login or a service is missing, and the map was made of what was there.
  0 | 3 | 4 | 6) if [ -f site/index.html ] && [ -f site/spotmap-site.json ]; then deploy=true; fi ;;
esac
printf 'status=%s\ndeploy=%s\n' "$status" "$deploy" >>"$GITHUB_OUTPUT"
