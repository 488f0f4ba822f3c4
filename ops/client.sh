# The first key, the client profile of whoever ran `up`, and how to use them. Sourced.
# shellcheck shell=bash

readonly admin_socket="$run_directory/api/admin.sock"
client_user=${SUDO_USER:-$(id -un)}
client_home=$(getent passwd "$client_user" | cut -d: -f6)
readonly client_profile="$client_home/.config/stockade/$instance.key"

# Prints the key alone on stdout. Only who may open the admin socket can do this.
create_key() { # TENANT GRANT
  local answer
  answer=$(curl --silent --show-error --max-time 10 --unix-socket "$admin_socket" --header 'Content-Type: application/json' \
    --data "{\"tenant\":\"$1\",\"grant\":\"$2\"}" http://localhost/v1/admin/keys) \
    || stop_with 'the admin socket does not answer' 'is the service up? ./stockade status'
  node -e 'const answer = JSON.parse(process.argv[1]); if (!answer.key) { console.error(`stockade: ${answer.detail ?? answer.title}`); process.exit(1) } console.log(answer.key)' "$answer"
}

key_works() { [ -s "$client_profile" ] && [ "$(curl --silent --max-time 5 --output /dev/null --write-out '%{http_code}' --header "Authorization: Bearer $(cat "$client_profile")" "http://$(setting address)/v1/jobs?limit=1")" = 200 ]; }

ensure_client_profile() {
  local key
  if key_works; then return; fi
  key=$(create_key main untrusted)
  install -d -o "$client_user" -m 0700 "$client_home/.config/stockade"
  (umask 077 && printf '%s\n' "$key" > "$client_profile")
  chown "$client_user" "$client_profile"
  say "first key: written to ~/.config/stockade/$instance.key (0600)"
  # Shown on a terminal only, so that it never lies in a journal or a log of a pipeline.
  [ ! -t 1 ] || say "first key: $key"
}

say_how_to_use() {
  cat <<USE

Stockade is ready at http://$(setting address)   (a page to try it: http://$(setting address)/docs)

curl -s 'http://$(setting address)/v1/jobs?wait=10' -H "Authorization: Bearer \$(cat ~/.config/stockade/$instance.key)" -H 'Content-Type: application/json' -d '{"language":"python","source":"print(6 * 7)"}'

USE
}

stay_in_foreground() {
  say 'serving; Ctrl-C stops (use --detach to leave it running)'
  trap 'say stopping; stop_services; exit 0' INT TERM
  while sleep 3600 & wait $!; do :; done
}
