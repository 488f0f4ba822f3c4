# Names that everything of an instance is derived from, and how set-up speaks. Sourced, never run.
# shellcheck shell=bash disable=SC2034

say() { printf '%s  %s\n' "$(date +%T)" "$*"; }
stop_with() { printf 'stockade: %s\n' "$1" >&2; [ $# -lt 2 ] || printf '          what to do: %s\n' "$2" >&2; exit 1; }

[[ $instance =~ ^[a-z][a-z0-9-]{0,22}$ ]] \
  || stop_with "'$instance' is not a usable instance name" 'use up to 23 small letters, digits and hyphens, a letter first'

readonly api_user="$instance-api" worker_user="$instance-worker" launcher_user="$instance-launcher"
readonly redis_group="$instance-redis" seal_group="$instance-seal" launch_group="$instance-launch" blob_group="$instance-blobs"
readonly install_directory="/opt/$instance" configuration_directory="/etc/$instance"
readonly state_directory="/var/lib/$instance" run_directory="/run/$instance" log_directory="/var/log/$instance"
readonly image_store="$state_directory/images" slots_directory="$run_directory/slots"
readonly image_cache=/var/cache/stockade # shared by all instances of a machine
readonly release="$install_directory/release"
readonly ids_per_slot=65536
readonly services=(redis launcher worker api) # in the order of their start
readonly v1_controllers=(memory pids cpu cpuacct) # what the launcher asks for

runs_systemd() { [ -d /run/systemd/system ]; }
cgroup_version() { if [ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ]; then echo 2; else echo 1; fi; }
