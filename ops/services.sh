# Starting, stopping and watching the four services, by systemd where it runs, else by runit. Sourced by set-up.sh.
# shellcheck shell=bash

service_user() { case $1 in redis | api) echo "$api_user" ;; worker) echo "$worker_user" ;; guard) echo "$guard_user" ;; launcher) echo "$launcher_user" ;; esac; }

# The launcher's arguments are docs/launcher-protocol.md's; they stand here and nowhere else. Each service names the very
# release that it runs from: one that is started again between two releases stays with its own.
# Eight times the largest body (queue/heap.ts), and never less than 512 MiB.
heap_mebibytes() {
  local body
  body=$(setting bodyBytesMax)
  [[ ${body:-0} =~ ^[0-9]{1,12}$ ]] || stop_with "bodyBytesMax: '$body' is no number" "correct $settings_file"
  local wanted=$(((8 * 10#${body:-0} + 1048575) / 1048576))
  echo $((wanted > 512 ? wanted : 512))
}

service_command() {
  local installed
  installed=$(readlink -f "$release")
  case $1 in
    redis) echo "/usr/bin/redis-server $configuration_directory/redis.conf" ;;
    guard) echo "$node_binary $installed/dist/guard/main.js" ;;
    api | worker) echo "$node_binary --max-old-space-size=$(heap_mebibytes) $installed/dist/$1/main.js" ;;
    launcher)
      echo "$installed/native/build/launcher --instance $instance --slots $slots --socket $run_directory/launcher/launcher.sock" \
        "--peer-uid $(id -u "$worker_user") --slots-dir $slots_directory --base-ids $ids_per_slot --ids-per-slot $ids_per_slot" \
        "$(waiting_arguments) $(cgroup_root_arguments)"
      ;;
  esac
}

# Variables of a service beside the settings file.
service_environment() { [ "$1" != worker ] || echo "STOCKADE_WORKER_READY_FILE=$run_directory/worker/ready"; }

# What a running service was started with: another answer means that it must be started again.
service_digest() { # SERVICE
  {
    service_definition "$1"
    case $1 in
      redis) cat "$configuration_directory/redis.conf" "$configuration_directory/redis.acl" ;;
      launcher) cat "$slots_directory/made-for" ;;
      guard) cat "$settings_file" "$guard_file" ;;
      api | worker) cat "$settings_file" "$image_store/index.json" ;;
    esac
  } | sha256sum
}

# Starts the services named, and starts those again that run with something old.
start_services() { # SERVICE...
  local service stamps="$run_directory/started-with"
  mkdir -p "$stamps"
  for service in "$@"; do
    # What runs is stopped by the definition that it was started with: that one knows how long its drain may take.
    if [ "$(service_digest "$service")" != "$(cat "$stamps/$service" 2> /dev/null)" ]; then
      say "starting $service"
      stop_service "$service"
      configure_service "$service"
    fi
    start_service "$service"
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

# Inodes of the sockets that listen on a port. /proc/net/tcp: local address, state 0A (listening), inode.
listening() { # ADDRESS
  awk -v port=":$(printf '%04X' "$((10#${1##*:}))")" '$4 == "0A" && substr($2, length($2) - 4) == port { print $10 }' /proc/net/tcp /proc/net/tcp6 2> /dev/null
}

holds_socket() { find "/proc/$1/fd" -lname "socket:\[$2\]" 2> /dev/null | grep -q .; } # PID INODE

# Whether the very process that we started listens there: another instance may answer just as well.
listens() { # SERVICE ADDRESS
  local pid inode
  pid=$(service_pid "$1") || return 1
  for inode in $(listening "$2"); do ! holds_socket "$pid" "$inode" || return 0; done
  return 1
}

is_ours() { # INODE
  local service pid
  for service in "${services[@]}"; do
    pid=$(service_pid "$service" || true)
    if [ -n "$pid" ] && holds_socket "$pid" "$1"; then return 0; fi
  done
  return 1
}

holder_of() { # INODE → name and pid
  local directory
  for directory in /proc/[0-9]*; do
    if holds_socket "${directory#/proc/}" "$1"; then echo "$(cat "$directory/comm"), pid ${directory#/proc/}"; return; fi
  done
  echo 'a program of another container'
}

check_port() { # WHAT ADDRESS ADVICE
  local inode
  for inode in $(listening "$2"); do
    is_ours "$inode" || stop_with "port ${2##*:} is taken by another program ($(holder_of "$inode")): $1 cannot listen there" "stop it, or $3"
  done
}

# Somebody else's listener on a port of ours would keep a service away, or answer for it.
check_ports() {
  local metrics
  metrics=$(setting metricsAddress)
  check_port 'the api' "$address" 'choose another --address HOST:PORT'
  [ -z "$metrics" ] || check_port "the api's metrics" "$metrics" "change metricsAddress in $settings_file"
  [ -z "$worker_metrics" ] || check_port "the worker's metrics" "$worker_metrics" "set workerMetricsAddress in $settings_file ('' for nowhere), or choose another --address HOST:PORT"
  if [ -n "$worker_metrics" ] && [ "${worker_metrics##*:}" = "${address##*:}" ]; then
    stop_with "the api and the worker's metrics have the same port, ${address##*:}" "change workerMetricsAddress in $settings_file"
  fi
}

# A file of the worker's own: never waited for, and compared with a number only.
worker_says_ready() { [ "$(timeout 2 head -c 16 "$run_directory/worker/ready" 2> /dev/null)" = "$(service_pid worker)" ]; }

# Why the service is not ready, in one line; nothing when it is. Each is asked of the very process that we started.
not_ready_because() {
  local service answer
  for service in "${services[@]}"; do
    [ -n "$(service_pid "$service" || true)" ] || { echo "$service does not run"; return; }
  done
  if [ ! -S "$run_directory/launcher/launcher.sock" ]; then echo 'the launcher does not listen yet'
  elif ! worker_says_ready; then echo 'the worker takes no jobs yet'
  elif ! listens api "$address"; then echo "the api does not listen on $address yet"
  else
    answer=$(curl --silent --max-time 5 --write-out '\n%{http_code}' "$(origin)/readyz") || { echo 'the api does not answer'; return; }
    [ "${answer##*$'\n'}" = 200 ] || echo "the api says: $(sed -nE '1s/.*"title":"([^"]*)".*/\1/p' <<< "$answer")"
  fi
}

# What the api wants somebody to look at, in one line; nothing when there is nothing, or when it does not answer.
readiness_warning() {
  curl --silent --max-time 5 "$(origin)/readyz" 2> /dev/null | sed -nE 's/.*"warnings":\["([^"]*)".*/\1/p'
}

is_ready() { [ -z "$(not_ready_because)" ]; }

wait_until_ready() {
  local deadline=$((SECONDS + 120))
  say 'waiting until the service is ready'
  until is_ready; do
    [ $SECONDS -lt $deadline ] || { show_logs >&2; stop_with "the service did not get ready in two minutes: $(not_ready_because)" "read the lines above, ./stockade status and $log_directory"; }
    sleep 0.2
  done
}

# Where a client on this machine finds the api: an address that means every interface is reached by loopback.
origin() {
  local host=${address%:*}
  case $host in 0.0.0.0 | '[::]') host=127.0.0.1 ;; esac
  echo "http://$host:${address##*:}"
}
