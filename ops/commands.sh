# The verbs of ./stockade. Sourced by it, after set-up.sh.
# shellcheck shell=bash

command_up() {
  with_lock set_up_and_start
  [ -z "$only" ] || return 0
  wait_until_ready
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
  for slot in "$slots_directory"/*/images; do
    if [ -d "$slot" ] && mountpoint -q "$slot"; then umount --lazy "$slot"; fi
  done
  rm -rf --one-file-system "$run_directory"
}

purge_instance() {
  say "removing users, groups and files of $instance"
  remove_services
  rm -rf --one-file-system "$install_directory" "$configuration_directory" "$state_directory" "$log_directory"
  rm -f "$(client_profile)"
  remove_accounts
  # The last instance takes the image cache with it.
  [ -n "$(other_instances)" ] || rm -rf --one-file-system "$image_cache"
}

other_instances() { find /etc -maxdepth 2 -name stockade.yaml -not -path "$configuration_directory/*"; }

command_status() {
  local service pid user ready=no all=yes
  [ -e "$settings_file" ] || stop_with "there is no instance $instance" './stockade up makes it'
  settle_settings
  printf '%-9s %-9s %-8s %-28s %s\n' service state pid user uptime
  for service in "${services[@]}"; do
    pid=$(service_pid "$service" || true)
    if [ -z "$pid" ]; then
      printf '%-9s %-9s\n' "$service" stopped
      all=no
    else
      user=$(ps -o user:32= -p "$pid" | tr -d ' ' || true)
      printf '%-9s %-9s %-8s %-28s %s\n' "$service" running "$pid" "$user" "$(ps -o etime= -p "$pid" | tr -d ' ' || true)"
    fi
  done
  if curl --silent --fail --max-time 2 --output /dev/null "$(origin)/readyz"; then ready=yes; fi
  printf 'address   %s\nready     %s\n' "$(origin)" "$ready"
  [ "$all $ready" = 'yes yes' ]
}
