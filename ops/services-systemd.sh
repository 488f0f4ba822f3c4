# systemd units of the four services, and of the part of set-up that a reboot empties. Sourced by services.sh.
# shellcheck shell=bash

readonly units=/etc/systemd/system
readonly set_up_unit="$instance-set-up.service"

unit_of() { echo "$instance-$1.service"; }

writable_paths() { # SERVICE
  case $1 in
    redis) echo "$state_directory/redis $run_directory/redis" ;;
    guard) echo "$guard_directory" ;;
    api) echo "$run_directory/api $state_directory/blobs $log_directory/audit/api" ;;
    worker) echo "$run_directory/worker $state_directory/blobs $state_directory/outputs $log_directory/audit/worker" ;;
  esac
}

# What Redis, api and worker never need. (No MemoryDenyWriteExecute: Node.js compiles at run time.)
hardening() { # SERVICE
  cat <<HARDENING
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ReadWritePaths=$(writable_paths "$1")
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
ProtectProc=invisible
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
RestrictAddressFamilies=AF_UNIX$([ "$1" = redis ] || echo ' AF_INET AF_INET6')
HARDENING
}

# The launcher calls newuidmap (set-uid) once and makes namespaces, mounts and control groups: what systemd would take
# from it, it takes from itself. When it is told to stop it lets running sandboxes end. When it dies they are killed with it
# (KillMode=mixed), and the worker runs their jobs again: systemd before 254 puts a new main process into the root of the unit's
# tree, where cgroup v2 allows none as long as there are groups with controllers below (EBUSY, cgroup-v2.rst "No Internal
# Process Constraint"), so that supervisors which outlived it would keep it from starting.
launcher_lines() { printf '%s\n' 'Delegate=cpu memory pids' 'KillMode=mixed' 'TasksMax=infinity'; }

service_definition() { # SERVICE
  local service=$1 user
  user=$(service_user "$service")
  cat <<UNIT
# Written by ./stockade up; changes here are lost.
[Unit]
Description=Stockade $instance: $service
After=$set_up_unit $(case $service in redis | guard) ;; *) unit_of redis ;; esac)
Requires=$set_up_unit
# Tried again for ever, as by runit: a service that gave up would stay away when what it lacked is back.
StartLimitIntervalSec=0

[Service]
Type=exec
User=$user
Group=$user
WorkingDirectory=/
Environment=STOCKADE_CONFIG=$settings_file LANG=C.UTF-8 $(service_environment "$service")
ExecStart=$(service_command "$service")
Restart=always
RestartSec=500ms
TimeoutStopSec=$(stop_seconds "$service")
LimitCORE=0
LimitNOFILE=65536
UMask=$([ "$service" = redis ] && echo 0007 || echo 0027)
$(if [ "$service" = launcher ]; then launcher_lines; else hardening "$service"; fi)

[Install]
WantedBy=multi-user.target
UNIT
}

set_up_definition() {
  cat <<UNIT
# Written by ./stockade up; changes here are lost.
[Unit]
Description=Stockade $instance: directories, control groups and mounts that a reboot empties
RequiresMountsFor=$state_directory
ConditionPathExists=$release

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/bash $release/ops/set-up.sh --once-a-boot --instance $instance

[Install]
WantedBy=multi-user.target
UNIT
}

write_unit() { # NAME, content on stdin
  cat > "$units/$1.new"
  if cmp -s "$units/$1.new" "$units/$1"; then rm "$units/$1.new"; return; fi
  mv "$units/$1.new" "$units/$1"
  systemctl daemon-reload
  systemctl enable --quiet "$1"
}

configure_service() { # SERVICE
  set_up_definition | write_unit "$set_up_unit"
  service_definition "$1" | write_unit "$(unit_of "$1")"
}

start_service() { systemctl start "$(unit_of "$1")" || show_logs; }
stop_service() { systemctl stop "$(unit_of "$1")" 2> /dev/null || true; systemctl reset-failed "$(unit_of "$1")" 2> /dev/null || true; }

stop_services() {
  local service
  for service in guard api worker launcher redis; do stop_service "$service"; done
  systemctl stop "$set_up_unit" 2> /dev/null || true
  rm -rf "$run_directory/started-with"
  pkill -KILL -u "$launcher_user" 2> /dev/null || true
}

service_pid() { systemctl show --property MainPID --value "$(unit_of "$1")" 2> /dev/null | grep -vx 0; }
where_logs_are() { echo "journalctl --unit '$instance-*'"; }
show_logs() { journalctl --no-pager --quiet --lines 40 --unit "$instance-*" || true; }
follow_logs() { exec journalctl --quiet --follow --lines 0 --unit "$instance-*"; }

remove_guard_service() {
  systemctl disable --quiet "$(unit_of guard)" 2> /dev/null || true
  rm -f "$units/$(unit_of guard)" "$run_directory/started-with/guard"
  systemctl daemon-reload
}

remove_services() {
  local unit
  for unit in "$set_up_unit" "${services[@]/#/$instance-}" "$instance-guard"; do
    unit=${unit%.service}.service
    systemctl disable --quiet "$unit" 2> /dev/null || true
    rm -f "$units/$unit"
  done
  systemctl daemon-reload
  systemctl reset-failed "$instance-*" 2> /dev/null || true
}
