#!/usr/bin/env bash
# make up and make down. up provides what is missing, starts the parts of process-compose.yml in the background and
# returns when they are ready. down ends what up started. One file at the top because it is about the whole house.
#
#   up.sh up | down
set -euo pipefail
umask 022
cd "$(dirname "$0")"

run=$PWD/.run
socket=.run/pc.sock # relative: a socket's path may have 107 characters at most
services=(order kitchen delivery loyalty staff console)

say() { printf '%s\n' "$*"; }
die() { say "$*" >&2 && exit 1; }

# pc talks to the process-compose of this checkout.
pc() { bin/process-compose -U -u "$socket" -L .run/log/process-compose-client.log "$@" 2>/dev/null; }
running() { [ -S "$socket" ] && [ -x bin/process-compose ] && pc process list >/dev/null; }

# started lists the processes that an up of this checkout started: all inherit TRACERIA_RUN, and only they do.
started() { grep -lzxF "TRACERIA_RUN=$run" /proc/[0-9]*/environ 2>/dev/null | tr -dc '0-9\n' || true; }

# ours tells whether make up runs the broker. It does not when AMQP_URL names one, or when one listens on port 5672.
ours() { [ "$(cat .run/broker-is 2>/dev/null)" = ours ]; }

# watched tells whether make up runs Prometheus. It does not when PROMETHEUS_URL names one, or when it cannot be installed.
watched() { [ -z "${PROMETHEUS_URL:-}" ] && command -v prometheus >/dev/null; }

up() {
  mkdir -p .run/log .run/data
  exec 8>.run/up.lock
  flock -n 8 || die "Another make up is at work in this folder."
  check_collector
  if running; then
    same_collector || die "traceria is already running with $(collector_is "$(cat .run/collector-is 2>/dev/null)"). You asked for $(collector_is "${TRACERIA_COLLECTOR:-}"): make down, then make up, starts it."
    make --no-print-directory build 8>&-
    say "traceria is already running$([ bin/traceria -ot .run/started ] || echo '; it was rebuilt since: make down, then make up, starts the new one')"
  else
    trap interrupted INT TERM HUP
    trap stop_download EXIT
    [ -z "$(started)" ] || { say "ending what an earlier start left behind" && down_all; }
    check_machine
    provide
    prepare_broker
    start
  fi
  local parts=("${services[@]}")
  ! ours || parts+=(rabbitmq)
  wait_for 120s "${parts[@]}"
  follow_build
  wait_for 30s collector jaeger
  ! watched || wait_for 30s prometheus
  hints
}

# interrupted ends what this up has started. A later up goes on with what was downloaded, built and installed.
interrupted() {
  trap '' INT TERM HUP
  say "interrupted; ending what was started"
  down_all
  exit 130
}

download='' # the process that downloads Jaeger
provided='' # set when --download has provided Jaeger, and said so
provided() { [ -n "$provided" ] || { wait "$download" && provided=1; }; }
stop_download() { [ -z "$download" ] || { kill "$download" && wait "$download"; } 2>/dev/null || true; }

# check_collector fails when there is no such Collector.
check_collector() {
  case ${TRACERIA_COLLECTOR:-sampling} in
  sampling) ;;
  *) die "TRACERIA_COLLECTOR is \"$TRACERIA_COLLECTOR\". Without Docker it is sampling (collector/sampling.yaml), or not set. Nothing was started." ;;
  esac
}

# same_collector tells whether the system that runs has the Collector that is asked for.
same_collector() { [ "$(cat .run/collector-is 2>/dev/null)" = "${TRACERIA_COLLECTOR:-}" ]; }

# collector_is names the Collector of a value of TRACERIA_COLLECTOR.
collector_is() { [ -z "$1" ] && echo "the Collector that keeps every order" || echo "TRACERIA_COLLECTOR=$1"; }

# check_machine fails early when a port is taken or Go is missing.
check_machine() {
  command -v go >/dev/null || die "Go is not installed. go.mod says which version is needed; see https://go.dev/dl/"
  check_ports 8080 8081 8082 8083 8084 8085 4317 4318 8887 8888 8889 14317 14318 16685 16686
  [ -n "${PROMETHEUS_URL:-}" ] || ! taken 9090 || die "Port 9090 is in use by $(holder 9090). Prometheus needs it on 127.0.0.1; or set
PROMETHEUS_URL to a Prometheus that runs (dashboards/prometheus.yml has the configuration). Nothing was started."
  if [ -n "${AMQP_URL:-}" ] || taken 5672; then
    echo theirs >.run/broker-is
  else
    echo ours >.run/broker-is
    check_ports 15672 15692 25672 35672
  fi
}

