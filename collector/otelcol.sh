#!/usr/bin/env bash
# Builds bin/otelcol, the Collector that sampling.yaml, tier1.yaml and tier2.yaml need outside Docker: once, in some minutes.
# make build-otelcol and make up with TRACERIA_COLLECTOR=sampling call it.
set -euo pipefail

cd "$(dirname "$0")/otelcol"
binary=../../bin/otelcol
if [ -x $binary ] && [ -z "$(find . -type f -newer $binary)" ]; then
  echo "otelcol: using bin/otelcol"
  exit
fi
echo "otelcol: building it from source, once; this takes some minutes on two cores"
nice ../../build.sh $binary . -ldflags='-s -w'
touch $binary
