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

# --only set-up prepares without starting anything; --only redis starts Redis alone: both for tests of single parts.
set_up_and_start() {
  case $only in
    '') prepare; install_release; check_port; start_services "${services[@]}" ;;
    set-up) prepare ;;
    redis) prepare; start_services redis ;;
    *) stop_with "there is no --only $only" 'use set-up or redis' ;;
  esac
}

remove_what_was_replaced() {
  remove_old_releases "$(command_lines)"
  remove_old_images
}

serve_in_foreground() {
  say 'showing logs; Ctrl-C stops the service'
  trap 'exit 0' INT TERM
  trap 'say stopping; stop_services' EXIT
  follow_logs & wait $!
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
  rm -rf --one-file-system "$install_directory" "$configuration_directory" "$state_directory" "$log_directory"
  rm -f "$(client_profile)"
  rmdir "$(client_home)/.config/stockade" 2> /dev/null || true
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
  else echo 'stopped 0 - -'; fi
}

command_status() {
  local service state pid user uptime ready=no all=yes entries=()
  [ -e "$settings_file" ] || stop_with "there is no instance $instance" './stockade up makes it'
  settle_settings
  [ "$json" = yes ] || printf '%-9s %-8s %-8s %-32s %s\n' service state pid user uptime
  for service in "${services[@]}"; do
    read -r state pid user uptime < <(service_state "$service")
    [ "$state" = running ] || all=no
    entries+=("{\"service\":\"$service\",\"state\":\"$state\",\"pid\":$pid,\"user\":\"$user\",\"uptime\":\"$uptime\"}")
    [ "$json" = yes ] || printf '%-9s %-8s %-8s %-32s %s\n' "$service" "$state" "$pid" "$user" "$uptime"
  done
  if is_ready; then ready=yes; fi
  if [ "$json" = no ]; then printf 'address %s   ready %s\n' "$(origin)" "$ready"
  else (IFS=,; printf '{"instance":"%s","address":"%s","ready":%s,"services":[%s]}\n' "$instance" "$address" "$([ $ready = yes ] && echo true || echo false)" "${entries[*]}"); fi
  [ "$all $ready" = 'yes yes' ]
}
