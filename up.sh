#!/usr/bin/env bash
# What make up and make down do, and how make installs packages. One file at the top because it is about the
# whole house: it starts the parts of process-compose.yml in the background, and ends what it started.
#
#   up.sh up | down | install PACKAGE...
set -euo pipefail
umask 022
cd "$(dirname "$0")"

run=$PWD/.run
socket=.run/pc.sock # relative: a socket's path may have 107 characters at most
services=(order kitchen delivery loyalty staff console)

say() { printf '%s\n' "$*"; }
die() {
  printf '%s\n' "$*" >&2
  exit 1
}

# pc talks to the process-compose of this checkout. The caller's PC_* variables are about some other one.
pc() { bin/process-compose -U -u "$socket" -L .run/log/process-compose-client.log "$@" 2>/dev/null; }
running() { [ -S "$socket" ] && [ -x bin/process-compose ] && pc process list >/dev/null; }

# started lists the processes that an up of this checkout started: all inherit TRACERIA_RUN, and only they do.
started() { grep -lzxF "TRACERIA_RUN=$run" /proc/[0-9]*/environ 2>/dev/null | tr -dc '0-9\n' || true; }

taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# holder names the program that listens on a port, when that can be known.
holder() {
  local who
  who=$(ss -Hltnp "sport = :$1" 2>/dev/null | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/\1, process \2/p' | head -n 1)
  echo "${who:-an unknown program}"
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
may_be_root() { [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; }; }

# install_packages installs Debian packages, and keeps those that bring a service from starting it.
install_packages() {
  command -v apt-get >/dev/null || die "Please install $* with your system's package manager, then try again."
  may_be_root || die "$* must be installed, which needs root. Please run, then try again:
  apt-get install --no-install-recommends $*"
  say "installing $*"
  policy=/usr/sbin/policy-rc.d # not local: the trap outlives the function
  local get=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
  if [ ! -e "$policy" ]; then
    trap 'as_root rm -f "$policy"' EXIT
    printf '#!/bin/sh\n# Made by traceria while it installs packages: their services are not to start.\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
  fi
  # The list of packages may be old, or missing.
  as_root "${get[@]}" install -y --no-install-recommends "$@" >.run/log/install.log 2>&1 ||
    { as_root "${get[@]}" update && as_root "${get[@]}" install -y --no-install-recommends "$@"; } >>.run/log/install.log 2>&1 ||
    { tail -n 20 .run/log/install.log >&2 && die "Could not install $*."; }
  # Nor at the next boot: it would take the port.
  local package
  for package in "$@"; do
    case $package in
    rabbitmq-server | postgresql) [ ! -d /run/systemd/system ] || as_root systemctl disable --quiet "$package" || true ;;
    esac
  done
}

# choose_broker sets AMQP_URL when there is a broker to be used, and else leaves it unset: then we run our own.
choose_broker() {
  if [ -n "${AMQP_URL:-}" ]; then
    say "rabbitmq: using AMQP_URL"
    bin/traceria topology apply || die "The broker of AMQP_URL cannot be used."
  elif taken 5672; then
    bin/traceria topology apply >.run/log/topology-apply.log 2>&1 || die "Port 5672 is taken by $(holder 5672), which is not a RabbitMQ that guest may use:
$(tail -n 3 .run/log/topology-apply.log)
Stop it, or set AMQP_URL to a broker."
    export AMQP_URL=amqp://guest:guest@127.0.0.1:5672/
    say "rabbitmq: using the broker that runs on port 5672; make down will leave it running"
  else
    [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || command -v rabbitmq-server >/dev/null || install_packages rabbitmq-server
    # Our broker listens on loopback only: guest may come in, for the tools.
    bin/traceria topology credentials .run/credentials --guest >/dev/null || die "There are no passwords for the broker."
  fi
}

# check_ports fails when one of these ports is in use, and says by whom.
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

start() {
  (
    unset "${!PC_@}"
    export TRACERIA_RUN=$run
    if [ -n "${AMQP_URL:-}" ]; then
      # What depends on a disabled process does not wait.
      export PC_DISABLED_PROCESSES=rabbitmq
      # Set, if only to nothing: the files of process-compose.yml are for our own broker.
      export AMQP_PASSWORD_FILE="${AMQP_PASSWORD_FILE:-}"
    else
      unset AMQP_URL AMQP_PASSWORD_FILE
    fi
    bin/process-compose up -D -t=false --disable-dotenv --keep-project -U -u "$socket" -L .run/log/process-compose.log -f process-compose.yml 8>&-
  ) >.run/log/process-compose.out 2>&1 || die "process-compose did not start:"$'\n'"$(tail -n 5 .run/log/process-compose.out)"
  local try
  for try in {1..100}; do
    if running; then return; fi
    sleep 0.1
  done
  tail -n 5 .run/log/process-compose.log >&2
  die "process-compose did not answer within 10 s ($try tries); see .run/log"
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

up() {
  mkdir -p .run/log .run/data
  exec 8>.run/up.lock
  flock -n 8 || die "Another make up is at work in this folder."
  if running; then
    say "traceria is already running$([ bin/traceria -ot .run/started ] || echo '; it was rebuilt since: make down, then make up, starts the new one')"
  else
    [ -z "$(started)" ] || { say "ending what an earlier start left behind" && down_all; }
    check_ports 8080 8081 8082 8083 8084 8085 4317 4318 8889 14317 14318 16685 16686
    choose_broker
    [ -n "${AMQP_URL:-}" ] || check_ports 5672 15672 25672 35672
    : >.run/log/build-jaeger.log # process-compose appends
    start
    # Which broker, for a later make up; the time is that of the start.
    if [ -n "${AMQP_URL:-}" ]; then echo theirs; else echo ours; fi >.run/started
  fi
  local parts=("${services[@]}")
  ! ours || parts+=(rabbitmq) # a service is ready only when it has its broker, whoever's that is
  wait_for 120s "${parts[@]}"
  follow_build
  wait_for 30s collector jaeger
  hints
}

# ours tells whether the broker that the system uses is our own.
ours() { [ "$(cat .run/started 2>/dev/null)" = ours ]; }

# follow_build shows how far the build of Jaeger is, until it is over.
follow_build() {
  local shown=0 lines status
  while :; do
    status=$(pc process get build-jaeger -o json | sed -n 's/.*"status": *"\([A-Za-z]*\)".*/\1/p' | head -n 1)
    lines=$(wc -l <.run/log/build-jaeger.log 2>/dev/null || echo 0)
    [ "$lines" -le "$shown" ] || sed -n "$((shown + 1)),${lines}p" .run/log/build-jaeger.log
    shown=$lines
    case $status in
    Completed | Error | Skipped | '') break ;;
    esac
    sleep 0.5
  done
}

hints() {
  say ""
  ! ours || say "RabbitMQ's pages   http://127.0.0.1:15672  (guest, guest)"
  say "Jaeger             ${JAEGER_PUBLIC_URL:-http://127.0.0.1:16686}$(command -v jaeger >/dev/null || echo '  (its API only: there is no jaeger with web pages on PATH)')
logs               .run/log

Try next:
  bin/traceria buy --wait        place an order and wait until it is delivered
  bin/traceria trace ORDER       its trace, read from Jaeger
  bin/traceria failure list      what can be broken while it runs: failure set KEY, failure clear
  make down                      end it; orders stay in .run"
}

# down_all ends everything that up started: in order when process-compose is there to do so, and then whatever
# is left because it was not.
down_all() {
  local left signal
  if running; then
    # The services first: they flush their last spans into the Collector.
    pc process stop "${services[@]}" >/dev/null || true
    pc down >/dev/null || true
    gone 60 || true
  fi
  for signal in TERM KILL; do
    left=$(started)
    # shellcheck disable=SC2086 # a list of numbers
    [ -z "$left" ] || kill "-$signal" $left 2>/dev/null || true
    if gone 30; then
      rm -f "$socket"
      return
    fi
  done
  die "These processes do not end: $(started | tr '\n' ' ')"
}

# gone waits so many seconds for the last of what up started.
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
  down_all
  say "traceria is stopped; its data and logs are in .run"
}

case ${1:-} in
up) up ;;
down) down ;;
install)
  mkdir -p .run/log
  shift
  install_packages "$@"
  ;;
*) die "usage: up.sh up | down | install PACKAGE..." ;;
esac
