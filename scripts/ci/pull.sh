#!/usr/bin/env bash
# Loads results that were analyzed at home from the store into the cache. Takes STORE, its address, and GITHUB_TOKEN,
# which may read this repository. If that fails, a warning says so, and the build continues without them.
set -uo pipefail
# shellcheck source=scripts/ci/quietly.sh
. "${BASH_SOURCE[0]%/*}/quietly.sh"

if [ -n "${GITHUB_TOKEN:-}" ]; then # for git, and for this server only
  login=$(printf 'x-access-token:%s' "$GITHUB_TOKEN" | base64 | tr -d '\n')
  export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="http.$GITHUB_SERVER_URL/.extraheader"
  export GIT_CONFIG_VALUE_0="AUTHORIZATION: basic $login"
  unset GITHUB_TOKEN
fi
log=$(mktemp)
if ! quietly "$log" timeout --foreground 1800 spotmap-build store pull "$STORE" --cache-dir .spotmap/cache; then
  echo "::warning::Results that were analyzed at home could not be loaded, or not all of them. The output of this step says why."
fi
