# Builds the product in this checkout and installs it, root-owned, where service users can read it. Sourced by set-up.sh.
# shellcheck shell=bash

# Building needs no root: whoever owns the checkout does it, so that what it writes stays theirs.
as_owner() {
  local owner
  owner=$(stat -c %U .)
  if [ "$owner" = root ]; then "$@"; else runuser -u "$owner" -- env "PATH=$PATH" "$@"; fi
}

install_modules() {
  if [ -f node_modules/.package-lock.json ] && [ ! package-lock.json -nt node_modules/.package-lock.json ]; then
    say 'npm packages: all there'
    return
  fi
  say 'npm packages: npm ci'
  command -v npm > /dev/null || stop_with 'npm is not there' 'install npm, which comes with Node.js, then run up again'
  # No package needs its install scripts, so none of them runs.
  as_owner npm ci --ignore-scripts --no-audit --no-fund --loglevel=error || stop_with 'npm ci failed' 'read its message above, then run up again'
  as_owner touch node_modules/.package-lock.json
}

build_set_up_tools() {
  as_owner make --silent -C native/set-up || stop_with 'the set-up programs could not be built' 'read the message above, then run up again'
}

# All that the installed release is made of, in one digest: when it is the same, there is nothing to do.
release_digest() {
  {
    find contract policy queue api worker guard native profiles ops package-lock.json tsconfig.json tsconfig.build.json -type f \
      -not -path 'native/build/*' -print0 | sort -z | xargs -0 sha256sum
    node --version
    uname -m
  } | sha256sum | cut -c1-16
}

# A command that works without an installed instance, from the checkout.
build_for_commands() { # PROGRAM
  [ ! -e "$1" ] || return 0
  { install_modules && as_owner node node_modules/typescript/bin/tsc -p tsconfig.build.json; } >&2 \
    || stop_with "$1 could not be built" 'read the message above'
}

build_product() {
  say 'building: TypeScript'
  as_owner node node_modules/typescript/bin/tsc -p tsconfig.build.json || stop_with 'the TypeScript build failed' 'read the messages above, then run up again'
  say 'building: launcher and addon'
  as_owner make --silent -C native || stop_with 'the native build failed' 'read the messages above, then run up again'
}

# Only what services need at run time, by the lock file: no test runner, no formatter.
production_packages() {
  node -e 'const { packages } = JSON.parse(fs.readFileSync("package-lock.json"))
    for (const [path, entry] of Object.entries(packages))
      if (path !== "" && !entry.dev && fs.existsSync(path)) console.log(path)'
}

copy_release() { # DIRECTORY
  local target=$1 folder
  mkdir -p "$target/native/build" "$target/dist"
  cp package.json package-lock.json "$target/"
  cp -R profiles ops "$target/"
  cp native/build/{launcher,addon.node,slot-mounts,own-tree,kernel-probe} "$target/native/build/"
  for folder in contract policy queue api worker guard native; do cp -R "dist/$folder" "$target/dist/"; done
  install -D -m 0644 -t "$target/dist/ops" dist/ops/{seccomp,oci,admin,admin-words,usage-export,policy,policy-files,policy-text,mcp,mcp-tool,mcp-job,mcp-policy}.js
  production_packages > "$target/packages"
  grep -q . "$target/packages" || stop_with 'package-lock.json names no package' 'git checkout package-lock.json, then run up again'
  tar --create --files-from "$target/packages" | tar --extract --directory "$target"
  rm "$target/packages"
  chown -R root:root "$target"
  chmod -R u=rwX,go=rX "$target"
}

# A release appears whole or not at all. The one before it stays until no service runs from it: remove_old_releases.
install_release() {
  local digest target
  install_modules
  digest=$(release_digest)
  target="$install_directory/release-$digest"
  if [ "$(readlink "$release")" = "release-$digest" ]; then say "release $digest: installed"; return; fi
  build_product
  say "release $digest: installing to $install_directory"
  rm -rf "$target" "$target.partial"
  copy_release "$target.partial"
  mv "$target.partial" "$target"
  ln -sfn "release-$digest" "$release"
}

# A service reads its release as long as it runs, for example the profile of each job: only what none of them was started from may go.
remove_old_releases() { # COMMAND-LINE...
  local directory
  for directory in "$install_directory"/release-*; do
    if [ "$directory" = "$(readlink -f "$release")" ] || [[ " $* " == *" $directory/"* ]]; then continue; fi
    rm -rf --one-file-system "$directory"
  done
}
