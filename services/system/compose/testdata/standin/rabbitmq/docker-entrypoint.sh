#!/bin/sh
# As the official image: root gives the data to the user rabbitmq, and becomes that user.
set -eu
if [ "$(id -u)" = 0 ] && [ "${1#rabbitmq}" != "$1" ]; then
  find /var/lib/rabbitmq ! -user rabbitmq -exec chown rabbitmq '{}' +
  exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups -- "$0" "$@"
fi
exec "$@"
