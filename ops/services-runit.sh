# Supervision by Debian's runit, where systemd is not process 1. Sourced by services.sh.
# shellcheck shell=bash

readonly supervised="$state_directory/service" # not below /run, which may be mounted noexec

# The launcher calls newuidmap once, a set-uid program: it alone may gain privileges, and drops that right itself.
privilege_drop() { # SERVICE
  local user
  user=$(service_user "$1")
  echo "setpriv --reuid $user --regid $user --init-groups --inh-caps=-all$([ "$1" = launcher ] || echo ' --bounding-set=-all --no-new-privs')"
}

service_definition() { # SERVICE
  cat <<SCRIPT
#!/bin/sh
exec 2>&1
umask $([ "$1" = redis ] && echo 007 || echo 027)
ulimit -c 0
ulimit -n \$(ulimit -Hn)
cd /
$([ "$1" != launcher ] || [ "$(cgroup_version)" = 1 ] || echo "echo \$\$ > $(cgroup_v2_root)/launcher/cgroup.procs")
exec env -i PATH=/usr/bin:/bin HOME=/nonexistent LANG=C.UTF-8 STOCKADE_CONFIG=$settings_file $(service_environment "$1") \\
  $(privilege_drop "$1") $(service_command "$1")
SCRIPT
}

log_script() { # SERVICE
  local user
  user=$(service_user "$1")
  printf '#!/bin/sh\nexec setpriv --reuid %s --regid %s --clear-groups svlogd -tt %s\n' "$user" "$user" "$log_directory/$1"
}

write_executable() { # FILE, content on stdin
  cat > "$1.new"
  chmod 0755 "$1.new"
  mv "$1.new" "$1"
}

configure_service() { # SERVICE
  local directory="$supervised/$1"
  make_directory "$log_directory/$1" "$(service_user "$1")" root 0750
  printf 's1000000\nn5\n' > "$log_directory/$1/config" # five files of 1 MB
  # Names that begin with a point are not started: a new directory is complete when runsvdir sees it.
  [ -d "$directory" ] || directory="$supervised/.$1"
  mkdir -p "$directory/log"
  log_script "$1" | write_executable "$directory/log/run"
  service_definition "$1" | write_executable "$directory/run"
  stop_seconds "$1" > "$directory/stop-seconds"
  [ "$directory" = "$supervised/$1" ] || mv "$directory" "$supervised/$1"
}

# By what it is and whose, not by what it says of itself: every user can start a program with any command line, none but root one
# whose real user is root.
supervisor_pid() {
  local pid program
  for pid in $(pgrep --uid 0 --exact runsvdir || true); do
    program=$(readlink "/proc/$pid/exe") || continue
    if [ "${program% (deleted)}" = "$(readlink -f /usr/bin/runsvdir)" ] \
      && [ "$(tr '\0' ' ' < "/proc/$pid/cmdline")" = "runsvdir -P $supervised " ]; then echo "$pid"; return; fi
  done
}

start_supervisor() {
  [ -z "$(supervisor_pid)" ] || return 0
  (cd / && exec 9>&- && exec env -i PATH=/usr/bin:/bin setsid runsvdir -P "$supervised" < /dev/null > /dev/null 2>&1) &
}

# runsvdir looks for new directories every five seconds; until then sv has nobody to ask.
await_supervision() {
  local attempt
  start_supervisor
  for ((attempt = 0; attempt < 100; attempt++)); do
    [ ! -p "$supervised/$1/supervise/ok" ] || ! sv status "$supervised/$1" > /dev/null || return 0
    sleep 0.1
  done
  stop_with "runit does not supervise $1" "look at $supervised/$1 and $log_directory/$1/current"
}

start_service() { await_supervision "$1"; sv start "$supervised/$1" > /dev/null || show_logs; }

# Killed when its time is over.
stop_service() { # SERVICE
  local seconds
  [ -d "$supervised/$1" ] || return 0
  seconds=$(cat "$supervised/$1/stop-seconds" 2> /dev/null || stop_seconds "$1")
  sv -w "$seconds" force-stop "$supervised/$1" > /dev/null 2>&1 || true
}

stop_services() {
  local pid service
  pid=$(supervisor_pid)
  [ -n "$pid" ] || return 0
  for service in guard api worker launcher redis; do stop_service "$service"; done
  kill -HUP "$pid" # runsvdir tells each runsv to end, then ends
  for service in "$supervised"/*/; do sv -w 10 force-shutdown "$service" > /dev/null 2>&1 || true; done
  rm -rf "$supervised" "$run_directory/started-with"
  # Supervisors of sandboxes outlive the launcher's front on purpose, but not this.
  pkill -KILL -u "$launcher_user" 2> /dev/null || true
}

service_pid() { cat "$supervised/$1/supervise/pid" 2> /dev/null; }
where_logs_are() { echo "$log_directory"; }
show_logs() { tail -n 15 "$log_directory"/*/current 2> /dev/null || true; }
follow_logs() { exec tail -n 0 -F "$log_directory"/*/current; }
remove_services() { :; }

# runsvdir forgets a directory that is gone.
remove_guard_service() {
  sv -w 10 force-shutdown "$supervised/guard" > /dev/null 2>&1 || true
  rm -rf "$supervised/guard" "$run_directory/started-with/guard"
}
