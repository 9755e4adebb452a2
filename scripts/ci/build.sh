#!/usr/bin/env bash
# Builds the map, and sets as outputs of the step the exit status of the build (status) and whether there is a site to
# publish (deploy). Always succeeds, so that the cache is saved and the site published first; verdict.sh then ends the run
# with the status of the build. Takes SITE_URL, the address of the last map, if it is not that of GitHub Pages.
set -uo pipefail
# shellcheck source=scripts/ci/quietly.sh
. "${BASH_SOURCE[0]%/*}/quietly.sh"

log=$(mktemp) summary=$(mktemp)
build() {
  # A step of an action has no time limit of its own, and results must be saved before that of the job.
  quietly "$log" timeout --foreground --signal=INT --kill-after=300 18000 \
    spotmap-build build --out site --cache-dir .spotmap/cache --log plain --summary "$summary"
}

# If the cache has lost the last map, continue the published one, so that tracks keep their positions.
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
# If the published page is not a map that can be continued, which is known before the analysis, build without it. If the
# host does not answer (6), or something else is wrong, leave the published map: a new layout would move every track.
if [ -z "$published" ] || { [ "$status" = 2 ] && tail -n 2 "$log" | grep -q '^error: There is no map at '; }; then
  build
  status=$?
fi

if [ -s "$summary" ]; then
  cat "$summary"
else
  printf '## No new map\n\nThe build ended with status %s:\n\n' "$status"
  # Markdown shows indented text literally, but would end a line at a carriage return.
  tail -c 10000 "$log" | tail -n 5 | LC_ALL=C tr '\000-\011\013-\037\177' ' ' | sed 's/^/    /'
fi >>"$GITHUB_STEP_SUMMARY"
if [ -f site/spotmap-site.json ]; then
  printf '\nThe map changed last on %s.\n' "$(date -u -r site/spotmap-site.json +%F)" >>"$GITHUB_STEP_SUMMARY"
fi

deploy=false
case $status in
  # 3: tracks are missing. 4 and 6: a login or a service is missing, and the map was made of the available tracks.
  0 | 3 | 4 | 6) if [ -f site/index.html ] && [ -f site/spotmap-site.json ]; then deploy=true; fi ;;
esac
printf 'status=%s\ndeploy=%s\n' "$status" "$deploy" >>"$GITHUB_OUTPUT"
