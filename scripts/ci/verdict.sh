#!/usr/bin/env bash
# Ends the run with the status of the build, and a sentence for the owner of the map. Takes STATUS from build.sh.
set -euo pipefail

STATUS=${STATUS//[!0-9]/}
case $STATUS in
  0) ;;
  3) echo "::warning::The map was published, but more tracks are missing from it than max_failures allows." ;;
  4)
    echo "::error::Spotify wants you to log in again. At home: spotmap-build login, then spotmap-build login" \
      "--print-ci-secret. Put the line it prints into this repository's secret SPOTMAP_SPOTIFY_LOGIN, and run this again."
    exit 4
    ;;
  6)
    echo "::error::A service did not provide what the build needs; the summary says which. The next scheduled run tries" \
      "again; you can also run this workflow again tomorrow."
    exit 6
    ;;
  *)
    echo "::error::The map was not built (status ${STATUS:-unknown}); the step 'Build the map' says why." \
      "The published map is unchanged."
    exit 1
    ;;
esac
