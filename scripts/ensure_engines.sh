#!/bin/sh
# Install Firefox, WebKit and nginx for the browser tests from Debian's packages; tests of missing ones are skipped.
# The first argument is the folder for nginx.
set -eu
skipped() { echo "Not installed here: $1. The tests that need it will be skipped." >&2; }

# Unpacked, not installed: that would start a web server on this machine.
fetch_nginx() {
  command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1 || return 1
  unpacked=$(mktemp -d)
  (cd "$unpacked" && apt-get download -qq nginx 2>/dev/null && dpkg-deb --extract nginx_*.deb . \
    && ./usr/sbin/nginx -v 2>/dev/null) && cp "$unpacked/usr/sbin/nginx" "$1/"
  found=$?
  rm -r "$unpacked"
  return "$found"
}

missing=""
command -v firefox-esr >/dev/null 2>&1 || command -v firefox >/dev/null 2>&1 || missing="$missing firefox-esr"
command -v WebKitWebDriver >/dev/null 2>&1 || missing="$missing webkit2gtk-driver"
command -v Xvfb >/dev/null 2>&1 || missing="$missing xvfb"
as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo -n"
if [ -n "$missing" ] && command -v apt-get >/dev/null 2>&1 && $as_root true 2>/dev/null; then
  echo "Installing$missing from the distribution's packages ..."
  $as_root apt-get update -qq || true
  for package in $missing; do
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends "$package" >/dev/null \
      || skipped "$package"
  done
elif [ -n "$missing" ]; then
  skipped "${missing# }"
fi
PATH="$1:$PATH:/usr/sbin:/usr/local/sbin"
command -v nginx >/dev/null 2>&1 || fetch_nginx "$1" || skipped nginx
