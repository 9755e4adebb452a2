#!/bin/sh
# Make sure that the browser tests find a Chromium: the system's own, else the distribution's package, else Playwright's.
set -eu
for name in chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable; do
  if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if command -v apt-get >/dev/null 2>&1; then
  as_root=""
  [ "$(id -u)" = 0 ] || as_root="sudo -n"
  if $as_root true 2>/dev/null; then
    echo "Installing Chromium from the distribution's packages ..."
    $as_root apt-get update -qq || true
    for package in chromium-headless-shell chromium; do
      DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq "$package" >/dev/null 2>&1 && exit 0
    done
  fi
fi
echo "Installing Playwright's Chromium ..."
playwright install --only-shell chromium || {
  echo "No Chromium could be installed. Install one (package 'chromium') and run the command again." >&2
  exit 1
}
