# The AppArmor profile of jobs, where the kernel has AppArmor. Sourced by set-up.sh. A reboot forgets it: loaded again then.
# shellcheck shell=bash

has_apparmor() { [ "$(cat /sys/module/apparmor/parameters/enabled 2> /dev/null)" = Y ]; }

load_apparmor_profiles() {
  has_apparmor || return 0
  say 'AppArmor: loading profiles/apparmor'
  apparmor_parser --replace --skip-cache profiles/apparmor/* \
    || stop_with 'the AppArmor profile of jobs cannot be loaded' 'read the message above; apparmor_parser must match the kernel'
}

# The profiles belong to all instances of a machine: the last one takes them along.
remove_apparmor_profiles() { ! has_apparmor || apparmor_parser --remove profiles/apparmor/* 2> /dev/null || true; }
