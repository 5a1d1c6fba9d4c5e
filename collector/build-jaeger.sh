#!/usr/bin/env bash
# Makes sure that there is a Jaeger: the one on PATH if there is one, else bin/jaeger, built once from the
# module in this folder. That takes about five minutes on two cores; later it is a matter of milliseconds.
#
#   collector/build-jaeger.sh [--path]     --path: print where it is and nothing else; fail when there is none
#
# The binary is also an OpenTelemetry Collector, and serves as both.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
built=$here/../bin/jaeger
on_path=$(command -v jaeger || true)

if [ "${1:-}" = --path ]; then
  if [ -n "$on_path" ]; then
    echo "$on_path"
  elif [ -x "$built" ]; then
    (cd "$here/../bin" && echo "$PWD/jaeger")
  else
    exit 1
  fi
  exit
fi
if [ -n "$on_path" ]; then
  echo "jaeger: using $on_path, found on PATH"
  exit
fi
if [ ! -x "$built" ] || [ "$here/go.mod" -nt "$built" ] || [ "$here/go.sum" -nt "$built" ]; then
  echo "jaeger: building it from source, once; this takes about five minutes on two cores"
  cd "$here"
  nice ../build.sh ../bin/jaeger github.com/jaegertracing/jaeger/cmd/jaeger -ldflags='-s -w'
  touch ../bin/jaeger
fi
echo "jaeger: bin/jaeger has Jaeger's whole API but not its web pages; \`traceria trace\` shows the traces"
