# The commands of the repository. make help lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# Of go test: two packages at once is as much as two cores carry beside a broker and a Jaeger.
TEST_FLAGS ?= -race -timeout 40m -p 2

.PHONY: help
help: ## list the targets
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

.PHONY: build-otelcol
build-otelcol: ## build bin/otelcol, the Collector of the sampling configurations, once (minutes); Docker does not need it
	@collector/otelcol.sh

.PHONY: build-jaeger
build-jaeger: ## provide bin/jaeger (Jaeger and Collector in one): download its release or build it, once; a jaeger on PATH is used instead
	@collector/jaeger.sh

# The packages whose tests start a RabbitMQ, but for the whole system: those that import rabbitmqtest, directly or not. They
# are tested on the installed RabbitMQ and on the one that Compose runs.
BROKER_PACKAGES = $$(go list -test -f '{{if .ForTest}}{{.ForTest}} {{.Deps}}{{end}}' ./... | \
	sed -n '/\/rabbitmqtest/s/ .*//p' | grep -vE '/services/(system|scenario)|/dashboards' | sort -u)
# These run the whole system. They are tested on the RabbitMQ that Compose runs. The compose test comes last, alone: it has
# ten containers beside it. The packages that take longest come first. The metrics are tested on both: some names differ.
SYSTEM_PACKAGES = ./services/system/failures ./services/system/chaos ./services/system/scenarios ./services/system/console ./services/system/metrics ./dashboards
LONGEST = ./services/system ./services/system/up
COMPOSE = ./services/system/compose
# A module of its own with the libraries that otelamqp is compared with.
PEERS = telemetry/otelamqp/peers
PAGE = services/console/page
AXE = $(PAGE)/node_modules/axe-core/axe.min.js
# These tests measure the page in Chromium, or need all of the machine. They run last, alone, without the race detector.
ALONE = ^(TestThePageKeepsItsPace|TestTheFirstLoadIsSmall|TestAFloodOfSpansStaysWithinMemory|TestManyStreamsDoNoHarm)$$

.PHONY: test
test: export JAEGER_BIN = $(shell collector/jaeger.sh --path 2>/dev/null)
test: rabbitmq-server rabbitmq-4.0 rabbitmq-4.3 postgresql gcc curl nodejs npm chromium prometheus $(AXE) build-jaeger build-otelcol bin/process-compose ## run every test, with the race detector; installs what the tests need
	go test $(TEST_FLAGS) $(LONGEST) $$(go list ./... | grep -vE '/system(/up|/failures|/chaos|/scenarios|/console|/compose)?$$')
	RABBITMQ=4.3 go test $(TEST_FLAGS) -skip '$(ALONE)' $(SYSTEM_PACKAGES) $(BROKER_PACKAGES)
	go test -C $(PEERS) $(TEST_FLAGS) ./...
	go test -timeout 40m $(COMPOSE)
	go test -run '$(ALONE)' ./services/system/console
	go test -run '^TestTheAccount' ./services/console/journeys

.PHONY: test-broker
test-broker: gcc ## run the tests that start a RabbitMQ, but for the whole system, on one version: make test-broker RABBITMQ=4.0
	RABBITMQ=$(RABBITMQ) go test $(TEST_FLAGS) $(BROKER_PACKAGES)

.PHONY: test-short
test-short: ## run the tests that need no broker, no Jaeger, no database server and no Docker (2 minutes at most)
	go test -short -p 4 ./... # their tests wait more than they compute

.PHONY: golden
golden: ## write the golden files of the named tests, and no others: make golden RUN=TestOneOrderIsOneTrace
	@[ -n "$(RUN)" ] || { echo "make golden: want RUN=TestName, or several: RUN='TestOne|TestOther'" >&2; exit 2; }
	@packages=$$(grep -rlE --include='*_test.go' '^func ($(RUN))\(' services telemetry | xargs -r -n 1 dirname | sort -u | sed 's|^|./|') || true; \
	  [ -n "$$packages" ] || { echo "make golden: no test is called $(RUN)" >&2; exit 2; }; \
	  set -x; go test -count=1 -run '^($(RUN))$$' $$packages -update

