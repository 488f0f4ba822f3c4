#!/usr/bin/env bash
# Stops an instance; with --purge removes all that set-up made for it, except Debian packages. Called by ./stockade down.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

purge=no instance=stockade
while [ $# -gt 0 ]; do
  case $1 in
    --purge) purge=yes ;;
    --instance) instance=$2; shift ;;
    *) echo "stockade down: unknown option $1" >&2; exit 2 ;;
  esac
  shift
done

source ops/instance.sh
source ops/cgroups.sh
source ops/accounts.sh
source ops/client.sh
node_binary=node slots=1
source ops/services.sh
[ "$(id -u)" = 0 ] || stop_with 'down needs root' 'run it as root or with sudo'

remove_account() {
  ! getent passwd "$1" > /dev/null || userdel "$1"
  ! getent group "$1" > /dev/null || groupdel "$1"
}

remove_everything() {
  local name
  say 'removing units, directories, accounts and subordinate ids'
  remove_services
  rm -rf "$install_directory" "$configuration_directory" "$state_directory" "$run_directory" "$log_directory" "/run/$instance-set-up.lock"
  rm -f "$client_profile"
  rmdir "$client_home/.config/stockade" 2> /dev/null || true
  sed -i "/^$launcher_user:/d" /etc/subuid /etc/subgid
  for name in "$api_user" "$worker_user" "$launcher_user" "$redis_group" "$seal_group" "$launch_group" "$blob_group"; do remove_account "$name"; done
  # The cache of images is shared: the last instance takes it along.
  [ -n "$(getent passwd | grep -- '-launcher:' | grep stockade)" ] || rm -rf "$image_cache"
}

say "stopping $instance"
stop_services
remove_cgroups
if [ -d "$slots_directory" ]; then
  for mount in "$slots_directory"/*/images; do
    while mountpoint --quiet "$mount"; do umount --lazy "$mount"; done
  done
  rm -rf "$slots_directory"
fi
[ "$purge" = no ] || remove_everything
say "$instance is down"
