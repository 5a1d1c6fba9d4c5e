// Package up tests the scripts behind make up: collector/jaeger.sh, build.sh and up.sh. Each test works on a copy of them.
package up
