# The verbs of ./stockade. Sourced by it, after set-up.sh.
# shellcheck shell=bash

command_up() {
  with_lock set_up_and_start
  [ -z "$only" ] || return 0
  wait_until_ready
  with_lock remove_what_was_replaced
  make_client_profile
  show_first_request
  [ "$detach" = yes ] || serve_in_foreground
}

# --only set-up prepares without starting anything, --only release installs the release as well; --only redis starts Redis alone: all
# for tests of single parts.
set_up_and_start() {
  case $only in
    '') prepare; install_release; start_services "${services[@]}" ;;
    set-up) prepare ;;
    release) prepare; install_release ;;
    redis) prepare; start_services redis ;;
    *) stop_with "there is no --only $only" 'use set-up, release or redis' ;;
  esac
}

remove_what_was_replaced() {
  remove_old_releases "$(command_lines)"
  remove_old_images
}

log_follower=''

serve_in_foreground() {
  trap 'exit 0' HUP INT TERM
  trap leave_foreground EXIT
  say 'showing logs; Ctrl-C stops the service'
  follow_logs &
  log_follower=$!
  wait $log_follower
}

# A command in the background of a script ignores Ctrl-C: the log follower is ended by name.
leave_foreground() {
  trap '' HUP INT TERM
  [ -z "$log_follower" ] || kill "$log_follower" 2> /dev/null || true
  say stopping
  with_lock stop_services
}

command_down() { with_lock take_down; }

take_down() {
  say "stopping $instance"
  stop_services
  remove_cgroups
  undo_slots
  [ "$purge" = no ] || purge_instance
}

undo_slots() {
  local slot
  # Also where the programs of set-up are gone: by hand, then.
  for slot in "$slots_directory"/*/images "$slots_directory/devices"; do
    if [ -d "$slot" ] && mountpoint -q "$slot"; then umount --lazy "$slot"; fi
  done
  rm -rf --one-file-system "$run_directory"
}

purge_instance() {
  say "removing users, groups and files of $instance"
  remove_services
  remove_client_profiles
  rm -rf --one-file-system "$install_directory" "$configuration_directory" "$state_directory" "$log_directory"
  remove_accounts
  # The last instance takes with it what all of them share.
  [ -z "$(other_instances)" ] || return 0
  rm -rf --one-file-system "$image_cache"
  remove_apparmor_profiles
  rm -f /run/lock/stockade-set-up.lock
}

other_instances() { find /etc -maxdepth 2 -name stockade.yaml -not -path "$configuration_directory/*"; }

# state pid user uptime of one service
service_state() { # SERVICE
  local pid
  pid=$(service_pid "$1" || true)
  if [ -n "$pid" ] && [ -d "/proc/$pid" ]; then ps -o stat=,pid=,user:32=,etime= -p "$pid" | awk '{ print "running", $2, $3, $4 }'
  else echo 'stopped - - -'; fi
}

json_text() { printf '"%s"' "${1//[\"\\]/}"; }

status_as_json() { # WHY-NOT-READY SERVICE-STATE...
  local because=$1 row service state pid user uptime entries=()
  shift
  for row in "$@"; do
    read -r service state pid user uptime <<< "$row"
    entries+=("{\"service\":\"$service\",\"state\":\"$state\",\"pid\":${pid/#-/0},\"user\":\"$user\",\"uptime\":\"$uptime\"}")
  done
  (IFS=,; printf '{"instance":"%s","address":"%s","ready":%s,"because":%s,"services":[%s]}\n' "$instance" "$address" \
    "$([ -n "$because" ] && echo false || echo true)" "$([ -n "$because" ] && json_text "$because" || echo null)" "${entries[*]}")
}

status_as_text() { # WHY-NOT-READY SERVICE-STATE...
  local because=$1 row warning
  shift
  printf '%-9s %-8s %-8s %-32s %s\n' service state pid user uptime
  # shellcheck disable=SC2086 # one word a column
  for row in "$@"; do printf '%-9s %-8s %-8s %-32s %s\n' $row; done
  if [ -z "$because" ]; then
    echo "$instance is ready at $(origin)"
    warning=$(readiness_warning)
    if [ -n "$warning" ]; then echo "warning: $warning"; fi
  else echo "$instance is not ready: $because (logs: $(where_logs_are); ./stockade up starts what is stopped)"; fi
}

command_status() {
  local service because rows=()
  [ -e "$settings_file" ] || stop_with "there is no instance $instance" './stockade up makes it'
  settle_settings
  for service in "${services[@]}"; do rows+=("$service $(service_state "$service")"); done
  because=$(not_ready_because)
  if [ "$json" = yes ]; then status_as_json "$because" "${rows[@]}"; else status_as_text "$because" "${rows[@]}"; fi
  [ -z "$because" ]
}
