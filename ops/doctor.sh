# What this kernel offers, and what is lost without each. Sourced by stockade; needs no root.
# Exit 1 when a thing is missing that every job needs. native/set-up/kernel-probe.c does the trying.
# shellcheck shell=bash

declare -A probed
doctor_missing=0 doctor_advice=0 doctor_checks=()

# ok: there. missing: no job runs without it. advice: jobs run, one layer or comfort less.
report() { # ok|missing|advice NAME VALUE LOST
  case $1 in missing) doctor_missing=$((doctor_missing + 1)) ;; advice) doctor_advice=$((doctor_advice + 1)) ;; esac
  if [ "$json" = yes ]; then
    doctor_checks+=("$(printf '{"name":"%s","state":"%s","value":"%s","lost":"%s"}' "$2" "$1" "${3//[\"\\]/}" "$([ "$1" = ok ] || echo "${4//[\"\\]/}")")")
    return
  fi
  printf '  %-8s %-34s %s\n' "$1" "$2" "$3"
  case "$1 $3" in
    ok*) ;;
    missing* | *' absent'*) printf '           without it: %s\n' "$4" ;;
    *) printf '           as it is: %s\n' "$4" ;;
  esac
}

sysctl_value() { cat "/proc/sys/${1//.//}" 2> /dev/null || echo absent; }

run_probe() {
  local directory=$state_directory name answer
  [ -x native/build/kernel-probe ] || make --silent -C native/set-up \
    || stop_with 'the kernel probe could not be built' './stockade up --only set-up installs what it needs'
  [ -d "$directory" ] || directory=/var/lib
  while read -r name answer; do probed[$name]=$answer; done < <(native/build/kernel-probe "$directory")
}

mandatory() { # PROBE LOST
  case ${probed[$1]:-no answer} in
    yes) report ok "$1" yes '' ;;
    *) report missing "$1" "${probed[$1]:-no answer}" "$2" ;;
  esac
}

check_namespaces() {
  local kind
  mandatory user-namespace "nothing runs: the sandbox is built on it. kernel.unprivileged_userns_clone=$(sysctl_value kernel.unprivileged_userns_clone) must not be 0, user.max_user_namespaces=$(sysctl_value user.max_user_namespaces) must be above 0, kernel.apparmor_restrict_unprivileged_userns=$(sysctl_value kernel.apparmor_restrict_unprivileged_userns) must not be 1"
  for kind in mount pid network ipc uts cgroup time; do
    mandatory "$kind-namespace" 'no job runs: none is ever run with a namespace missing'
  done
  mandatory overlay-in-user-namespace 'no job runs: a root of its own is an overlay; Linux 5.11 or newer'
  mandatory proc-in-user-namespace 'no job runs: /proc cannot be mounted anew; inside a container its engine must not mask /proc'
  if [ "${probed[id-mapped-store]}" = unknown ]; then
    if [ "$(printf '5.19\n%s\n' "$(uname -r)" | sort -V | head -1)" = 5.19 ]; then probed[id-mapped-store]=yes; fi
  fi
  mandatory id-mapped-store 'images cannot be given to slots with ids of their own: Linux 5.19 and ext4, xfs or btrfs below /var/lib'
  mandatory clone3 'no job runs: Linux 5.3 or newer'
}

check_cgroups() {
  local controller mount version
  version=$(cgroup_version)
  report ok cgroup-version "$version" ''
  for controller in "${v1_controllers[@]}"; do
    if [ "$version" = 2 ]; then
      [ "$controller" != cpuacct ] || continue # cpu.stat has it
      mount=$(grep -ow "$controller" /sys/fs/cgroup/cgroup.controllers || true)
    else
      mount=$(cgroup_v1_mount "$controller")
    fi
    if [ -n "$mount" ]; then report ok "cgroup-$controller" "$mount" ''
    else report missing "cgroup-$controller" absent 'no job runs: its limit could not be kept (memory on a Raspberry Pi: cgroup_enable=memory on the kernel command line)'; fi
  done
  if [ "$version" = 1 ]; then check_swap_accounting; fi
}

check_swap_accounting() {
  if [ -e "$(cgroup_v1_mount memory)/memory.memsw.limit_in_bytes" ]; then report ok cgroup-swap yes ''
  else report missing cgroup-swap absent 'no job runs: it could leave its memory limit for the swap; boot with swapaccount=1'; fi
}

