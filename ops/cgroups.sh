# Control groups of the instance, owned by the launcher's user. Sourced by set-up.sh. A reboot empties the trees: run again.
# shellcheck shell=bash

cgroup_v1_mount() { awk -v want="$1" '$3 == "cgroup" { split($4, options, ","); for (i in options) if (options[i] == want) { print $2; exit } }' /proc/mounts; }

# systemd delegates the launcher's own unit; without it the group is ours.
cgroup_v2_root() {
  if runs_systemd; then echo "/sys/fs/cgroup/system.slice/$instance-launcher.service"; else echo "/sys/fs/cgroup/$instance"; fi
}

# The launcher's arguments: one root for v2, one for each controller of v1.
cgroup_root_arguments() {
  local controller
  if [ "$(cgroup_version)" = 2 ]; then echo "--cgroup-root v2:$(cgroup_v2_root)"; return; fi
  for controller in "${v1_controllers[@]}"; do
    printf -- '--cgroup-root %s:%s/%s ' "$controller" "$(cgroup_v1_mount "$controller")" "$instance"
  done
}

delegate() { # DIRECTORY FILE...
  local directory=$1 file
  shift
  mkdir -p "$directory"
  chown "$launcher_user:$launcher_user" "$directory"
  for file in "$@"; do [ ! -e "$directory/$file" ] || chown "$launcher_user:$launcher_user" "$directory/$file"; done
}

make_cgroups() {
  if [ "$(cgroup_version)" = 2 ]; then make_cgroup_v2; else make_cgroups_v1; fi
}

make_cgroup_v2() {
  if runs_systemd; then say 'control groups: version 2, delegated by systemd'; return; fi
  say "control groups: version 2, /sys/fs/cgroup/$instance"
  echo '+cpu +memory +pids' > /sys/fs/cgroup/cgroup.subtree_control \
    || stop_with 'the controllers cpu, memory and pids cannot be enabled' 'free them (see ./stockade doctor), then run up again'
  delegate "/sys/fs/cgroup/$instance" cgroup.procs cgroup.subtree_control cgroup.threads
  # Only a process inside a delegated tree can move others within it: the launcher starts in this leaf.
  delegate "/sys/fs/cgroup/$instance/launcher" cgroup.procs cgroup.threads
}

make_cgroups_v1() {
  local controller mount
  say 'control groups: version 1'
  for controller in "${v1_controllers[@]}"; do
    mount=$(cgroup_v1_mount "$controller")
    [ -n "$mount" ] || stop_with "the cgroup controller $controller is not mounted" "mount it below /sys/fs/cgroup, then run up again"
    delegate "$mount/$instance" cgroup.procs tasks
  done
  # Before Linux 5.11 a memory limit covers the groups below it only when asked to.
  echo 1 > "$(cgroup_v1_mount memory)/$instance/memory.use_hierarchy" 2> /dev/null || true
}

cgroup_trees() {
  local controller
  if [ "$(cgroup_version)" = 2 ]; then cgroup_v2_root; return; fi
  for controller in "${v1_controllers[@]}"; do echo "$(cgroup_v1_mount "$controller")/$instance"; done
}

# Nothing that ran in a sandbox outlives `down`.
kill_cgroup_tree() {
  if [ -e "$1/cgroup.kill" ]; then echo 1 > "$1/cgroup.kill"; return; fi
  find "$1" -name cgroup.procs -exec cat {} + 2> /dev/null | sort -u | xargs -r kill -KILL 2> /dev/null || true
}

remove_cgroup_tree() {
  local attempt
  for attempt in 1 2 3 4 5 6; do
    [ -d "$1" ] || return 0
    kill_cgroup_tree "$1"
    find "$1" -depth -type d -exec rmdir {} + 2> /dev/null || sleep "0.$attempt"
  done
  say "control group $1 could not be removed: see its cgroup.procs"
}

remove_cgroups() {
  local tree
  for tree in $(cgroup_trees); do remove_cgroup_tree "$tree"; done
}
