#!/usr/bin/env bash
# Gives the module another path: make module NAME=github.com/you/traceria. Its own path cannot be fetched.
#
# One file at the top because it rewrites all folders: go.mod, imports, the linter's settings, build flags, pages.
set -euo pipefail
cd "$(dirname "$0")"

die() {
  printf 'module: %s\n' "$*" >&2
  exit 2
}

name=${1:-}
[ -n "$name" ] || die "no name; want for example: make module NAME=github.com/you/traceria"
[[ $name =~ ^[a-z0-9]([a-z0-9.-]*[a-z0-9])?\.[a-z]+(/[A-Za-z0-9._~-]+)+$ ]] ||
  die "cannot use \"$name\": want HOST/PATH with a dot in HOST, for example github.com/you/traceria"
# Go's own rules, on a file of its own: nothing is changed when they refuse the name.
try=$(mktemp -d)
trap 'rm -rf "$try"' EXIT
printf 'module x\n' >"$try/go.mod"
refused=$(go mod edit -module="$name" "$try/go.mod" 2>&1) || die "cannot use \"$name\": ${refused#*: }"

old=$(sed -n 's/^module //p' go.mod)
if [ "$old" = "$name" ]; then
  echo "module: the path is $name already"
  exit
fi
from=${old//./\\.}
# A path, not a folder that ends with it (/etc/traceria/collector.yaml), and the three settings of the linter.
path="(^|[^A-Za-z0-9_./-])$from/(services|telemetry|collector|dashboards)"
setting="(pkg: |local-prefixes: \[|module-path: )$from([],} ]|\$)"

# A nested module's requirement and replacement of this one.
nested="^((require|replace)?[[:space:]]+)$from( v0\.0\.0| =>)"

list() { grep -rlIE --exclude-dir={.git,bin,.run,node_modules} --exclude=module.sh -e "^module $from(/|\$)" -e "$path" -e "$setting" -e "$nested" .; }
files=$(list) || die "no file names the module $old"
printf '%s\n' "$files" | tr '\n' '\0' | xargs -0 sed -i -E \
  -e "s#^module $from(/|\$)#module $name\1#" -e "s#$path#\1$name/\2#g" -e "s#$setting#\1$name\2#g" -e "s#$nested#\1$name\3#"
! left=$(list) || die "still named $old: $left"
echo "module: $old is $name now, in $(printf '%s\n' "$files" | wc -l) files; next: make build lint"