.PHONY: scenarios
scenarios: build ## run every scenario on the running system (make up or docker compose up, with Prometheus and without sampling), and check the traces
	bin/traceria scenario run --all

.PHONY: generate
generate: ## write the files that are made from the code: the definitions file, the AsyncAPI document, the dashboards
	go generate ./services/... ./dashboards

# The benchmarks that need no broker. Of Throughput, which does, each run compares with the bare client by itself.
BENCH ?= .
BENCH_PACKAGES = ./telemetry/otelamqp ./services/event ./services/store ./services/failure ./services/failure/inject

.PHONY: bench
bench: rabbitmq-server ## measure events, store, AMQP instrumentation, what the failures' switches cost, and the whole system (an hour); with BENCH=Relay only the benchmarks of that name
	go test -run '^$$' -bench '$(BENCH)' -skip Throughput -benchmem $(BENCH_PACKAGES)
ifeq ($(BENCH),.)
	go test -run '^$$' -bench Throughput -benchtime 1x -timeout 30m ./telemetry/otelamqp
	@$(MAKE) --no-print-directory bench-system
endif

# How long the whole system is measured: short (6 minutes) or full (half an hour, with a soak of 10 minutes unless SOAK says another
# time). services/system/bench/README.md lists the sections.
SIZE ?= full
SECTIONS ?= all
SOAK ?=

.PHONY: bench-system
bench-system: export JAEGER_BIN = $(shell collector/jaeger.sh --path 2>/dev/null)
bench-system: rabbitmq-server postgresql build-jaeger ## measure the whole system and its peers (half an hour), into .run/bench: make bench-system [SIZE=short] [SECTIONS=rate,tracing] [SOAK=1h]
	go test ./services/system/bench -run '^TestBench$$' -v -count=1 -timeout 8h -size $(SIZE) -sections $(SECTIONS) $(if $(SOAK),-soak $(SOAK)) -out .run/bench

RUNS ?= 10

.PHONY: bench-compare
bench-compare: bin/benchstat ## compare the benchmarks with another revision: make bench-compare BASE=main [BENCH=Relay]
	@[ -n "$(BASE)" ] || { echo "make bench-compare: want BASE=REVISION, for example BASE=main" >&2; exit 2; }
	@base=$$(mktemp -d) && here=$$PWD && trap 'git worktree remove --force "$$base/tree" 2>/dev/null || true; rm -rf "$$base"' EXIT; \
	  git worktree add --quiet --detach "$$base/tree" "$(BASE)"; mkdir -p .run; : >.run/bench-base.txt; : >.run/bench-head.txt; \
	  for run in $$(seq $(RUNS)); do \
	    echo "run $$run of $(RUNS)"; \
	    (cd "$$base/tree" && go test -run '^$$' -bench '$(BENCH)' -skip Throughput -benchmem $(BENCH_PACKAGES)) >>.run/bench-base.txt; \
	    (cd "$$here" && go test -run '^$$' -bench '$(BENCH)' -skip Throughput -benchmem $(BENCH_PACKAGES)) >>.run/bench-head.txt; \
	  done; \
	  bin/benchstat base=.run/bench-base.txt head=.run/bench-head.txt

.PHONY: fmt
fmt: bin/golangci-lint ## format the Go code
	bin/golangci-lint fmt

