# API keys by the admin socket, the client profile of whoever ran `up`, and how to use them; seccomp profiles to look at. Sourced by stockade.
# shellcheck shell=bash

command_key_create() {
  [ -n "$tenant" ] || stop_with 'no tenant' './stockade key create --tenant NAME'
  create_key "$tenant" "${grant:-untrusted}"
}

# By the installed release, as the worker reads them. Needs no root: profiles are no secret.
command_seccomp() {
  [ -e "$release/dist/ops/seccomp.js" ] || stop_with "$instance is not installed" './stockade up installs it'
  node "$release/dist/ops/seccomp.js" "${verb[1]}" "$release/profiles" "$configuration_directory/seccomp" "$profile"
}

# The key alone on stdout.
create_key() { # TENANT GRANT
  local socket="$run_directory/api/admin.sock" answer
  [ -S "$socket" ] || stop_with "$instance does not run" './stockade up starts it'
  [[ $1 =~ ^[a-z][a-z0-9-]{0,62}$ ]] || stop_with "'$1' is not a usable tenant name" 'use small letters, digits and hyphens, a letter first'
  [[ $2 =~ ^[a-z][a-z0-9-]{0,62}$ ]] || stop_with "'$2' is not a usable grant name" "see $configuration_directory/grants, or use untrusted, grader, ci or platform"
  answer=$(curl --silent --show-error --max-time 10 --unix-socket "$socket" -H 'Content-Type: application/json' \
    -d "{\"tenant\":\"$1\",\"grant\":\"$2\"}" http://localhost/v1/admin/keys) || stop_with 'the api does not answer' './stockade status'
  # By stdin: an argument could be read by every user of the machine.
  node -e 'const answer = JSON.parse(fs.readFileSync(0)); if (typeof answer.key !== "string") { console.error(JSON.stringify(answer)); process.exit(1) } console.log(answer.key)' <<< "$answer" \
    || stop_with 'the api made no key' 'read its answer above'
}

# The user who ran `up`, also through sudo.
client_user() { echo "${SUDO_USER:-$(id -un)}"; }
client_home() { getent passwd "$(client_user)" | cut -d: -f6; }
client_profile() { echo "$(client_home)/.config/stockade/$instance.key"; }

profile_works() {
  [ -s "$1" ] || return 1
  [ "$(curl --silent --max-time 5 --output /dev/null --write-out '%{http_code}' -H "Authorization: Bearer $(cat "$1")" "$(origin)/v1/jobs?limit=1")" != 401 ]
}

# The first key goes to a file of the caller's own, and is shown on a terminal only: never in a journal or a CI log.
make_client_profile() {
  local profile key user group directory
  profile=$(client_profile)
  ! profile_works "$profile" || return 0
  user=$(client_user)
  group=$(id -gn "$user")
  key=$(create_key default untrusted)
  for directory in "$(client_home)/.config" "$(client_home)/.config/stockade"; do
    [ -d "$directory" ] || install -d -o "$user" -g "$group" -m 0700 "$directory"
  done
  (umask 077 && echo "$key" > "$profile.new")
  chown "$user:$group" "$profile.new"
  mv "$profile.new" "$profile"
  say "key of tenant default: in $profile"
  [ ! -t 1 ] || printf '\n  the key, shown this once:  %s\n' "$key"
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
