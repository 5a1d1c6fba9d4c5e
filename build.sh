#!/usr/bin/env bash
# go build with progress. It replaces the output only by a whole program, and may run twice at once.
#
#   build.sh OUTPUT PACKAGE [BUILD FLAG...]      in the folder of the module
#
# One file at the top because make and collector/jaeger.sh build everything with it.
set -euo pipefail

output=$1 package=$2
shift 2
name=$(basename "$output") folder=$(dirname "$output")
say() { printf '%s: %s\n' "$name" "$*"; }

case $(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null || true) in
'') say "Go is not installed. go.mod says which version is needed; see https://go.dev/dl/" >&2 && exit 1 ;;
go1.[0-9] | go1.[0-9].* | go1.1[0-9]* | go1.20*) say "$(go version) is too old. go.mod says which version is needed." >&2 && exit 1 ;;
esac
# One setting for all programs: they share what is built of the standard library, and no C compiler is needed.
export CGO_ENABLED=0

mkdir -p "$folder"
if command -v flock >/dev/null; then
  exec 9>"$folder/.$name.lock"
  flock -n 9 || { say "another build is under way; waiting for it" && flock 9; }
fi

# every runs a command every 2 s until it is killed. No sleep that is left over keeps a pipe open.
every() { while sleep 2 >/dev/null 2>&1; do "$@"; done; }
part=$folder/.$name.$$
trap 'kill $(jobs -p) 2>/dev/null || true; rm -f "$part" "$part".*' EXIT

# Which packages are neither built nor in the cache? The answer needs the modules, so this downloads them.
fetched() { say "fetching modules, $(grep -c '^go: downloading' "$part.log") so far"; }
every fetched 9>&- &
go list -deps -f '{{if .Stale}}{{.StaleReason}}{{end}}' "$@" "$package" >"$part.stale" 2>"$part.log" ||
  { grep -v '^go: downloading' "$part.log" | head -n 8 >&2; exit 1; }
kill $!
total=$(grep -cvxF -e '' -e 'not installed but available in build cache' "$part.stale") || true
[ "$total" -lt 20 ] || say "$total packages to build"

# follow counts the packages that go build -v prints. Any other line is for the reader.
follow() {
  local count=0 line
  while IFS= read -r line; do
    case $line in
    tick) if [ "$count" -lt "$total" ]; then say "$count of $total package$([ "$total" = 1 ] || echo s)"; else say "linking"; fi ;;
    *[[:space:]:]* | '#'*) printf '%s\n' "$line" >&2 ;;
    *) count=$((count + 1)) ;;
    esac
  done
}
{
  every echo tick &
  trap 'kill $! 2>/dev/null || true' EXIT
  go build -v -o "$part" "$@" "$package"
} 2>&1 9>&- | follow

# A running program keeps its file, and the file's time says when the program last changed.
cmp -s "$part" "$output" || mv "$part" "$output"
