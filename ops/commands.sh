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

command_key_create() {
  [ -n "$tenant" ] || stop_with 'no tenant' './stockade key create --tenant NAME'
  create_key "$tenant"
}

# The key alone on stdout.
create_key() { # TENANT
  local socket="$run_directory/api/admin.sock" answer
  [ -S "$socket" ] || stop_with "$instance does not run" './stockade up starts it'
  [[ $1 =~ ^[a-z][a-z0-9-]{0,62}$ ]] || stop_with "'$1' is not a usable tenant name" 'use small letters, digits and hyphens, a letter first'
  answer=$(curl --silent --show-error --max-time 10 --unix-socket "$socket" -H 'Content-Type: application/json' \
    -d "{\"tenant\":\"$1\"}" http://localhost/v1/admin/keys) || stop_with 'the api does not answer' './stockade status'
  node -e 'const answer = JSON.parse(process.argv[1]); if (typeof answer.key !== "string") throw new Error(process.argv[1]); console.log(answer.key)' "$answer" \
    || stop_with 'the api made no key' 'read its answer above'
}

# The user who ran `up`, also through sudo.
client_user() { echo "${SUDO_USER:-$(id -un)}"; }
client_home() { getent passwd "$(client_user)" | cut -d: -f6; }
client_profile() { echo "$(client_home)/.config/stockade/$instance.key"; }

profile_works() {
  [ -s "$1" ] || return 1
  [ "$(curl --silent --max-time 5 --output /dev/null --write-out '%{http_code}' -H "Authorization: Bearer $(cat "$1")" "$(origin)/v1/jobs?limit=1")" != 401 ]
}

# The first key goes to a file of the caller's own, and is shown on a terminal only: never in a journal or a CI log.
make_client_profile() {
  local profile key user group directory
  profile=$(client_profile)
  ! profile_works "$profile" || return 0
  user=$(client_user)
  group=$(id -gn "$user")
  key=$(create_key default)
  for directory in "$(client_home)/.config" "$(client_home)/.config/stockade"; do
    [ -d "$directory" ] || install -d -o "$user" -g "$group" -m 0700 "$directory"
  done
  (umask 077 && echo "$key" > "$profile.new")
  chown "$user:$group" "$profile.new"
  mv "$profile.new" "$profile"
  say "key of tenant default: in $profile"
  [ ! -t 1 ] || printf '\n  the key, shown this once:  %s\n' "$key"
}

show_first_request() {
  local profile
  profile=$(client_profile)
  cat <<EOF

Stockade is ready at $(origin), API documentation at $(origin)/docs
Try it:

curl -s '$(origin)/v1/jobs?wait=10' \\
  -H "Authorization: Bearer \$(cat ${profile/#$(client_home)/\~})" -H 'Content-Type: application/json' \\
  -d '{"language":"python","source":"print(6 * 7)"}'
EOF
}
