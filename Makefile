# The commands of the house. make help lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# Of go test: two packages at once is as much as two cores carry beside a broker and a Jaeger.
TEST_FLAGS ?= -race -timeout 40m -p 2

.PHONY: help
help: ## say what there is
	@echo "make TARGET, where TARGET is"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

.PHONY: up
up: ## start the whole system without Docker, installing and building what is missing
	@./up.sh up

.PHONY: down
down: ## end what make up started
	@./up.sh down

.PHONY: build
build: ## build bin/traceria
	@./build.sh bin/traceria ./services -ldflags='-s -w'

.PHONY: build-jaeger
build-jaeger: ## provide bin/jaeger (Jaeger and Collector in one): download its release or build it, once; a jaeger on PATH is used instead
	@collector/jaeger.sh

.PHONY: test
test: rabbitmq-server postgresql gcc build-jaeger ## run every test, with the race detector; installs what the tests need
	JAEGER_BIN="$$(collector/jaeger.sh --path)" go test $(TEST_FLAGS) ./...

.PHONY: bench
bench: rabbitmq-server ## measure what the failures' switches cost while nothing is on, and the AMQP instrumentation (minutes)
	go test -run '^$$' -bench 'On|HappyPath' -benchmem ./services/failure/...
	go test -run '^$$' -bench . -skip Throughput -benchmem ./telemetry/otelamqp/...
	go test -run '^$$' -bench Throughput -benchtime 1x -timeout 30m ./telemetry/otelamqp

.PHONY: lint
lint: bin/golangci-lint ## check the code's form, its habits and the arrows between its packages
	bin/golangci-lint run --allow-serial-runners ./...
	bin/golangci-lint fmt --diff
	@if command -v shellcheck >/dev/null; then set -x; \
	  shellcheck --severity=warning up.sh build.sh install.sh collector/*.sh telemetry/otelamqp/rabbitmqtest/*.sh .ci/run; \
	else echo "shellcheck is not installed: the shell scripts were not checked"; fi

.PHONY: chaos
chaos: rabbitmq-server build-jaeger ## break every part of the system under 1,000 orders each, and report (about a quarter of an hour)
	TRACERIA_CHAOS_ORDERS="$${TRACERIA_CHAOS_ORDERS:-1000}" JAEGER_BIN="$$(collector/jaeger.sh --path)" \
	  go test -run '^TestChaos$$' -v -count=1 -timeout 90m ./services

# Part of the contract; its issue brings it.
.PHONY: scenarios
scenarios:
	@echo "make $@ is not there yet: it comes with an issue of its own" >&2; exit 1

# The tools, of the versions in tools.mod, built when that file changes.
bin/process-compose: tools.mod tools.sum
	@./build.sh $@ github.com/f1bonacc1/process-compose -modfile=tools.mod -tags nomsgpack -ldflags='-s -w' && touch $@
bin/golangci-lint: tools.mod tools.sum
	@./build.sh $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint -modfile=tools.mod -ldflags='-s -w' && touch $@

.PHONY: rabbitmq-server postgresql gcc
rabbitmq-server:
	@[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || command -v $@ >/dev/null || ./install.sh $@
postgresql: # its programs only: the tests start a server of their own
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || ./install.sh $@
gcc: # the race detector needs a C compiler
	@command -v "$$(go env CC)" >/dev/null || ./install.sh gcc libc6-dev
