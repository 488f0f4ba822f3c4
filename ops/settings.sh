# The settings file, /etc/<instance>/stockade.yaml: written at the first start, afterwards only the lines that flags name. Sourced by set-up.sh.
# shellcheck shell=bash

readonly settings_file="$configuration_directory/stockade.yaml"

setting() { [ ! -e "$settings_file" ] || sed -n "s/^$1: *//p" "$settings_file" | tail -1; }

put_setting() { # NAME VALUE
  if grep -q "^$1:" "$settings_file"; then sed -i "s|^$1:.*|$1: $2|" "$settings_file"; else echo "$1: $2" >> "$settings_file"; fi
}

check_address() {
  [[ $1 =~ ^[A-Za-z0-9.:_-]+:([0-9]{1,5})$|^\[[0-9a-fA-F:]+\]:([0-9]{1,5})$ ]] || stop_with "'$1' is no address" 'give --address HOST:PORT'
  local port=${1##*:}
  if [ "$port" -lt 1 ] || [ "$port" -gt 65534 ]; then stop_with "'$port' is no port" 'give --address HOST:PORT with a port up to 65534'; fi
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
}

write_settings() {
  if [ ! -e "$settings_file" ]; then
    printf '# Settings of this instance (docs/settings.md). ./stockade up writes the lines below; others are yours.\ninstance: %s\n' "$instance" > "$settings_file"
    chmod 0644 "$settings_file"
  fi
  # The worker's metrics follow the api's address, unless somebody gave them one of their own.
  if [ "$(setting address)" != "$address" ]; then put_setting workerMetricsAddress "127.0.0.1:$((${address##*:} + 1))"; fi
  put_setting address "$address"
  put_setting slots "$slots"
}
