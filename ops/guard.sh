# The guard: a Docker Engine API for tenants, in front of an engine of the operator's. docs/guard.md. Sourced by set-up.sh.
# shellcheck shell=bash

readonly guard_user="$instance-guard" guard_file="$configuration_directory/guard.yaml" guard_directory="$run_directory/guard"

# The engine's socket by its path; only a UNIX socket is fronted.
check_engine() { # ADDRESS
  [[ $1 = unix:///* ]] || stop_with "'$1' is no address of an engine" 'give --engine unix:///run/docker.sock'
  [ -S "${1#unix://}" ] || stop_with "there is no socket ${1#unix://}" 'start the engine first, then ./stockade guard up again'
}

# A user of its own, in the group of the engine's socket and in no other. Whoever may write to that socket has the engine: so this is all
# that the guard is trusted with, and nobody else needs it any more.
make_guard_account() { # SOCKET
  local group
  group=$(stat -c %G "$1")
  make_user "$guard_user"
  if setpriv --reuid "$guard_user" --regid "$guard_user" --init-groups test -w "$1" 2> /dev/null; then return; fi
  [ "$group" != root ] && [ "$group" != UNKNOWN ] \
    || stop_with "the socket $1 belongs to the group $group, into which no service is put" 'give it a group of its own: dockerd --group NAME'
  make_user "$guard_user" "$group"
  setpriv --reuid "$guard_user" --regid "$guard_user" --init-groups test -w "$1" \
    || stop_with "$guard_user cannot open $1, although it is in its group $group" 'look at the rights of the socket and of the directories above it'
}

# NAME=GRANT or NAME=GRANT:GROUP, as --tenant has them.
check_guard_tenant() {
  [[ $1 =~ ^[a-z][a-z0-9-]{0,30}=[a-z][a-z0-9-]{0,62}(:[a-z_][a-z0-9_-]{0,31})?$ ]] \
    || stop_with "'$1' is no tenant of the guard" 'give --tenant NAME=GRANT or NAME=GRANT:GROUP'
}

write_guard_file() { # ENGINE TENANT...
  local engine=$1 tenant name grant group
  shift
  if [ ! -e "$guard_file" ]; then
    printf '# The guard of this instance (docs/guard.md). ./stockade guard up adds to it; the rest is yours.\nengine: %s\ntenants:\n' "$engine" > "$guard_file"
    chmod 0644 "$guard_file"
  fi
  [ -z "$engine" ] || sed -i "s|^engine:.*|engine: $engine|" "$guard_file"
  for tenant in "$@"; do
    name=${tenant%%=*} grant=${tenant#*=} group=''
    [[ $grant != *:* ]] || { group=", group: ${grant#*:}"; grant=${grant%%:*}; }
    sed -i "/^  $name: /d" "$guard_file"
    sed -i "/^tenants:/a\\  $name: { grant: $grant$group }" "$guard_file"
  done
  grep -q '^  [a-z]' "$guard_file" || stop_with 'the guard has no tenant' 'give --tenant NAME=GRANT'
}

# A line `name group` for each tenant.
guard_tenants() {
  (cd "$(readlink -f "$release")" && "$node_binary" --input-type=module --eval '
    import { readGuardSettings } from "./dist/guard/guard-settings.js"
    for (const [name, { group = "root" }] of Object.entries(readGuardSettings(process.argv[1]).tenants)) console.log(name, group)' "$guard_file") \
    || stop_with "$guard_file cannot be used" 'read the message above'
}

# One directory a tenant: its group may go in, and the socket that the guard makes there inherits the group.
make_guard_directories() {
  local name group tenants
  tenants=$(guard_tenants)
  make_directory "$guard_directory" root root 0755
  while read -r name group; do
    getent group "$group" > /dev/null || stop_with "there is no group $group for the guard's tenant $name" "make it, or change $guard_file"
    make_directory "$guard_directory/$name" "$guard_user" "$group" 2750
  done <<< "$tenants"
}

guard_is_ready() {
  local name group
  [ -n "$(service_pid guard || true)" ] || return 1
  while read -r name group; do
    curl --silent --fail --max-time 5 --unix-socket "$guard_directory/$name/docker.sock" http://docker/_ping > /dev/null || return 1
  done < <(guard_tenants)
}

await_guard() {
  local deadline=$((SECONDS + 60))
  until guard_is_ready; do
    [ $SECONDS -lt $deadline ] || { show_logs >&2; stop_with 'the guard did not get ready in a minute' "read the lines above, and $log_directory/guard"; }
    sleep 0.2
  done
}

show_guard() {
  local name group
  while read -r name group; do
    printf 'tenant %-16s group %-16s DOCKER_HOST=unix://%s/%s/docker.sock\n' "$name" "$group" "$guard_directory" "$name"
  done < <(guard_tenants)
}

set_up_guard() {
  [ -z "$engine" ] || check_engine "$engine"
  [ -n "$engine" ] || [ -e "$guard_file" ] || stop_with 'no engine is named' 'give --engine unix:///run/docker.sock'
  local tenant
  for tenant in "${guard_tenants_asked[@]}"; do check_guard_tenant "$tenant"; done
  only=guard # the ports are the api's, which need not run beside it
  prepare
  install_release
  write_guard_file "$engine" "${guard_tenants_asked[@]}"
  engine=$(sed -n 's/^engine: *//p' "$guard_file")
  check_engine "$engine"
  make_guard_account "${engine#unix://}"
  make_guard_directories
  start_services guard
}

command_guard_up() {
  with_lock set_up_guard
  await_guard
  show_guard
}

command_guard_down() { with_lock take_guard_down; }

take_guard_down() {
  say "stopping the guard of $instance"
  stop_service guard
  remove_guard_service
  rm -rf --one-file-system "$guard_directory"
}

command_guard_status() {
  [ -e "$guard_file" ] || stop_with "the instance $instance has no guard" './stockade guard up makes one'
  settle_settings
  install_node
  printf '%-9s %-8s %-8s %-32s %s\n' service state pid user uptime
  # shellcheck disable=SC2046 # one word a column
  printf '%-9s %-8s %-8s %-32s %s\n' guard $(service_state guard)
  show_guard
  guard_is_ready || { echo "the guard is not ready (logs: $(where_logs_are))"; return 1; }
}
