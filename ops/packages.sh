# Debian packages that the service itself needs, and Node.js. Sourced by set-up.sh.
# shellcheck shell=bash

# package: the file that shows that it is there
readonly needed_packages=(
  'gcc:/usr/bin/gcc' 'make:/usr/bin/make' 'libc6-dev:/usr/include/stdio.h' 'libseccomp-dev:/usr/include/seccomp.h'
  'linux-libc-dev:/usr/include/linux/landlock.h'
  'uidmap:/usr/bin/newuidmap' 'redis-server:/usr/bin/redis-server' 'mmdebstrap:/usr/bin/mmdebstrap' 'curl:/usr/bin/curl'
  'procps:/usr/bin/pgrep' 'ca-certificates:/etc/ssl/certs/ca-certificates.crt'
  'debian-archive-keyring:/usr/share/keyrings/debian-archive-keyring.gpg'
)

missing_packages() {
  local entry
  for entry in "${needed_packages[@]}"; do [ -e "${entry#*:}" ] || echo "${entry%%:*}"; done
  runs_systemd || [ -e /usr/bin/runsvdir ] || echo runit
  ! has_apparmor || command -v apparmor_parser > /dev/null || echo apparmor
}

readonly start_policy=/usr/sbin/policy-rc.d start_policy_mark='# made by ./stockade up while it installs packages'

# Also one that a set-up left behind which was killed in the middle. A policy of the operator's own stays.
remove_start_policy() { ! grep -qsxF "$start_policy_mark" $start_policy || rm -f $start_policy; }

# Debian starts redis-server when it installs it; ours is a service of its own, so that one must not run.
without_service_starts() (
  trap remove_start_policy EXIT
  if [ ! -e $start_policy ]; then
    printf '#!/bin/sh\n%s\nexit 101\n' "$start_policy_mark" > $start_policy
    chmod 0755 $start_policy
  fi
  "$@"
)

install_packages() {
  local missing redis_was_there=no
  remove_start_policy
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} -gt 0 ] || { say 'Debian packages: all there'; return; }
  command -v apt-get > /dev/null || stop_with "these packages are missing: ${missing[*]}" 'this is no Debian: install them by hand, then run up again'
  say "Debian packages: installing ${missing[*]}"
  [ ! -e /usr/bin/redis-server ] || redis_was_there=yes
  apt-get update -qq || stop_with 'apt-get update failed' 'check the network and the apt sources, then run up again'
  without_service_starts env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null \
    || stop_with "could not install ${missing[*]}" 'run apt-get install by hand, read its message, then run up again'
  if [ $redis_was_there = no ] && runs_systemd; then systemctl disable --quiet --now redis-server.service || true; fi
}

check_node() {
  command -v node > /dev/null \
    || stop_with 'Node.js is not there, or not in the PATH' 'install Node.js 20 or newer with npm, then run up again'
  node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' \
    || stop_with "Node.js $(node -v) is too old" 'install Node.js 20 or newer, then run up again'
}

# Service users must be able to execute Node.js: one that lies where they cannot is copied.
install_node() {
  local node
  node=$(node -p process.execPath)
  node_binary=$node
  case $node in
    /home/* | /root/* | /tmp/*) ;; # also hidden from services by systemd
    *) if setpriv --reuid "$worker_user" --regid "$worker_user" --clear-groups "$node" --version > /dev/null 2>&1; then return; fi ;;
  esac
  node_binary="$install_directory/bin/node"
  cmp -s "$node" "$node_binary" && return
  say "Node.js: copying $node, which is out of reach of service users"
  make_directory "$install_directory/bin" root root 0755
  install -m 0755 "$node" "$node_binary.new" && mv "$node_binary.new" "$node_binary"
}