# check_ports fails when one of these ports is in use, and names its program.
check_ports() {
  local port bad=0
  for port in "$@"; do
    if taken "$port"; then
      say "Port $port is in use by $(holder "$port")." >&2
      bad=1
    fi
  done
  [ "$bad" = 0 ] || die "Traceria needs these ports on 127.0.0.1. Nothing was started."
}

taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

holder() {
  local program
  program=$(ss -Hltnp "sport = :$1" 2>/dev/null | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/\1, process \2/p' | head -n 1)
  echo "${program:-an unknown program}"
}

# provide installs and builds what is missing. Nothing that it starts keeps the lock of up, which is file 8.
# Jaeger is downloaded meanwhile; its build, if it comes to that, waits until the services run.
provide() {
  local packages=()
  ! ours || [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || command -v rabbitmq-server >/dev/null || packages+=(rabbitmq-server)
  # Without curl Jaeger is built, so nothing is installed for it alone.
  [ ${#packages[@]} = 0 ] || command -v curl >/dev/null || packages+=(curl ca-certificates)
  [ ${#packages[@]} = 0 ] || ./install.sh "${packages[@]}" 8>&-
  # The system works without Prometheus.
  [ -n "${PROMETHEUS_URL:-}" ] || watched || ./install.sh prometheus 8>&- || say "There is no Prometheus, so there are no metrics and alerts."
  collector/jaeger.sh --download 8>&- &
  download=$!
  make --no-print-directory build bin/process-compose 8>&-
}

# prepare_broker makes the passwords of our own broker, or gives another broker the topology.
prepare_broker() {
  if ours; then
    # Our broker listens on loopback only: guest may come in, for the tools.
    bin/traceria topology credentials .run/credentials --guest >/dev/null || die "There are no passwords for the broker."
  elif [ -n "${AMQP_URL:-}" ]; then
    say "rabbitmq: using AMQP_URL"
    bin/traceria topology apply || die "The broker of AMQP_URL cannot be used."
  else
    bin/traceria topology apply >.run/log/topology-apply.log 2>&1 || die "Port 5672 is taken by $(holder 5672), which is not a RabbitMQ that guest may use:
$(tail -n 3 .run/log/topology-apply.log)
Stop it, or set AMQP_URL to a broker."
    export AMQP_URL=amqp://guest:guest@127.0.0.1:5672/
    say "rabbitmq: using the broker that runs on port 5672; make down will leave it running"
  fi
}

start() {
  : >.run/log/build-jaeger.log # process-compose appends
  echo "${TRACERIA_COLLECTOR:-}" >.run/collector-is
  # A download that failed is not tried again. One that goes on is waited for.
  kill -0 "$download" 2>/dev/null || provided || export TRACERIA_JAEGER_RELEASE_URL=
  [ -n "${PROMETHEUS_URL:-}" ] || unset PROMETHEUS_URL # Jaeger takes an empty one for an address
  # What depends on a disabled process does not wait.
  local disabled=()
  ours || disabled+=(rabbitmq)
  watched || disabled+=(prometheus)
  (
    unset "${!PC_@}" # the caller's, for another process-compose
    export TRACERIA_RUN=$run
    if ours; then
      unset AMQP_URL AMQP_PASSWORD_FILE
    else
      # Set even when empty: the password files in process-compose.yml belong to our own broker.
      export AMQP_PASSWORD_FILE="${AMQP_PASSWORD_FILE:-}"
    fi
    if [ ${#disabled[@]} != 0 ]; then
      PC_DISABLED_PROCESSES=$(IFS=, && echo "${disabled[*]}")
      export PC_DISABLED_PROCESSES
    fi
    bin/process-compose up -D -t=false --disable-dotenv --keep-project -U -u "$socket" -L .run/log/process-compose.log -f process-compose.yml 8>&-
  ) >.run/log/process-compose.out 2>&1 || die "process-compose did not start:"$'\n'"$(tail -n 5 .run/log/process-compose.out)"
  local end=$((SECONDS + 10))
  until running || [ "$SECONDS" -ge "$end" ]; do sleep 0.1; done
  running || die "process-compose did not answer within 10 s:"$'\n'"$(tail -n 5 .run/log/process-compose.log)"
  touch .run/started # its time is that of the start
}

# wait_for waits for the named parts and shows the end of the log of those that do not come.
wait_for() {
  local limit=$1 part
  shift
  bin/traceria status "$@" --wait --timeout "$limit" && return
  for part in "$@"; do
    if ! bin/traceria status "$part" >/dev/null 2>&1 && [ -s ".run/log/$part.log" ]; then
      say "--- the end of .run/log/$part.log" && tail -n 5 ".run/log/$part.log"
    fi
  done >&2
  die "Not everything is ready. What runs goes on running; make down ends it."
}

# follow_build shows the download or the build of Jaeger until it is over. It does not repeat what --download has said.
follow_build() {
  local shown=0 lines status quiet=''
  [ -z "$download" ] || ! provided || quiet=1
  while :; do
    status=$(pc process get build-jaeger -o json | sed -n 's/.*"status": *"\([A-Za-z]*\)".*/\1/p' | head -n 1)
    lines=$(wc -l <.run/log/build-jaeger.log 2>/dev/null || echo 0)
    [ -n "$quiet" ] || [ "$lines" -le "$shown" ] || sed -n "$((shown + 1)),${lines}p" .run/log/build-jaeger.log
    shown=$lines
    case $status in
    Completed | Error | Skipped | '') break ;;
    esac
    sleep 0.5
  done
}

hints() {
  local pages='' prometheus="${PROMETHEUS_URL:-not installed}"
  ! watched || prometheus='http://127.0.0.1:9090  (metrics and alerts; with Docker there is Grafana, too)'
  has_pages || pages='  (no pages, only the API: a release has them, this one was built from source)'
  say ""
  [ -z "${TRACERIA_COLLECTOR:-}" ] || say "the Collector      collector/$TRACERIA_COLLECTOR.yaml: Jaeger gets only the orders that are kept, after ${COLLECTOR_DECISION_WAIT:-30s}. The console shows all"
  say "the console        ${CONSOLE_PUBLIC_URL:-http://127.0.0.1:8080}  (place orders, break things, watch the traces)"
  ! ours || say "RabbitMQ's pages   http://127.0.0.1:15672  (guest, guest)"
  say "Jaeger's pages     ${JAEGER_PUBLIC_URL:-http://127.0.0.1:16686}$pages
Prometheus         $prometheus
logs               .run/log

Try next:
  bin/traceria buy --wait        place an order and wait until it is delivered
  bin/traceria trace ORDER       its trace, read from Jaeger
  bin/traceria failure list      what can be broken while it runs: failure set KEY, failure clear
  make down                      end it; orders stay in .run"
}

# has_pages asks Jaeger for its first page. A Jaeger without pages answers with a notice.
has_pages() {
  (
    exec 3<>/dev/tcp/127.0.0.1/16686
    printf 'GET / HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' >&3
    ! grep -q 'not the Jaeger UI' <&3
  ) 2>/dev/null
}

# down_all ends everything that up started: process-compose ends it in order, then signals end what is left.
down_all() {
  local left signal
  if running; then
    # The services first: they flush their last spans into the Collector.
    pc process stop "${services[@]}" >/dev/null || true
    say "the services are stopped; stopping RabbitMQ, Collector, Jaeger and Prometheus"
    pc down >/dev/null || true
    gone 5 || true
  fi
  for signal in TERM KILL; do
    left=$(started)
    # shellcheck disable=SC2086 # a list of numbers
    [ -z "$left" ] || kill "-$signal" $left 2>/dev/null || true
    if gone 30; then
      rm -f "$socket"
      return 0
    fi
  done
  die "These processes do not end: $(started | tr '\n' ' ')"
}

# gone waits up to this many seconds until nothing that up started runs. It fails when something still does.
gone() {
  local end=$((SECONDS + $1))
  while [ -n "$(started)" ]; do
    [ "$SECONDS" -lt "$end" ] || return 1
    sleep 0.2
  done
}

down() {
  if [ ! -S "$socket" ] && [ -z "$(started)" ]; then
    say "traceria is not running"
    return
  fi
  mkdir -p .run/log
  say "stopping the services"
  down_all
  say "traceria is stopped; its data and logs are in .run"
}

case ${1:-} in
up) up ;;
down) down ;;
*) die "usage: up.sh up | down" ;;
esac
