# Tenants, keys and usage by the admin socket, the client profile of whoever ran `up`, and how to use them; seccomp profiles and plans to look at. Sourced by stockade.
# shellcheck shell=bash

command_admin() { ask_admin "${admin_words[@]}"; }

# Tenants, keys and usage, on the admin socket: by the installed release, whose api answers.
ask_admin() { # WORD...
  local socket="$run_directory/api/admin.sock"
  [ -S "$socket" ] || stop_with "$instance does not run" './stockade up starts it'
  node "$release/dist/ops/admin.js" "$socket" "$@"
}

# By the installed release, as the worker reads them. Needs no root: profiles are no secret.
command_seccomp() {
  [ -e "$release/dist/ops/seccomp.js" ] || stop_with "$instance is not installed" './stockade up installs it'
  node "$release/dist/ops/seccomp.js" "${verb[1]}" "$release/profiles" "$configuration_directory/seccomp" "$profile"
}

# As the worker would run it: its profiles, and the ids that own the image store. Needs no root.
command_oci() {
  [ -e "$release/dist/ops/oci.js" ] || stop_with "$instance is not installed" './stockade up installs it'
  node "$release/dist/ops/oci.js" "$release/profiles" "$configuration_directory/seccomp" "$(from_caller "$file")" "$step" "$(subordinate_start)"
}

# An agent's tools, with the key of whoever starts it (or --key FILE), on standard input and output. Needs no root.
command_mcp() {
  local program="$release/dist/ops/mcp.js"
  if [ ! -e "$program" ]; then
    program=dist/ops/mcp.js
    build_for_commands "$program"
  fi
  settle_settings
  if [ -n "$key" ]; then key=$(from_caller "$key"); else key=$(client_profile); fi
  [ -r "$key" ] || stop_with "there is no key in $key" './stockade up makes one; or give --key FILE'
  exec node "$program" "--origin=$(origin)" "--key=$key" "--release=$(node -p 'require("./package.json").version')"
}

# By the checkout where nothing is installed, so that it works in an operator's CI. Changes nothing.
command_policy() {
  local program="$release/dist/ops/policy.js" folder="$release" from=("--from=$caller_directory")
  if [ ! -e "$program" ]; then
    program=dist/ops/policy.js folder=.
    build_for_commands "$program"
  fi
  [ -n "$grants" ] || [ ! -d "$configuration_directory/grants" ] || grants="$configuration_directory/grants"
  [ -z "$grants" ] || from+=("--grants=$grants")
  [ -z "$grant" ] || from+=("--grant=$grant")
  from+=("--profiles=$folder/profiles" "--images=$image_store")
  case ${verb[1]} in
    diff) [ ${#files[@]} -eq 2 ] || stop_with 'policy diff wants two' './stockade policy diff OLD NEW'; policy_diff ;;
    *) exec node "$program" "${from[@]}" -- "${verb[1]}" "${files[@]}" ;;
  esac
}

# What jobs asked is told by the admin socket alone: to root, since it is of all tenants.
policy_diff() {
  local socket="$run_directory/api/admin.sock"
  if [ -n "$asked" ]; then from+=("--asked=$asked")
  elif [ -r "$socket" ] && [ -w "$socket" ]; then
    exec node "$program" "${from[@]}" --asked=- -- diff "${files[@]}" \
      < <(curl --silent --show-error --max-time 30 --unix-socket "$socket" http://localhost/v1/admin/asked)
  fi
  exec node "$program" "${from[@]}" -- diff "${files[@]}"
}

# The user who ran `up`, also through sudo.
client_user() { echo "${SUDO_USER:-$(id -un)}"; }
client_home() { getent passwd "${1:-$(client_user)}" | cut -d: -f6; }
client_profile() { echo "$(client_home)/.config/stockade/$instance.key"; }

# A home is its user's: what is read or written there is so with their rights, so that no link in it leads us anywhere else.
as_user() { # USER COMMAND...
  local user=$1
  shift
  if [ "$user" = root ]; then "$@"; else runuser -u "$user" -- "$@"; fi
}

profile_works() {
  local key
  key=$(as_user "$(client_user)" timeout 5 head -c 256 "$1" 2> /dev/null) && [ -n "$key" ] || return 1
  # By stdin: an argument could be read by every user of the machine.
  [ "$(curl --silent --max-time 5 --output /dev/null --write-out '%{http_code}' -H @- "$(origin)/v1/jobs?limit=1" <<< "Authorization: Bearer $key")" != 401 ]
}

# A new file takes the place of whatever has the name. The key comes by stdin.
write_profile='
  umask 077
  directory=$(dirname "$1")
  mkdir -p "$directory" && new=$(mktemp "$directory/.key-XXXXXX") || exit 1
  cat > "$new" && mv -fT "$new" "$1" || { rm -f "$new"; exit 1; }'

# down --purge removes the profiles of all who got one.
remember_client() {
  local list="$state_directory/client-users"
  grep -qsxF "$(client_user)" "$list" || client_user >> "$list"
}

# The first key goes to a file of the caller's own, and is shown on a terminal only: never in a journal or a CI log.
make_client_profile() {
  local profile key
  profile=$(client_profile)
  remember_client
  ! profile_works "$profile" || return 0
  key=$(ask_admin key create --tenant default) || stop_with 'the api made no key' './stockade status'
  as_user "$(client_user)" sh -c "$write_profile" sh "$profile" <<< "$key" \
    || stop_with "the key cannot be written to $profile" "$(client_user) must be able to write there; ./stockade key create --tenant default prints another key"
  say "key of tenant default: in $profile"
  [ ! -t 1 ] || printf '\n  the key, shown this once:  %s\n' "$key"
}

remove_client_profiles() {
  local user home
  for user in $( (cat "$state_directory/client-users" 2> /dev/null; client_user) | sort -u); do
    home=$(client_home "$user")
    [ -n "$home" ] || continue # a user who is gone
    as_user "$user" sh -c 'rm -f "$1/$2.key" && rmdir "$1" 2> /dev/null' sh "$home/.config/stockade" "$instance" || true
  done
}

show_first_request() {
  local profile home
  profile=$(client_profile)
  home=$(client_home)
  profile="~${profile#"$home"}" # As the reader types it; the shell expands it.
  cat <<EOF

Stockade is ready at $(origin), API documentation at $(origin)/docs
Try it:

curl -s '$(origin)/v1/jobs?wait=10' \\
  -H "Authorization: Bearer \$(cat $profile)" -H 'Content-Type: application/json' \\
  -d '{"language":"python","source":"print(6 * 7)"}'
EOF
}