check_security_modules() {
  local abi=${probed[landlock]:-0}
  mandatory seccomp 'no job runs: every one has a filter of system calls'
  if [ "$abi" -ge 6 ]; then report ok landlock "ABI $abi" ''
  elif [ "$abi" -ge 1 ]; then report advice landlock "ABI $abi" 'ABI 6 (Linux 6.12) also scopes abstract sockets and signals; the namespaces do so as well'
  else report advice landlock absent 'one layer less on files and sockets; the result says so, and a grant can demand it'; fi
  if [ "$(cat /sys/module/apparmor/parameters/enabled 2> /dev/null)" = Y ]; then report ok apparmor yes ''
  else report advice apparmor absent 'one layer less; the result says so, and a grant can demand it'; fi
}

# name, least value, what a lower one gives up (security.md A4).
host_sysctls() {
  cat <<'LIST'
fs.protected_symlinks 1 links in shared directories can mislead programs of the host
fs.protected_hardlinks 1 files of others can be linked in shared directories of the host
fs.protected_fifos 1 pipes in shared directories can mislead programs of the host
fs.protected_regular 1 files in shared directories can mislead programs of the host
kernel.io_uring_disabled 2 io_uring is open to programs of the host; jobs are kept from it by their filter
kernel.unprivileged_bpf_disabled 1 bpf is open to users of the host; jobs are kept from it by their filter
kernel.perf_event_paranoid 2 perf events are open to users of the host; jobs are kept from them by their filter
kernel.kptr_restrict 1 kernel addresses can be read; jobs see none of the files that hold them
kernel.dmesg_restrict 1 users of the host read the kernel log; jobs are kept from it by their filter
kernel.yama.ptrace_scope 1 users of the host can trace their own processes; jobs have ids of their own
LIST
}

check_host() {
  local name least lost value
  while read -r name least lost; do
    value=$(sysctl_value "$name")
    if [[ $value =~ ^[0-9]+$ ]] && [ "$value" -ge "$least" ]; then report ok "$name" "$value" ''
    elif [ "$value" = absent ]; then report advice "$name" 'absent (this kernel was built without it)' "$lost"
    else report advice "$name" "$value; better: sysctl -w $name=$least" "$lost"; fi
  done < <(host_sysctls)
  value=$(sysctl_value dev.tty.legacy_tiocsti)
  if [ "$value" = 0 ]; then report ok dev.tty.legacy_tiocsti 0 ''
  elif [ "$value" = absent ]; then report advice dev.tty.legacy_tiocsti 'absent (Linux 6.2 or newer has it)' 'input can be pushed into a terminal; jobs have none of the host'
  else report advice dev.tty.legacy_tiocsti "$value; better: sysctl -w dev.tty.legacy_tiocsti=0" 'input can be pushed into a terminal; jobs have none of the host'; fi
  check_memory_of_host
}

check_memory_of_host() {
  if [ "$(wc -l < /proc/swaps)" -le 1 ]; then report ok swap off ''
  else report advice swap on 'secrets of the service may reach the disk; jobs never use it'; fi
  if [ "$(sysctl_value vm.overcommit_memory)" = 1 ]; then report ok vm.overcommit_memory 1 ''
  else report advice vm.overcommit_memory "$(sysctl_value vm.overcommit_memory); better: sysctl -w vm.overcommit_memory=1" 'Redis may fail to rewrite its log when memory is short'; fi
  case $(sysctl_value kernel.core_pattern) in
    '|'*) report advice core_pattern 'a program of the host' 'it would be fed by crashing programs; jobs have a core limit of 0' ;;
    *) report ok core_pattern 'no program of the host' '' ;;
  esac
}

command_doctor() {
  [ "$json" = yes ] || printf 'Stockade doctor: %s\n(ok: there; advice: jobs run, with one layer or comfort less; missing: no job runs)\n' "$(uname -srm)"
  run_probe
  check_namespaces
  check_cgroups
  check_security_modules
  check_host
  if [ "$json" = yes ]; then
    (IFS=,; printf '{"kernel":"%s","ready":%s,"checks":[%s]}\n' "$(uname -r)" "$([ $doctor_missing -gt 0 ] && echo false || echo true)" "${doctor_checks[*]}")
  elif [ $doctor_missing -gt 0 ]; then echo "not ready: what every job needs and is missing here: $doctor_missing (see above)"
  else echo "ready: this machine can run jobs; pieces of advice above: $doctor_advice"; fi
  [ $doctor_missing -eq 0 ]
}
