# Debian packages that only the bench needs. Sourced by test/bench/run, which runs as root.
# shellcheck shell=bash

# package: the file that shows that it is there
readonly bench_packages=(
  'bubblewrap:/usr/bin/bwrap' 'runc:/usr/sbin/runc' 'crun:/usr/bin/crun' 'gcc:/usr/bin/gcc' 'util-linux:/usr/bin/setpriv'
  'libdevmapper1.02.1:/usr/share/doc/libdevmapper1.02.1'
)
# What the source of isolate and of nsjail is built with.
readonly isolate_packages=('make:/usr/bin/make' 'libcap-dev:/usr/include/sys/capability.h' 'libseccomp-dev:/usr/include/seccomp.h' 'pkg-config:/usr/bin/pkg-config')
readonly nsjail_packages=(
  'make:/usr/bin/make' 'g++:/usr/bin/g++' 'bison:/usr/bin/bison' 'flex:/usr/bin/flex' 'pkg-config:/usr/bin/pkg-config'
  'protobuf-compiler:/usr/bin/protoc' 'libprotobuf-dev:/usr/include/google/protobuf/message.h' 'libnl-route-3-dev:/usr/include/libnl3/netlink/route/link.h'
)

lists_are_new=no
update_lists() { [ $lists_are_new = yes ] || apt-get update -qq; lists_are_new=yes; }

install_packages() { # PACKAGE:FILE...
  local entry missing=()
  for entry in "$@"; do [ -e "${entry#*:}" ] || missing+=("${entry%%:*}"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  echo "Debian packages of the bench: ${missing[*]}"
  update_lists
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
}

# docker.io and containerd are unpacked, not installed: installed, they start and enable a root daemon of their own, with its bridge
# and its rules of iptables, on a machine that only wanted a figure. Prints the directory; nothing where a dockerd is installed.
unpack_docker() { # DIRECTORY
  local package
  if [ -e /usr/sbin/dockerd ]; then return; fi
  if [ ! -e "$1/usr/sbin/dockerd" ] || [ ! -e "$1/usr/bin/containerd" ]; then
    echo 'Debian packages of the bench, unpacked: docker.io containerd' >&2
    update_lists >&2
    mkdir -p "$1"
    (cd "$1" && apt-get download -qq docker.io containerd 2> /dev/null)
    for package in "$1"/*.deb; do dpkg-deb --extract "$package" "$1"; rm "$package"; done
  fi
  echo "$1"
}
