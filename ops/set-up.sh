#!/bin/bash
# Everything that an instance needs of root, in order. `./stockade up` sources this; a systemd unit runs it once a boot:
#   set-up.sh --once-a-boot --instance NAME
# Each step can be run again at any time. Nothing started from here stays root.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ "${1:-}" = --once-a-boot ]; then instance=$3; fi
for part in instance settings packages accounts attestation cgroups apparmor images redis build guard services; do
  # shellcheck disable=SC1090 # ops/*.sh, checked one by one
  source "ops/$part.sh"
done

# One set-up at a time on a machine: /etc/subuid, the image cache and apt are shared.
with_lock() {
  exec 9> /run/lock/stockade-set-up.lock
  if ! flock --nonblock 9; then say 'waiting for another ./stockade to end'; flock 9; fi
  "$@"
  exec 9>&-
}

prepare() {
  install_packages
  check_node
  settle_settings
  [ -n "$only" ] || check_ports # before anything is written
  make_accounts
  build_set_up_tools
  make_subordinate_ids
  make_directories
  make_secrets
  make_receipt_key
  write_settings
  configure_redis
  install_node
  install_images
  prepare_for_boot
}

prepare_for_boot() {
  make_run_directories
  make_cgroups
  load_apparmor_profiles
  mount_slots
  [ ! -e "$guard_file" ] || make_guard_directories
}

# Slots keep their mount until a reboot, or until their number or their ids change.
mount_slots() {
  local base made
  base=$(subordinate_start)
  made="$slots_directory/made-for"
  say "slots: $slots id-mapped mounts of the image store below $slots_directory"
  [ "$(cat "$made" 2> /dev/null)" = "$base $slots" ] || native/build/slot-mounts undo "$slots_directory"
  native/build/slot-mounts make "$image_store" "$slots_directory" "$slots" "$base" "$ids_per_slot" \
    || stop_with 'the image store cannot be mounted with mapped ids' 'Linux 5.19 or newer and ext4, xfs or btrfs are needed: see ./stockade doctor'
  echo "$base $slots" > "$made"
}

if [ "${1:-}" = --once-a-boot ]; then
  settle_settings
  prepare_for_boot
fi
