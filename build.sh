#!/usr/bin/env bash
# go build for people who wait: says how far it is, never leaves half a binary, and is safe when run twice at once.
#
#   build.sh OUTPUT PACKAGE [BUILD FLAG...]      in the folder of the module
#
# One file at the top because make, and collector/jaeger.sh, build everything with it.
set -euo pipefail

output=$1 package=$2
shift 2
name=$(basename "$output")
command -v go >/dev/null || {
  echo "$name: Go is not installed; go.mod says which version is needed (https://go.dev/dl/)" >&2
  exit 1
}
mkdir -p "$(dirname "$output")"
exec 9>"$(dirname "$output")/.$name.lock"
if ! flock -n 9; then
  echo "$name: another build is under way; waiting for it" >&2
  flock 9
fi

# How many packages are neither built nor in the cache. Fetching modules comes first and is silent otherwise.
total=$(go list -deps -f '{{if .Stale}}{{.StaleReason}}{{end}}' "$@" "$package" | grep -cvxF -e '' -e 'not installed but available in build cache') || true
[ "${total:-0}" -lt 20 ] || echo "$name: $total packages to build"

count=0 told=0
progress() {
  count=$((count + 1))
  [ "$total" -ge 20 ] || return 0
  if [ -t 1 ]; then
    printf '\r%s: %d of %d packages ' "$name" "$count" "$total"
    [ "$count" -lt "$total" ] || echo
  elif [ $((count * 20 / total)) -gt "$told" ]; then # every 5 percent
    told=$((count * 20 / total))
    echo "$name: $count of $total packages"
  fi
}

# Renamed into place when whole and new: a running binary is not touched, a cut-off build leaves the old one, and
# the time of the file says when the program last changed.
part="$(dirname "$output")/.$name.$$"
trap 'rm -f "$part"' EXIT
go build -v -o "$part" "$@" "$package" 2>&1 9>&- | while IFS= read -r line; do
  case $line in
  *[[:space:]:]* | '#'*) printf '%s\n' "$line" >&2 ;; # what is not a package's path is for the reader
  *) progress ;;
  esac
done
cmp -s "$part" "$output" || mv "$part" "$output"
