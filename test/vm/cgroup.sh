# What only control groups of version 2, delegated by systemd, can show. Sourced by inside.
# shellcheck shell=bash

readonly unit_group=/sys/fs/cgroup/system.slice/stockade-launcher.service

# Whether a user can move itself to the root of the tree.
moves_to_root() { setpriv --reuid "$1" --regid "$1" --clear-groups sh -c 'echo $$ > /sys/fs/cgroup/cgroup.procs && echo moved || echo refused' 2> /dev/null; }

look_at_delegation() {
  local properties
  properties=$(systemctl show --property Delegate,DelegateControllers,KillMode stockade-launcher)
  check launcher-delegated 'Delegate=yes' "$properties"
  check launcher-controllers 'DelegateControllers=.*memory.*pids' "$properties"
  check launcher-group 'system.slice/stockade-launcher.service/launcher$' "$(cat "/proc/$(main_process launcher)/cgroup")"
  check controllers-handed-down 'cpu memory pids' "$(cat "$unit_group/cgroup.subtree_control")"
  check group-of-the-launcher '^stockade-launcher$' "$(stat -c %U "$unit_group/cgroup.procs")"
  check limits-of-the-unit-of-root '^root root$' "$(stat -c %U "$unit_group/memory.max" "$unit_group/pids.max" | xargs)"
  check launcher-stays-in-its-tree '^refused$' "$(moves_to_root stockade-launcher)"
  check control-root-moves-anywhere '^moved$' "$(moves_to_root root)"
}

limits_of_job() {
  local group file
  group=/sys/fs/cgroup$(cut -d: -f3 "/proc/$(pgrep -fx 'sleep 6' | head -1)/cgroup")
  echo "group=$group" > /tmp/limits
  for file in memory.max memory.swap.max memory.oom.group pids.max cpu.max; do echo "$file=$(cat "$group/$file")"; done >> /tmp/limits
}

look_at_limits() {
  local limits
  check job-with-limits '"stdout":"through' "$(during_a_job limits_of_job ',"memoryBytes":67108864,"processes":16,"cpus":0.5')"
  limits=$(cat /tmp/limits)
  check group-of-a-job "^group=$unit_group/slot-[0-9]+/step" "$limits"
  check memory.max '^memory.max=67108864$' "$limits"
  check memory.swap.max '^memory.swap.max=0$' "$limits"
  check memory.oom.group '^memory.oom.group=1$' "$limits"
  check pids.max '^pids.max=16$' "$limits"
  check cpu.max '^cpu.max=50000 100000$' "$limits"
  prints cgroup-namespace '0::/\\n' '{"language":"bash","source":"cat /proc/self/cgroup"}'
}

unit_event() { awk -v key="$1" '$1 == key { print $2 }' "$unit_group/memory.events"; }
left_of() { pgrep -cfx "$1" || true; }

# The verdict is the kernel's own event, and the whole step goes with the one process that was over.
look_at_memory_events() {
  local kills groups result
  kills=$(unit_event oom_kill) groups=$(unit_event oom_group_kill)
  result=$(job '{"language":"python","source":"import subprocess\nsubprocess.Popen([\"sleep\", \"777\"])\nx=bytearray(1<<30)","limits":{"memoryBytes":67108864,"wallMs":60000,"cpuMs":30000}}')
  check memory-limit-by-event '"outcome":"memory-limit"' "$result"
  check memory-limit-named '"limit":"memoryBytes"' "$result"
  check memory.events-oom_kill '^more$' "$([ "$(unit_event oom_kill)" -gt "$kills" ] && echo more)"
  check memory.events-oom_group_kill '^one more$' "$([ "$(unit_event oom_group_kill)" -eq $((groups + 1)) ] && echo one more)"
  check nothing-left-of-the-step '^0$' "$(left_of 'sleep 777')"
}

# Three sessions of their own that ignore every signal that they can.
look_at_kill() {
  local curl seen=0
  job '{"language":"bash","source":"for n in 1 2 3; do setsid sh -c \"trap : TERM HUP INT; sleep 888 & wait; sleep 888\" & done; wait","limits":{"wallMs":12000,"cpuMs":60000}}' > /tmp/killed &
  curl=$!
  until [ "$seen" -ge 3 ]; do seen=$(left_of 'sleep 888'); kill -0 $curl 2> /dev/null || break; sleep 0.2; done
  check control-three-sessions '^3$' "$seen"
  wait $curl
  check cgroup.kill-outcome '"outcome":"wall-time-limit"' "$(cat /tmp/killed)"
  check cgroup.kill-leaves-nothing '^0$' "$(left_of 'sleep 888')"
}
