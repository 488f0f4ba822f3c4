# Starting, stopping and watching the four services, by systemd where it runs, else by runit. Sourced by set-up.sh.
# shellcheck shell=bash

service_user() { case $1 in redis | api) echo "$api_user" ;; worker) echo "$worker_user" ;; launcher) echo "$launcher_user" ;; esac; }

# The launcher's arguments are docs/launcher-protocol.md's; they stand here and nowhere else. Each service names the very
# release that it runs from: one that is started again between two releases stays with its own.
service_command() {
  local installed
  installed=$(readlink -f "$release")
  case $1 in
    redis) echo "/usr/bin/redis-server $configuration_directory/redis.conf" ;;
    api | worker) echo "$node_binary --max-old-space-size=512 $installed/dist/$1/main.js" ;;
    launcher)
      echo "$installed/native/build/launcher --instance $instance --slots $slots --socket $run_directory/launcher/launcher.sock" \
        "--peer-uid $(id -u "$worker_user") --slots-dir $slots_directory --base-ids $ids_per_slot --ids-per-slot $ids_per_slot" \
        "$(cgroup_root_arguments)"
      ;;
  esac
}

# What a running service was started with: another answer means that it must be started again.
service_digest() { # SERVICE
  {
    service_definition "$1"
    case $1 in
      redis) cat "$configuration_directory/redis.conf" "$configuration_directory/redis.acl" ;;
      launcher) cat "$slots_directory/made-for" ;;
      api | worker) cat "$settings_file" "$image_store/index.json" ;;
    esac
  } | sha256sum
}

# Starts the services named, and starts those again that run with something old.
start_services() { # SERVICE...
  local service stamps="$run_directory/started-with"
  mkdir -p "$stamps"
  for service in "$@"; do
    configure_service "$service"
    if [ "$(service_digest "$service")" = "$(cat "$stamps/$service" 2> /dev/null)" ]; then start_service "$service"; else restart_service "$service"; fi
    service_digest "$service" > "$stamps/$service"
  done
}

# What the services that run now were started with.
command_lines() {
  local service pid
  for service in "${services[@]}"; do
    pid=$(service_pid "$service" || true)
    [ -z "$pid" ] || tr '\0' ' ' < "/proc/$pid/cmdline" || true
  done
}

if runs_systemd; then source ops/services-systemd.sh; else source ops/services-runit.sh; fi

# Somebody else's listener on our port would answer for us. /proc/net/tcp: local address, state 0A (listening), uid.
check_port() {
  local port uid
  port=$(printf '%04X' "${address##*:}")
  uid=$(awk -v port=":$port" '$4 == "0A" && substr($2, length($2) - 4) == port { print $8; exit }' /proc/net/tcp /proc/net/tcp6 2> /dev/null)
  [ -z "$uid" ] || [ "$uid" = "$(id -u "$api_user")" ] \
    || stop_with "another program listens on port ${address##*:}" 'stop it, or choose another --address HOST:PORT'
}

answers() { curl --silent --fail --max-time 5 --output /dev/null "$1"; }

# The api answers /readyz, the worker serves its metrics, the launcher listens.
is_ready() {
  [ -S "$run_directory/launcher/launcher.sock" ] && answers "$(origin)/readyz" && answers "http://$(setting workerMetricsAddress)/metrics"
}

wait_until_ready() {
  local deadline=$((SECONDS + 120))
  say 'waiting until the service is ready'
  until is_ready; do
    [ $SECONDS -lt $deadline ] || { show_logs >&2; stop_with 'the service did not get ready in two minutes' "read the lines above, ./stockade status and $log_directory"; }
    sleep 0.2
  done
}

# Where a client on this machine finds the api: an address that means every interface is reached by loopback.
origin() {
  local host=${address%:*}
  case $host in 0.0.0.0 | '[::]') host=127.0.0.1 ;; esac
  echo "http://$host:${address##*:}"
}
