#!/bin/sh
# Runs a private RabbitMQ in the foreground, beside any other broker on the machine, and ends everything
# that belongs to it (epmd included) when it gets SIGTERM or SIGINT.
#
#   rabbitmq.sh DIR AMQP_PORT MANAGEMENT_PORT [DEFINITIONS [METRICS_PORT]]
#
# DIR holds its data, logs and cookie. It listens on loopback only: AMQP_PORT, MANAGEMENT_PORT (management
# plugin), AMQP_PORT+20000 (distribution) and AMQP_PORT+30000 or, past 65535, AMQP_PORT+10000 (epmd).
# DEFINITIONS is a definitions file that the broker loads at its start; without one, or if it is empty, it has guest/guest.
# METRICS_PORT, also on loopback, serves its metrics for Prometheus; without it the plugin is off.
set -eu

if [ $# -lt 3 ]; then
  echo "usage: rabbitmq.sh DIR AMQP_PORT MANAGEMENT_PORT [DEFINITIONS [METRICS_PORT]]" >&2
  exit 2
fi
mkdir -p "$1"
dir=$(cd "$1" && pwd) port=$2 management=$3 definitions=${4:-} metrics=${5:-}

# Debian's wrapper insists on the user rabbitmq; the script behind it runs as the user that starts it.
server=/usr/lib/rabbitmq/bin/rabbitmq-server
[ -x "$server" ] || server=$(command -v rabbitmq-server) || {
  echo "rabbitmq.sh: rabbitmq-server is not installed; on Debian or Ubuntu: apt-get install rabbitmq-server" >&2
  exit 127
}
epmd_port=$((port + 30000))
[ "$epmd_port" -le 65535 ] || epmd_port=$((port + 10000))
dist=$((port + 20000))
[ "$dist" -le 65535 ] || dist=$((port + 9000))

{
  echo "listeners.tcp.default = 127.0.0.1:$port"
  echo "management.tcp.ip = 127.0.0.1"
  echo "management.tcp.port = $management"
  echo "log.console = true"
  echo "log.console.level = warning"
  echo "log.file = false"
  # The log of the quorum queues may use three times this memory; the default is 512 MiB.
  echo "raft.wal_max_size_bytes = 67108864"
  [ -z "$definitions" ] || echo "load_definitions = $(cd "$(dirname "$definitions")" && pwd)/$(basename "$definitions")"
  [ -z "$metrics" ] || printf 'prometheus.tcp.ip = 127.0.0.1\nprometheus.tcp.port = %s\n' "$metrics"
} >"$dir/rabbitmq.conf"
echo "[rabbitmq_management${metrics:+,rabbitmq_prometheus}]." >"$dir/enabled_plugins"

export HOME="$dir"
export RABBITMQ_NODENAME="traceria-$port@localhost"
export RABBITMQ_DIST_PORT="$dist"
export RABBITMQ_MNESIA_BASE="$dir/mnesia"
export RABBITMQ_LOG_BASE="$dir/log"
export RABBITMQ_ENABLED_PLUGINS_FILE="$dir/enabled_plugins"
export RABBITMQ_CONFIG_FILE="$dir/rabbitmq.conf"
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}'
export ERL_EPMD_ADDRESS=127.0.0.1
export ERL_EPMD_PORT="$epmd_port"

epmd -daemon
"$server" &
broker=$!
# Erlang loses a signal that comes in the first moments of its start: repeat it.
stop() {
  kill -TERM "$broker" 2>/dev/null || true
  while sleep 1 && kill -TERM "$broker"; do :; done >/dev/null 2>&1 &
}
trap stop TERM INT HUP
status=0
wait "$broker" || status=$?
# A trapped signal ends the first wait early: wait again for the broker itself.
while kill -0 "$broker" 2>/dev/null; do
  status=0
  wait "$broker" || status=$?
done
epmd -kill >/dev/null 2>&1 || true
exit "$status"
