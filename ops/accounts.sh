# Service users, groups, subordinate ids, directories and secrets. Sourced by set-up.sh.
# shellcheck shell=bash

make_group() { getent group "$1" > /dev/null || groupadd --system "$1"; }

make_user() { # NAME GROUP...
  local name=$1 group
  shift
  # useradd gives no subordinate ids to system users: the launcher's are given below, the others need none.
  getent passwd "$name" > /dev/null \
    || useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$name"
  for group in "$@"; do
    id -nG "$name" | tr ' ' '\n' | grep -qx "$group" || usermod --append --groups "$group" "$name"
  done
}

make_accounts() {
  local group
  say "service users: $api_user (api and Redis), $worker_user, $launcher_user"
  for group in "$redis_group" "$seal_group" "$launch_group" "$blob_group"; do make_group "$group"; done
  make_user "$api_user" "$redis_group" "$seal_group" "$blob_group"
  make_user "$worker_user" "$redis_group" "$seal_group" "$blob_group" "$launch_group"
  make_user "$launcher_user"
}

remove_accounts() {
  local name
  sed -i "/^$launcher_user:/d" /etc/subuid /etc/subgid
  for name in "$api_user" "$worker_user" "$launcher_user" "$guard_user"; do
    ! getent passwd "$name" > /dev/null || userdel "$name" 2> /dev/null || stop_with "the user $name cannot be removed" "end its processes (pgrep -u $name), then run down --purge again"
  done
  for name in "$api_user" "$worker_user" "$launcher_user" "$guard_user" "$redis_group" "$seal_group" "$launch_group" "$blob_group"; do
    ! getent group "$name" > /dev/null || groupdel "$name"
  done
}

# The first id above every range that somebody has, so that no two users ever share one. useradd looks for gaps from below.
next_free_id() {
  awk -F: 'BEGIN { next_id = 1000000 } NF >= 3 { end = $2 + $3; if (end > next_id) next_id = end } END { print next_id }' /etc/subuid /etc/subgid
}

subordinate_start() { awk -F: -v user="$launcher_user" '$1 == user { print $2; exit }' /etc/subuid; }
subordinate_line() { grep "^$launcher_user:" "$1" || true; }

# One range: 65,536 ids that own the image store, then 65,536 for each slot (design section 12).
make_subordinate_ids() {
  local count=$(((slots + 1) * ids_per_slot)) start
  touch /etc/subuid /etc/subgid
  start=$(subordinate_start)
  if [ "$(subordinate_line /etc/subuid)" = "$launcher_user:$start:$count" ] \
    && [ "$(subordinate_line /etc/subgid)" = "$launcher_user:$start:$count" ]; then
    say "subordinate ids: $count for $launcher_user from $start"
    return
  fi
  # Mounts made for the old ranges go. A range that can grow where it is keeps its place; another moves above all others,
  # and the image store is unpacked again for its new owner.
  stop_services
  [ ! -d "$slots_directory" ] || native/build/slot-mounts undo "$slots_directory"
  sed -i "/^$launcher_user:/d" /etc/subuid /etc/subgid
  if [ -z "$start" ] || [ "$(next_free_id)" -gt "$start" ]; then start=$(next_free_id); fi
  [ $((start + count)) -lt 4000000000 ] || stop_with "no $count free subordinate ids" 'fewer --slots, or tidy /etc/subuid and /etc/subgid'
  say "subordinate ids: $count for $launcher_user from $start ($slots slots)"
  echo "$launcher_user:$start:$count" | tee -a /etc/subuid >> /etc/subgid
}

make_directory() { install -d -o "$2" -g "$3" -m "$4" "$1"; }

make_directories() {
  make_directory "$install_directory" root root 0755
  make_directory "$configuration_directory" root root 0755
  make_directory "$configuration_directory/grants" root root 0755
  make_directory "$configuration_directory/seccomp" root root 0755
  make_directory "$state_directory" root root 0755
  make_directory "$state_directory/redis" "$api_user" "$api_user" 0700
  make_directory "$image_store" root root 0755
  make_directory "$state_directory/blobs" "$api_user" "$blob_group" 2770
  make_directory "$state_directory/outputs" "$worker_user" "$blob_group" 2750 # the worker writes, the api reads
  make_directory "$state_directory/secrets" root root 0755
  make_directory "$log_directory" root root 0755
  make_directory "$log_directory/audit" root root 0755
  make_directory "$log_directory/audit/api" "$api_user" root 0750
  make_directory "$log_directory/audit/worker" "$worker_user" root 0750
  make_run_directories
}

# What a reboot empties.
make_run_directories() {
  make_directory "$run_directory" root root 0755
  make_directory "$run_directory/redis" "$api_user" "$redis_group" 2750 # the socket inherits the group
  make_directory "$run_directory/api" "$api_user" "$api_user" 0700
  make_directory "$run_directory/worker" "$worker_user" "$seal_group" 2750 # the api comes here for sessions
  make_directory "$run_directory/launcher" "$launcher_user" "$launch_group" 2750
  make_directory "$slots_directory" root root 0755
}

make_secret() { # FILE OWNER GROUP MODE COMMAND...
  local file="$state_directory/secrets/$1" owner=$2 group=$3 mode=$4
  shift 4
  if [ ! -s "$file" ]; then (umask 077 && "$@" > "$file.new" && mv "$file.new" "$file"); fi
  chown "$owner:$group" "$file"
  chmod "$mode" "$file"
}

random_password() { od -An -vtx1 -N32 /dev/urandom | tr -d ' \n'; }

make_secrets() {
  make_secret seal.key root "$seal_group" 0440 head -c 32 /dev/urandom
  make_secret redis-api.password root "$api_user" 0440 random_password
  make_secret redis-worker.password root "$worker_user" 0440 random_password
}
