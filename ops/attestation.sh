# The key that signs receipts, its public side, rotation, and `./stockade verify`. Sourced by set-up.sh.
# The worker alone signs: it is the one who hears from the launcher what was in force. The key is its user's to read and nobody's to
# write; api and Redis run as another user and can forge nothing.
# shellcheck shell=bash

readonly attestation_directory="$state_directory/attestation"
readonly receipt_key="$state_directory/secrets/receipt.key"

new_receipt_key() {
  node -e 'const { privateKey } = require("node:crypto").generateKeyPairSync("ed25519")
    process.stdout.write(privateKey.export({ type: "pkcs8", format: "pem" }))'
}

# Lists the public key of the private one in FILE, unless it is listed, and prints its id (RFC 7638).
list_public_key() { # FILE
  node - "$1" "$attestation_directory" <<'SCRIPT'
const { createHash, createPublicKey } = require('node:crypto')
const { existsSync, readFileSync, renameSync, writeFileSync } = require('node:fs')
const [file, directory] = process.argv.slice(2)
const { crv, kty, x } = createPublicKey(readFileSync(file)).export({ format: 'jwk' })
const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url')
const path = `${directory}/${kid}.jwk`
const key = { kty, crv, x, kid, use: 'sig', alg: 'EdDSA', createdAt: new Date().toISOString(), retiredAt: null }
if (!existsSync(path)) {
  writeFileSync(`${path}.new`, `${JSON.stringify(key)}\n`, { mode: 0o644 })
  renameSync(`${path}.new`, path)
}
console.log(kid)
SCRIPT
}

# A second start keeps the key.
make_receipt_key() {
  make_directory "$attestation_directory" root root 0755
  make_secret receipt.key root "$worker_user" 0440 new_receipt_key
  say "receipts are signed with the key $(list_public_key "$receipt_key")"
}

# It signs no more and stays listed: what it has signed can be verified for ever.
retire_public_key() { # ID
  node - "$attestation_directory/$1.jwk" <<'SCRIPT'
const { readFileSync, renameSync, writeFileSync } = require('node:fs')
const [path] = process.argv.slice(2)
const key = { ...JSON.parse(readFileSync(path)), retiredAt: new Date().toISOString() }
writeFileSync(`${path}.new`, `${JSON.stringify(key)}\n`, { mode: 0o644 })
renameSync(`${path}.new`, path)
SCRIPT
}

# The new public key is listed before anything is signed with it, and the old one is marked after the worker was told to let go of it.
rotate_receipt_key() {
  local old new pid
  [ -s "$receipt_key" ] || stop_with "$instance has no key of receipts" './stockade up makes it'
  old=$(list_public_key "$receipt_key")
  (umask 077 && new_receipt_key > "$receipt_key.new")
  chown "root:$worker_user" "$receipt_key.new"
  chmod 0440 "$receipt_key.new"
  new=$(list_public_key "$receipt_key.new")
  mv "$receipt_key.new" "$receipt_key"
  pid=$(service_pid worker || true)
  [ -z "$pid" ] || kill -HUP "$pid"
  retire_public_key "$old"
  say "receipts are signed with the key $new; $old is retired and stays listed"
}

command_attestation_rotate() { with_lock rotate_receipt_key; }

# A path as the caller means it: we have left their directory.
from_caller() { case $1 in - | /*) echo "$1" ;; *) echo "$caller_directory/$1" ;; esac; }

# Needs neither root nor an instance: a receipt is for whoever is shown it. Without --key and --address the keys are those of this machine.
command_verify() {
  local program=dist/ops/verify.js from=()
  build_for_commands "$program"
  if [ -n "$key" ]; then from=(--key "$(from_caller "$key")")
  elif [ -n "$address" ]; then from=(--address "$address")
  else from=(--key "$attestation_directory"); fi
  [ -z "$job" ] || from+=(--job "$(from_caller "$job")")
  exec node "$program" "${from[@]}" "$(from_caller "$file")"
}