.PHONY: lint
lint: bin/golangci-lint bin/actionlint ## check form, habits, and which package may import which; shell scripts; workflows
	bin/golangci-lint run --allow-serial-runners ./...
	cd $(PEERS) && $(CURDIR)/bin/golangci-lint run --allow-serial-runners ./...
	bin/golangci-lint fmt --diff
	@if command -v shellcheck >/dev/null; then set -x; \
	  shellcheck --severity=warning $$(find . -name '*.sh' -not -path './.run/*') .ci/run; \
	else echo "shellcheck is not installed: the shell scripts were not checked"; fi
	bin/actionlint .github/workflows/*.yml
	@$(MAKE) --no-print-directory lint-page

# The types of the page's modules. They need npm once, and a registry that it can reach.
.PHONY: lint-page
lint-page: ## check the types of the page's modules with tsc, where npm can be reached
	@if ! command -v npm >/dev/null; then echo "npm is not installed: the types of the page were not checked"; \
	elif [ ! -x $(PAGE)/node_modules/.bin/tsc ] && ! npm --prefix $(PAGE) ci --no-audit --no-fund --fetch-retries=1 --fetch-timeout=20000 >/dev/null; then \
	  echo "npm cannot reach its registry: the types of the page were not checked"; \
	else set -x; npm --prefix $(PAGE) run --silent check; fi

.PHONY: chaos
chaos: rabbitmq-server build-jaeger ## break every part of the system under 1,000 orders each, and report (about a quarter of an hour)
	TRACERIA_CHAOS_ORDERS="$${TRACERIA_CHAOS_ORDERS:-1000}" JAEGER_BIN="$$(collector/jaeger.sh --path)" \
	  go test -run '^TestChaos$$' -v -count=1 -timeout 90m ./services/system/chaos

.PHONY: test-bare
test-bare: debootstrap ## try make up from nothing in bare systems of Debian 12 and 13, as root and as a user with sudo (needs root; 10 minutes)
	services/system/up/bare.sh

.PHONY: module
module: ## give the module a path that can be fetched: make module NAME=github.com/you/traceria
	@./module.sh "$(NAME)"

# The tools, of the versions in tools.mod. They are built again when that file changes.
bin/process-compose: tools.mod tools.sum
	@./build.sh $@ github.com/f1bonacc1/process-compose -modfile=tools.mod -tags nomsgpack -ldflags='-s -w' && touch $@
bin/golangci-lint: tools.mod tools.sum
	@./build.sh $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint -modfile=tools.mod -ldflags='-s -w' && touch $@

bin/actionlint: tools.mod tools.sum
	@./build.sh $@ github.com/rhysd/actionlint/cmd/actionlint -modfile=tools.mod -ldflags='-s -w' && touch $@
bin/benchstat: tools.mod tools.sum
	@./build.sh $@ golang.org/x/perf/cmd/benchstat -modfile=tools.mod -ldflags='-s -w' && touch $@

# The script that looks for faults of accessibility, of the version in the page's package-lock.json.
$(AXE): $(PAGE)/package-lock.json | nodejs npm
	npm --prefix $(PAGE) ci --no-audit --no-fund --ignore-scripts >/dev/null && touch $@

.PHONY: rabbitmq-server rabbitmq-4.0 rabbitmq-4.3 postgresql gcc debootstrap curl nodejs npm chromium prometheus
nodejs: # runs the unit tests of the console's page
	@command -v node >/dev/null || ./install.sh $@
npm: # installs axe-core for the browser tests, and tsc for make lint
	@command -v $@ >/dev/null || ./install.sh $@
chromium: # the browser tests
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || ./install.sh chromium fonts-dejavu-core
prometheus: # the tests of the metrics, and promtool for those of the alert rules
	@command -v promtool >/dev/null || ./install.sh $@
curl: # it downloads the release of Jaeger
	@command -v $@ >/dev/null || ./install.sh $@ ca-certificates
rabbitmq-4.0 rabbitmq-4.3: debootstrap # made once and kept in ~/.cache: here, because go test shows no progress
	@telemetry/otelamqp/rabbitmqtest/debian.sh $(@:rabbitmq-%=%) >/dev/null
debootstrap: # Ubuntu has it without the keys of Debian
	@command -v $@ >/dev/null || ls /usr/sbin/$@ >/dev/null 2>&1 || ./install.sh $@ debian-archive-keyring
rabbitmq-server:
	@[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || command -v $@ >/dev/null || ./install.sh $@
postgresql: # its programs only: the tests start a server of their own
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || ./install.sh $@
gcc: # the race detector needs a C compiler
	@command -v "$$(go env CC)" >/dev/null || ./install.sh gcc libc6-dev
