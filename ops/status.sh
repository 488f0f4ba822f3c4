#!/usr/bin/env bash
# What runs of an instance. Called by ./stockade status; --json for programs. Exit 1 when something is down.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

json=no instance=stockade
while [ $# -gt 0 ]; do
  case $1 in
    --json) json=yes ;;
    --instance) instance=$2; shift ;;
    *) echo "stockade status: unknown option $1" >&2; exit 2 ;;
  esac
  shift
done

source ops/instance.sh
source ops/cgroups.sh
source ops/accounts.sh
node_binary=node slots=1
source ops/services.sh

running() { [ -n "$1" ] && [ -d "/proc/$1" ]; }

status=0 entries=()
for service in "${services[@]}"; do
  pid=$(service_pid "$service" || true)
  if running "$pid"; then state=running; else state=down pid=0 status=1; fi
  entries+=("{\"service\":\"$service\",\"state\":\"$state\",\"pid\":$pid,\"user\":\"$(service_user "$service")\"}")
  [ $json = yes ] || printf '%-9s %-8s pid %-8s user %s%s\n' "$service" "$state" "$pid" "$(service_user "$service")" \
    "$([ "$pid" = 0 ] || ps -o etime= -p "$pid" | sed 's/^ */  up /')"
done
ready=no
if curl --silent --fail --max-time 2 --output /dev/null "http://$(setting address)/readyz"; then ready=yes; else status=1; fi
if [ $json = yes ]; then
  (IFS=,; printf '{"instance":"%s","address":"%s","ready":%s,"services":[%s]}\n' "$instance" "$(setting address)" \
    "$([ $ready = yes ] && echo true || echo false)" "${entries[*]}")
else
  echo "ready: $ready   address: $(setting address)"
fi
exit $status
