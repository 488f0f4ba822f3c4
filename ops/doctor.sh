#!/usr/bin/env bash
# What this kernel offers, and what is lost without each. Called by ./stockade doctor; exit 1 when a thing is missing that every job needs.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
source ops/instance.sh
source ops/cgroups.sh

missing=0
report() { # yes|no|note NAME VALUE WITHOUT
  case $1 in
    yes) printf '  ok    %-28s %s\n' "$2" "$3" ;;
    note) printf '  note  %-28s %s\n        without it: %s\n' "$2" "$3" "$4" ;;
    no) missing=$((missing + 1)); printf '  LOST  %-28s %s\n        without it: %s\n' "$2" "$3" "$4" ;;
  esac
}
# As an ordinary user where we are root: that is what the launcher is.
ordinary() { if [ "$(id -u)" = 0 ]; then setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all -- "$@"; else "$@"; fi 2> /dev/null; }
sysctl_value() { cat "/proc/sys/${1//.//}" 2> /dev/null || echo absent; }

check_namespaces() {
  local kind
  if ordinary unshare --user true; then report yes 'user namespaces' 'for ordinary users'
  else
    report no 'user namespaces' "kernel.unprivileged_userns_clone=$(sysctl_value kernel.unprivileged_userns_clone), user.max_user_namespaces=$(sysctl_value user.max_user_namespaces), kernel.apparmor_restrict_unprivileged_userns=$(sysctl_value kernel.apparmor_restrict_unprivileged_userns)" \
      'nothing runs: the sandbox is built on them. Set the first to 1, the second above 0, the third to 0 (or load a profile for the launcher)'
    return
  fi
  for kind in mount pid net ipc uts cgroup time; do
    if ordinary unshare --user --map-root-user "--$kind" --fork true; then report yes "$kind namespace" ''
    else report no "$kind namespace" '' 'jobs are refused: none runs with a namespace missing'; fi
  done
  if ordinary unshare --user --map-root-user --mount sh -c 'd=$(mktemp -d) && mount -t tmpfs t "$d" && mkdir "$d/l" "$d/u" "$d/w" "$d/m" && mount -t overlay -o "lowerdir=$d/l,upperdir=$d/u,workdir=$d/w,userxattr" o "$d/m"'; then
    report yes 'overlay in user namespaces' ''
  else report no 'overlay in user namespaces' '' 'jobs are refused: Linux 5.11 or newer is needed'; fi
}

check_cgroups() {
  local controller found=''
  report yes 'cgroup version' "$(cgroup_version)"
  if [ "$(cgroup_version)" = 2 ]; then
    for controller in cpu memory pids; do
      if grep -qw "$controller" /sys/fs/cgroup/cgroup.controllers; then report yes "cgroup $controller" ''
      else report no "cgroup $controller" '' 'its limit cannot be kept, so jobs are refused'; fi
    done
    return
  fi
  for controller in "${v1_controllers[@]}"; do
    found=$(cgroup_v1_mount "$controller")
    if [ -n "$found" ]; then report yes "cgroup $controller" "$found"
    else report no "cgroup $controller" '' 'its limit cannot be kept, so jobs are refused'; fi
  done
  if [ -e "$(cgroup_v1_mount memory)/memory.memsw.limit_in_bytes" ]; then report yes 'swap accounting' ''
  else report no 'swap accounting' '' 'a job could escape its memory limit into swap, so jobs are refused: boot with swapaccount=1'; fi
}

check_filters() {
  local abi
  if grep -q '^Seccomp_filters' /proc/self/status; then report yes 'seccomp filters' ''
  else report no 'seccomp filters' '' 'jobs are refused'; fi
  # landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION); its number is the same on every architecture.
  abi=$(perl -e 'print syscall(444, 0, 0, 1)' 2> /dev/null)
  if [ "${abi:-0}" -ge 6 ]; then report yes 'Landlock' "ABI $abi"
  elif [ "${abi:-0}" -ge 1 ]; then report note 'Landlock' "ABI $abi" 'ABI 6 also scopes abstract sockets and signals (Linux 6.12); the namespaces still do'
  else report note 'Landlock' 'none' 'one layer less on files and sockets; a grant can demand it (landlockAbiMinimum)'; fi
  if [ "$(cat /sys/module/apparmor/parameters/enabled 2> /dev/null)" = Y ]; then report yes 'AppArmor' ''
  else report note 'AppArmor' 'none' 'one layer less; the result says so, and a grant can demand it (apparmorRequired)'; fi
}

check_host() {
  local name value
  if [ "$(printf '5.19\n%s\n' "$(uname -r)" | sort -V | head -1)" = 5.19 ]; then report yes 'id-mapped image store' "Linux $(uname -r)"
  else report no 'id-mapped image store' "Linux $(uname -r)" 'images cannot be given to slots with ids of their own: Linux 5.19 is needed'; fi
  for name in 'fs.protected_symlinks:1' 'fs.protected_hardlinks:1' 'kernel.dmesg_restrict:1' 'kernel.kptr_restrict:1' 'kernel.unprivileged_bpf_disabled:1' \
    'kernel.io_uring_disabled:2' 'kernel.perf_event_paranoid:2' 'kernel.yama.ptrace_scope:1'; do
    value=$(sysctl_value "${name%%:*}")
    if [[ $value =~ ^[0-9]+$ ]] && [ "$value" -ge "${name##*:}" ]; then report yes "${name%%:*}" "$value"
    else report note "${name%%:*}" "$value" "the host itself is less hard (${name##*:} or more is better); jobs are kept from it by the filter all the same"; fi
  done
  if [ "$(awk 'NR > 1' /proc/swaps | wc -l)" = 0 ]; then report yes 'swap' 'off'
  else report note 'swap' 'on' 'off is better: secrets of the service may reach the disk (jobs never use it)'; fi
  case $(cat /proc/sys/kernel/core_pattern) in '|'*) report note 'core dumps' 'go to a program of the host' 'a plain file name is better; jobs have a core limit of 0' ;; *) report yes 'core dumps' 'no program of the host' ;; esac
}

echo "Stockade doctor: $(uname -srm)"
check_namespaces
check_cgroups
check_filters
check_host
if [ $missing -gt 0 ]; then echo "$missing things are missing that every job needs"; exit 1; fi
echo 'this machine can run jobs'
