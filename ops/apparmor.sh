# The AppArmor profiles of jobs, where the kernel has AppArmor. Sourced by set-up.sh. A reboot forgets them: loaded again then.
# shellcheck shell=bash

readonly apparmor_classes=(default strict build) # policy/apparmor-label.ts chooses one for each job

has_apparmor() { [ "$(cat /sys/module/apparmor/parameters/enabled 2> /dev/null)" = Y ]; }

# The text of one class. Only what is default's alone differs.
apparmor_profile() { # CLASS
  local only=()
  [ "$1" = default ] || only=(-e '/# default only$/d')
  sed -e "s/%class%/$1/g" "${only[@]}" profiles/apparmor/job
}

load_apparmor_profiles() {
  local class
  has_apparmor || return 0
  say "AppArmor: loading the profiles of ${apparmor_classes[*]}"
  for class in "${apparmor_classes[@]}"; do
    apparmor_profile "$class" | apparmor_parser --replace --skip-cache \
      || stop_with "the AppArmor profile of $class jobs cannot be loaded" 'read the message above; apparmor_parser must match the kernel'
  done
}

# The profiles belong to all instances of a machine: the last one takes them along.
remove_apparmor_profiles() {
  local class
  has_apparmor || return 0
  for class in "${apparmor_classes[@]}"; do apparmor_profile "$class" | apparmor_parser --remove 2> /dev/null || true; done
}
