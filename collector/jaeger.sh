#!/usr/bin/env bash
# Provides jaeger, a program that serves as Jaeger and as the OpenTelemetry Collector. In this order:
# the jaeger on PATH; the release below, downloaded into bin; a build of the module in this folder, which lacks the web pages.
#
#   collector/jaeger.sh              provide it, and print which one it is
#   collector/jaeger.sh --download   the same, but fail instead of building
#   collector/jaeger.sh --path       print its path; fail when there is none yet
#
# TRACERIA_JAEGER_RELEASE_URL is the address of the folder with the release's files. If it is empty, nothing is downloaded.
set -euo pipefail

version=2.20.0
release=${TRACERIA_JAEGER_RELEASE_URL-https://github.com/jaegertracing/jaeger/releases/download/v$version}

cd "$(dirname "$0")"
module=$PWD
mkdir -p ../bin
cd ../bin

say() { printf 'jaeger: %s\n' "$*"; }

# The release's name for this machine, for example jaeger-2.20.0-linux-amd64.
machine=$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
name=jaeger-$version-$machine

# bin/jaeger is a link to the release, or the built program itself.
downloaded() { [ "$(readlink jaeger)" = "$name" ] && [ -x "$name" ]; }
built() {
  case $(readlink jaeger) in jaeger-*) return 1 ;; esac # a release of another version
  [ -x jaeger ] && [ ! "$module/go.mod" -nt jaeger ] && [ ! "$module/go.sum" -nt jaeger ]
}

# get downloads a file and prints the progress, of the whole if the server says how much that is. It gives up after 5 s without a connection and after 8 s at less than 20 kB/s.
get() { # URL FILE
  local told=$SECONDS total
  curl --fail --silent --show-error --location --proto-redir =https --connect-timeout 5 --speed-time 8 --speed-limit 20000 \
    --dump-header "$2.headers" --output "$2" "$1" 9>&- &
  while sleep 0.1 && kill -0 $! 2>/dev/null; do
    [ $((SECONDS - told)) -ge 3 ] || continue
    told=$SECONDS
    total=$(sed -n 's/^[Cc]ontent-[Ll]ength: *\([0-9]*\).*/\1/p' "$2.headers" 2>/dev/null | tail -n 1)
    say "$(($(wc -c 2>/dev/null <"$2" || echo 0) / 1000000)) ${total:+of $((total / 1000000)) }MB"
  done
  wait $!
}

sha256() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1; }

# download puts the release's program into bin once its checksum is the published one. Until then it cannot be executed.
download() {
  local part=.jaeger-download want got
  case $machine in
  linux-amd64 | linux-arm64 | darwin-amd64 | darwin-arm64) ;;
  *) say "there is no release for $machine" && return 1 ;;
  esac
  command -v curl >/dev/null || { say "curl is not installed, so the release cannot be downloaded" && return 1; }
  rm -rf "$part" && mkdir "$part" || return 1
  say "downloading $release/$name.tar.gz"
  if ! get "$release/$name.sha256sum.txt" "$part/checksums" || ! get "$release/$name.tar.gz" "$part/archive"; then
    say "the release cannot be downloaded"
    return 1
  fi
  tar -xzOf "$part/archive" "$name/jaeger" >"$part/jaeger" || { say "the downloaded archive is damaged" && return 1; }
  want=$(sed -n "s|^\([0-9a-f]\{64\}\) [ *]$name/jaeger\$|\1|p" "$part/checksums")
  got=$(sha256 <"$part/jaeger")
  [ "$got" = "$want" ] || { say "REFUSED: the downloaded program has the SHA-256 checksum $got, the release publishes ${want:-none}" && return 1; }
  chmod 755 "$part/jaeger" && mv -f "$part/jaeger" "$name" && ln -sfn "$name" jaeger || return 1
  say "downloaded Jaeger $version with its web pages; the checksum is right"
}

build() {
  say "building it from source, once; this takes about five minutes on two cores"
  (cd "$module" && nice ../build.sh ../bin/jaeger github.com/jaegertracing/jaeger/cmd/jaeger -ldflags='-s -w')
  touch jaeger
}

# lock makes a second process wait for the download of the first.
lock() {
  command -v flock >/dev/null || return 0
  exec 9>.jaeger-download.lock
  flock -n 9 || { say "another download is under way; waiting for it" && flock 9; }
}

provide() {
  lock
  trap 'exit 130' INT TERM HUP
  trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf .jaeger-download' EXIT
  if downloaded; then say "using the downloaded release, Jaeger $version" && return; fi
  if ! built; then
    if [ -n "$release" ] && download; then return; fi
    [ "$1" != --download ] || return 1
    exec 9>&-
    build
  fi
  say "bin/jaeger was built from source and has no web pages; remove it to try the download again"
}

on_path=$(command -v jaeger || true)
case ${1:-}:$on_path in
--path:) [ -x jaeger ] && echo "$PWD/jaeger" ;;
--path:*) echo "$on_path" ;;
*:) provide "${1:-}" ;;
*) say "using $on_path, found on PATH" ;;
esac
