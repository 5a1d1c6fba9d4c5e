#!/usr/bin/env bash
# Installs Debian packages. Their services are not started, now or at the next boot: they would take our ports.
#
#   install.sh PACKAGE...
#
# One file at the top because make up and the tests install with it.
set -euo pipefail
cd "$(dirname "$0")"

say() { printf '%s\n' "$*"; }
die() { say "$*" >&2 && exit 1; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
may_be_root() { [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; }; }

command -v apt-get >/dev/null || die "Please install $* with your system's package manager, then try again."
may_be_root || die "$* must be installed, which needs root. Please run as root, then try again:
  apt-get install --no-install-recommends $*"
[ "$(id -u)" = 0 ] || sudo -v || die "sudo refused."

log=.run/log/install.log
mkdir -p .run/log
: >"$log"
interrupted=''
trap 'interrupted=1; say "interrupted; finishing the installation first, because it must not be cut off"' INT TERM HUP

told=$SECONDS
# apt_get shows the end of its log every 3 s. It is a session of its own, where Ctrl-C does not reach dpkg.
apt_get() {
  [ -z "$interrupted" ] || return 1
  # shellcheck disable=SC2016 # sh expands it
  as_root sh -c 'trap "" INT TERM HUP; exec setsid -w env DEBIAN_FRONTEND=noninteractive apt-get "$@"' sh \
    -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 -o Acquire::Retries=1 -o Acquire::http::Timeout=10 -o Acquire::https::Timeout=10 \
    "$@" >>"$log" 2>&1 </dev/null &
  while kill -0 $! 2>/dev/null; do
    sleep 0.2 || true
    [ $((SECONDS - told)) -lt 3 ] || { told=$SECONDS && say "  $(tail -n 1 "$log" | cut -c 1-100)"; }
  done
  wait $!
}

policy=/usr/sbin/policy-rc.d
mark="Made by traceria's install.sh"
unlock_services() { if grep -qs "$mark" "$policy"; then as_root rm -f "$policy"; fi; }
trap unlock_services EXIT
[ -e "$policy" ] || {
  printf '#!/bin/sh\n# %s: services do not start while it installs.\nexit 101\n' "$mark" | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
}

say "installing $*"
install() { apt_get install --no-install-recommends "$@"; }
# apt-get waits for the lock of dpkg, but not for that of the lists.
update() {
  local end=$((SECONDS + 120))
  until apt_get update; do
    tail -n 2 "$log" | grep -q 'lists/' && [ -z "$interrupted" ] && [ "$SECONDS" -lt "$end" ] || return 1
    sleep 1 || true
  done
}
failed=''
# The lists of packages may be old, or missing.
install "$@" || { update && install "$@"; } || failed=1
[ -z "$interrupted" ] || exit 130
[ -z "$failed" ] || { tail -n 4 "$log" >&2 && die "Could not install $*; see $log."; }
for package in "$@"; do
  case $package in
  rabbitmq-server | postgresql | prometheus) [ ! -d /run/systemd/system ] || as_root systemctl disable --quiet "$package" || true ;;
  esac
done
