# The settings file, /etc/<instance>/stockade.yaml: written at the first start, afterwards only the lines that flags name. Sourced by set-up.sh.
# shellcheck shell=bash

readonly settings_file="$configuration_directory/stockade.yaml"

has_setting() { [ -e "$settings_file" ] && grep -q "^$1:" "$settings_file"; }

# The value of a line as YAML has it: without quotes or a comment. Empty also where there is no such line.
setting() {
  [ ! -e "$settings_file" ] || sed -n "s/^$1: *//p" "$settings_file" | tail -1 \
    | sed -E "s/^'([^']*)'.*/\1/; t; s/^\"([^\"]*)\".*/\1/; t; s/(^| +)#.*//; s/ +$//"
}

put_setting() { # NAME VALUE
  if grep -q "^$1:" "$settings_file"; then sed -i "s|^$1:.*|$1: $2|" "$settings_file"; else echo "$1: $2" >> "$settings_file"; fi
}

check_address() {
  [[ $1 =~ ^[A-Za-z0-9.:_-]+:([0-9]{1,5})$|^\[[0-9a-fA-F:]+\]:([0-9]{1,5})$ ]] || stop_with "'$1' is no address" 'give --address HOST:PORT'
  local port=${1##*:}
  if [ "$((10#$port))" -lt 1 ] || [ "$((10#$port))" -gt 65534 ]; then stop_with "'$port' is no port" 'give --address HOST:PORT with a port up to 65534'; fi
}

check_slots() {
  [[ $1 =~ ^[1-9][0-9]{0,3}$ ]] && [ "$1" -le 4096 ] || stop_with "'$1' is no number of slots" 'give --slots 1 … 4096'
}

# Flags win over what an earlier start wrote, that over the defaults.
settle_settings() {
  address=${address:-$(setting address)}
  address=${address:-127.0.0.1:7070}
  slots=${slots:-$(setting slots)}
  slots=${slots:-$(($(nproc) * 2))}
  check_address "$address"
  check_slots "$slots"
  # The worker's metrics follow the api's address, unless somebody gave them one of their own. Empty: nowhere.
  if has_setting workerMetricsAddress && [ "$(setting workerMetricsAddress)" != "$(beside "$(setting address)")" ]; then
    worker_metrics=$(setting workerMetricsAddress)
  else worker_metrics=$(beside "$address"); fi
}

beside() { local port=${1##*:}; echo "127.0.0.1:$((10#${port:-0} + 1))"; }

# As contract/config.ts has them; test/ops/set-up.test.ts compares.
readonly waiting_slots_default=16 waiting_room_bytes_default=268435456

# How many sandboxes the launcher keeps ready, and with how much memory left it does.
waiting_arguments() {
  local slots_wanted room value
  slots_wanted=$(setting waitingSlots)
  room=$(setting waitingRoomBytes)
  for value in "${slots_wanted:-0}" "${room:-0}"; do
    [[ $value =~ ^(0|[1-9][0-9]*)$ ]] || stop_with "waitingSlots, waitingRoomBytes: '$value' is no number" "correct $settings_file"
  done
  echo "--waiting-slots ${slots_wanted:-$waiting_slots_default} --waiting-room-bytes ${room:-$waiting_room_bytes_default}"
}

readonly drain_ms_default=30000 # as contract/config.ts has it; test/ops/set-up.test.ts compares

# How long a service may take to end. Worker and launcher let what runs end for `drainMs`; after that the worker tells the launcher
# to end the rest and gives it back to the queue, for which it has 15 seconds more.
stop_seconds() { # SERVICE
  local drain_ms
  case $1 in worker | launcher) ;; *) echo 40; return ;; esac
  drain_ms=$(setting drainMs)
  drain_ms=${drain_ms:-$drain_ms_default}
  [[ $drain_ms =~ ^[0-9]+$ ]] || stop_with "drainMs: '$drain_ms' is no number" "correct $settings_file"
  echo $(((10#$drain_ms + 999) / 1000 + 15))
}

write_settings() {
  if [ ! -e "$settings_file" ]; then
    printf '# Settings of this instance (docs/settings.md). ./stockade up writes the lines below; others are yours.\ninstance: %s\n' "$instance" > "$settings_file"
    chmod 0644 "$settings_file"
  fi
  put_setting workerMetricsAddress "${worker_metrics:-''}"
  put_setting address "$address"
  put_setting slots "$slots"
}
