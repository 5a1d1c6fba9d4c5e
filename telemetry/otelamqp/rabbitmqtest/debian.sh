#!/usr/bin/env bash
# Prints the folder of a Debian system that has RabbitMQ VERSION. Makes the system first if it is missing.
#
#   debian.sh VERSION      4.0 (of Debian trixie) or 4.3 (of Debian forky)
#
# The folder is $XDG_CACHE_HOME/traceria/rabbitmq-VERSION, by default under ~/.cache. Remove it to get a newer package.
# To make it takes one to three minutes, 300 MB, root (or sudo without a password), debootstrap, and the Debian mirror
# that apt is configured with. Progress and errors go to the standard error.
set -euo pipefail
umask 022

say() { echo "RabbitMQ ${version:-}: $*" >&2; }
die() { say "$@" && exit 1; }

version=${1:-}
case $version in
4.0) suite=trixie ;;
4.3) suite=forky ;;
*) die "debian.sh knows the versions 4.0 and 4.3" ;;
esac
cache=${XDG_CACHE_HOME:-${HOME:?"neither XDG_CACHE_HOME nor HOME is set"}/.cache}/traceria
system=$cache/rabbitmq-$version new=$cache/rabbitmq-$version.new
[ ! -d "$system" ] || { echo "$system" && exit; }

PATH=$PATH:/usr/sbin:/sbin
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
as_root true 2>/dev/null ||
  die "cannot make $system: debootstrap needs root. Run as root, allow sudo without a password, or use RABBITMQ=installed."
command -v debootstrap >/dev/null || die "cannot make $system: debootstrap is not installed. Run: apt-get install debootstrap"

# mirror prints the address of the first Debian archive that apt is configured with.
mirror() {
  # shellcheck disable=SC2016 # apt fills these in
  apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Identifier: Packages' | sed -n 's/^Debian Debian //p' | sed -n 1p
}

# make_system runs debootstrap in a mount namespace of its own: its mounts end with it. The script sid is named because an
# older debootstrap does not know the release. debootstrap checks the signature of the release, and not its age.
make_system() {
  local address
  address=$(mirror 2>/dev/null) || true
  [ -n "$address" ] || say "apt has no Debian mirror here (on Debian, run apt-get update): taking the one that debootstrap knows"
  eval "$(apt-config shell http_proxy Acquire::http::Proxy https_proxy Acquire::https::Proxy)"
  as_root env PATH="$PATH" http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" \
    unshare --mount debootstrap --variant=minbase --include=rabbitmq-server "$suite" "$new" "$address" sid 2>&1
}

# progress shows a line every 3 seconds.
progress() {
  local line told=-3
  while IFS= read -r line; do
    [ $((SECONDS - told)) -lt 3 ] || { told=$SECONDS && say "  $line"; }
  done
}

mkdir -p "$cache"
exec 9>"$system.lock"
flock --nonblock 9 || { say "waiting for another process that makes $system" && flock 9; }
if [ ! -d "$system" ]; then
  say "making $system from Debian $suite, once: one to three minutes, 300 MB"
  as_root rm -rf "$new"
  make_system | tee "$system.log" | progress || die "cannot make $system:"$'\n'"$(tail -n 10 "$system.log")"
  found=$(basename "$new"/usr/lib/rabbitmq/lib/rabbitmq_server-*)
  [[ $found == rabbitmq_server-$version.* ]] || die "cannot make $system: Debian $suite has $found now"
  as_root rm -rf "$new"/var/cache/apt "$new"/var/lib/apt/lists
  as_root mv "$new" "$system"
  say "made $system"
fi
echo "$system"
