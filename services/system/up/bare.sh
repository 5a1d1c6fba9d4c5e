#!/usr/bin/env bash
# Tries make up from nothing, as the README says it, in a bare Debian: only git, make, sudo, the certificates and Go are there.
# It prints each line with its second, places an order, reads its trace, and ends the system. It needs root, debootstrap,
# overlayfs, a network and the free ports of Traceria. The bare systems stay in ~/.cache/traceria for the next time.
#
#   services/system/up/bare.sh [SUITE USER]      bookworm or trixie, as root or as guest, which may use sudo; without: all four
#
# The folder of TRACERIA_JAEGER_RELEASE_URL=file:///... is there as well.
set -euo pipefail
cd "$(dirname "$0")/../../.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/traceria

# prepare makes the bare system of a suite once.
prepare() {
  local root=$cache/bare-$1
  [ ! -d "$root" ] || return 0
  echo "making a bare Debian $1 in $root"
  rm -rf --one-file-system "$root.part"
  debootstrap --variant=minbase --include=git,make,sudo,ca-certificates "$1" "$root.part" >"$cache/bare-$1.log" 2>&1 ||
    { tail -n 5 "$cache/bare-$1.log" >&2 && exit 1; }
  mv "$root.part" "$root"
}

# enter builds the system from layers, so that nothing is left in the bare one, and runs journey in it. It is a namespace of its own.
enter() { # SUITE USER
  local root=/mnt layers=$cache/bare-layers release=${TRACERIA_JAEGER_RELEASE_URL-none}
  mkdir -p "$layers"
  mount -t tmpfs tmpfs "$layers"
  mkdir "$layers/new" "$layers/work"
  mount -t overlay overlay -o "lowerdir=$cache/bare-$1,upperdir=$layers/new,workdir=$layers/work" $root
  mkdir -p $root/usr/local/go
  mount --bind "$(go env GOROOT)" $root/usr/local/go
  mount --rbind /dev $root/dev
  mount -t proc proc $root/proc
  case $release in file://*) mkdir -p "$root${release#file://}" && mount --bind "${release#file://}" "$root${release#file://}" ;; esac
  hostname bare
  printf '127.0.0.1 localhost bare\n' >$root/etc/hosts
  cp /etc/resolv.conf /etc/ssl/certs/ca-certificates.crt $root/etc/
  mv $root/etc/ca-certificates.crt $root/etc/ssl/certs/
  git bundle create --quiet $root/traceria.bundle HEAD
  declare -f journey >$root/journey.sh
  if [ "$2" = root ]; then
    set -- env HOME=/root
  else
    chroot $root useradd --create-home --shell /bin/bash "$2"
    echo "$2 ALL=(ALL) NOPASSWD: ALL" >$root/etc/sudoers.d/bare
    set -- setpriv --reuid "$2" --regid "$2" --init-groups env "HOME=/home/$2"
  fi
  [ "$release" = none ] || set -- "$@" "TRACERIA_JAEGER_RELEASE_URL=$release"
  exec chroot $root env -i PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    "$@" bash -euo pipefail -c '. /journey.sh; journey'
}

# journey is what a user types.
journey() {
  local order
  cd
  git -c advice.detachedHead=false -c init.defaultBranch=main clone --quiet /traceria.bundle traceria
  cd traceria
  SECONDS=0
  {
    make up
    bin/traceria buy --wait | tee /tmp/order
    order=$(grep -oE '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' /tmp/order | head -n 1)
    bin/traceria trace "$order" >/tmp/trace
    head -n 1 /tmp/trace
    make down
  } 2>&1 | while IFS= read -r line; do printf '%4d s  %s\n' "$SECONDS" "$line"; done
}

case ${1:-} in
'') for suite in bookworm trixie; do for user in root guest; do "$0" "$suite" "$user"; done; done ;;
enter) enter "$2" "$3" ;;
*)
  mkdir -p "$cache"
  prepare "$1"
  echo "== make up from nothing on Debian $1 as $2"
  PATH=$PATH:/usr/sbin:/sbin unshare --mount --pid --fork --kill-child --uts "$0" enter "$1" "$2"
  ;;
esac
