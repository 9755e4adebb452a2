#!/usr/bin/env bash
# Builds the map and says, as outputs of the step, how the build ended (status) and whether there is a site to publish
# (deploy). Ends well whatever the build came to: the cache is to be saved and a site that was made is to be published
# first; verdict.sh then ends the run as it deserves. Takes SITE_URL, where the last map is published, if it is not where
# GitHub Pages puts it.
set -uo pipefail
# shellcheck source=scripts/ci/quietly.sh
. "${BASH_SOURCE[0]%/*}/quietly.sh"

log=$(mktemp) summary=$(mktemp)
build() {
  # A step of an action has no time limit of its own; what was done is to be saved before the job's is over.
  quietly "$log" timeout --foreground --signal=INT --kill-after=300 18000 \
    spotmap-build build --out site --cache-dir .spotmap/cache --log plain --summary "$summary"
}

# A map that the cache has lost is continued from where it is published, so that tracks stay where they were.
published=${SITE_URL:-}
if [ -z "$published" ] && [ -n "${GITHUB_REPOSITORY:-}" ]; then
  owner=${GITHUB_REPOSITORY%%/*} name=${GITHUB_REPOSITORY#*/}
  published=https://$owner.github.io/
  if [ "${name,,}" != "${owner,,}.github.io" ]; then published+=$name/; fi
fi
if [ -f site/spotmap-site.json ] || [ -n "${SPOTMAP_ANCHOR:-}" ] ||
  ! curl --fail --silent --location --max-time 60 --output /dev/null "${published%/}/spotmap-site.json"; then
  published=
fi
if [ -n "$published" ]; then
  SPOTMAP_ANCHOR=$published build
  status=$?
fi
# What is published there may be no map that can be continued: that is known before anything is listened to. Without an
# answer (6), or where something else is wrong, the published map stays as it is: laid out from scratch, every track would move.
if [ -z "$published" ] || { [ "$status" = 2 ] && tail -n 2 "$log" | grep -q '^error: There is no map at '; }; then
  build
  status=$?
fi

if [ -s "$summary" ]; then
  cat "$summary"
else
  printf '## No new map\n\nThe build ended with status %s:\n\n' "$status"
  # Indented, Markdown takes it as it is; a carriage return would end a line to it.
  tail -c 10000 "$log" | tail -n 5 | LC_ALL=C tr '\000-\011\013-\037\177' ' ' | sed 's/^/    /'
fi >>"$GITHUB_STEP_SUMMARY"
if [ -f site/spotmap-site.json ]; then
  printf '\nThe map changed last on %s.\n' "$(date -u -r site/spotmap-site.json +%F)" >>"$GITHUB_STEP_SUMMARY"
fi

deploy=false
case $status in
  # 3: tracks are missing. 4 and 6: a login or a service is missing, and the map was made of what was there.
  0 | 3 | 4 | 6) if [ -f site/index.html ] && [ -f site/spotmap-site.json ]; then deploy=true; fi ;;
esac
printf 'status=%s\ndeploy=%s\n' "$status" "$deploy" >>"$GITHUB_OUTPUT"
