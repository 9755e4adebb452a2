#!/bin/sh
# Firefox and WebKit for the browser tests, from Debian's packages. Where they cannot be had, those tests are skipped.
set -eu
missing=""
command -v firefox-esr >/dev/null 2>&1 || command -v firefox >/dev/null 2>&1 || missing="$missing firefox-esr"
command -v WebKitWebDriver >/dev/null 2>&1 || missing="$missing webkit2gtk-driver"
command -v Xvfb >/dev/null 2>&1 || missing="$missing xvfb"
[ -n "$missing" ] || exit 0
if command -v apt-get >/dev/null 2>&1; then
  as_root=""
  [ "$(id -u)" = 0 ] || as_root="sudo -n"
  if $as_root true 2>/dev/null; then
    echo "Installing$missing from the distribution's packages ..."
    $as_root apt-get update -qq || true
    for package in $missing; do
      DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends "$package" >/dev/null \
        || echo "$package could not be installed; the tests that need it will be skipped." >&2
    done
    exit 0
  fi
fi
echo "Not installed here:$missing. The tests that need them will be skipped." >&2
