# systemd units of the four services and the once-a-boot part of set-up. Sourced by services.sh.
# shellcheck shell=bash

readonly units=/etc/systemd/system

hardening() { # SERVICE
  cat <<'COMMON'
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
RestrictRealtime=yes
LockPersonality=yes
UMask=0027
COMMON
  [ "$1" = launcher ] && return
  printf '%s\n' NoNewPrivileges=yes CapabilityBoundingSet= RestrictNamespaces=yes RestrictSUIDSGID=yes ProtectControlGroups=yes \
    ProtectKernelTunables=yes ProtectProc=invisible 'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6' SystemCallArchitectures=native
}

# The launcher makes mounts, namespaces and control groups of its own: what systemd would take from it, it takes from itself.
launcher_lines() {
  printf '%s\n' 'Delegate=cpu memory pids' 'KillMode=control-group' 'TasksMax=infinity'
}

writable_paths() {
  case $1 in
    redis) echo "$state_directory/redis $run_directory/redis" ;;
    api) echo "$run_directory/api $state_directory/blobs" ;;
    worker) echo "$run_directory/worker $state_directory/blobs" ;;
    launcher) echo "$run_directory/launcher $slots_directory /sys/fs/cgroup" ;;
  esac
}

unit_text() { # SERVICE
  local service=$1 user
  user=$(service_user "$service")
  cat <<UNIT
# Written by ./stockade up; changes here are lost.
[Unit]
Description=Stockade $instance: $service
After=$instance-set-up.service $([ "$service" = redis ] || echo "$instance-redis.service")
Requires=$instance-set-up.service

[Service]
Type=exec
User=$user
Group=$user
Environment=STOCKADE_CONFIG=$configuration_directory/stockade.yaml LANG=C.UTF-8
ExecStart=$(service_command "$service")
Restart=always
RestartSec=200ms
TimeoutStopSec=40
ReadWritePaths=$(writable_paths "$service")
$([ "$service" = launcher ] && launcher_lines)
$([ "$service" = launcher ] || hardening "$service")

[Install]
WantedBy=multi-user.target
UNIT
}

set_up_unit() {
  cat <<UNIT
# Written by ./stockade up; changes here are lost. Directories and mounts that a reboot empties.
[Unit]
Description=Stockade $instance: directories and mounts
Before=$instance-redis.service
RequiresMountsFor=$state_directory

[Service]
Type=oneshot
RemainAfterExit=yes
WorkingDirectory=$release
ExecStart=/bin/bash $release/ops/set-up.sh --once-a-boot --instance $instance --slots $slots

[Install]
WantedBy=multi-user.target
UNIT
}

write_unit() { # NAME, content on stdin
  cat > "$units/$1.new"
  if cmp -s "$units/$1.new" "$units/$1"; then rm "$units/$1.new"; return 1; fi
  mv "$units/$1.new" "$units/$1"
}

configure_services() {
  local service
  changed_services=()
  set_up_unit | write_unit "$instance-set-up.service" || true
  for service in "${services[@]}"; do
    if unit_text "$service" | write_unit "$instance-$service.service"; then changed_services+=("$service"); fi
  done
  systemctl daemon-reload
  systemctl enable --quiet "$instance-set-up.service" "${services[@]/#/$instance-}"
}

start_services() {
  if [ "${release_changed:-no}" = yes ]; then changed_services=("${services[@]:1}"); fi
  if [ "${redis_changed:-no}" = yes ]; then changed_services+=(redis); fi
  systemctl start "$instance-set-up.service" "${services[@]/#/$instance-}"
  [ ${#changed_services[@]} -eq 0 ] || systemctl restart "${changed_services[@]/#/$instance-}"
}

stop_services() {
  systemctl stop "$instance-api" "$instance-worker" "$instance-launcher" "$instance-redis" "$instance-set-up" 2> /dev/null || true
}

service_pid() { systemctl show --property MainPID --value "$instance-$1.service" 2> /dev/null | grep -vx 0; }
show_logs() { journalctl --no-pager --lines 40 --unit "$instance-*"; }

remove_services() {
  systemctl disable --quiet "$instance-set-up.service" "${services[@]/#/$instance-}" 2> /dev/null || true
  rm -f "$units/$instance-set-up.service" "${services[@]/#/$units/$instance-}"
  local service
  for service in "${services[@]}"; do rm -f "$units/$instance-$service.service"; done
  systemctl daemon-reload
  systemctl reset-failed "$instance-*" 2> /dev/null || true
}
