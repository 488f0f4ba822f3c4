# The audit logs of this instance, or files of them: whether they are whole, and what they say (docs/audit.md). Sourced by ./stockade, after
# set-up.sh.
# shellcheck shell=bash

command_audit_verify() {
  local program=dist/ops/audit.js seal_key="$state_directory/secrets/seal.key" from=(--directory "$log_directory/audit") one
  if [ ! -e "$program" ]; then
    { install_modules && as_owner node node_modules/typescript/bin/tsc -p tsconfig.build.json; } >&2 \
      || stop_with 'the verifier could not be built' 'read the message above'
  fi
  # Without the key the chain is looked at and the seals are not, which the answer says.
  if [ -n "$key" ]; then from+=(--key "$(from_caller "$key")")
  elif [ -r "$seal_key" ]; then from+=(--key "$seal_key"); fi
  for one in "${files[@]}"; do from+=("$(from_caller "$one")"); done
  exec node "$program" "${from[@]}"
}

# Both logs in the order of time; a process that was killed may have left a line in part.
command_audit_show() {
  local logs=("$log_directory"/audit/*/audit.jsonl)
  [ -e "${logs[0]}" ] || stop_with "there is no audit log in $log_directory/audit" './stockade up begins one'
  { grep --no-filename --fixed-strings -- "$file" "${logs[@]}" || true; } | sort --stable --field-separator='"' --key=10,10
}
