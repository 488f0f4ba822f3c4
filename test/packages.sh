# Debian packages that only tests need: installed by test/run, test/vm/build and test/native/fuzz. Sourced.
# shellcheck shell=bash

# package: the file that shows that it is there
readonly test_packages=(
  'sudo:/usr/bin/sudo' 'bsdutils:/usr/bin/script' 'crun:/usr/bin/crun' 'runc:/usr/sbin/runc'
  'clang:/usr/bin/clang' 'clang-tidy:/usr/bin/clang-tidy' 'libclang-rt-14-dev:/usr/lib/llvm-14/lib/clang/14.0.6/include/sanitizer/asan_interface.h'
  'apparmor:/usr/sbin/apparmor_parser' 'qemu-system-x86:/usr/bin/qemu-system-x86_64' 'e2fsprogs:/sbin/mke2fs' 'openssl:/usr/bin/openssl'
  'iptables:/usr/sbin/iptables' 'libdevmapper1.02.1:/usr/share/doc/libdevmapper1.02.1' # of the engine that test/guard unpacks
)

missing_test_packages() {
  local entry
  for entry in "${test_packages[@]}"; do [ -e "${entry#*:}" ] || echo "${entry%%:*}"; done
}

# Says what is missing and returns 1 if it cannot be installed: tests that need it fail then, and say so too.
install_test_packages() {
  local missing root=()
  mapfile -t missing < <(missing_test_packages)
  [ ${#missing[@]} -gt 0 ] || { echo 'Debian packages for tests: all there'; return; }
  echo "Debian packages for tests: installing ${missing[*]}"
  [ "$(id -u)" = 0 ] || root=(sudo)
  "${root[@]}" apt-get update -qq \
    && "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null \
    || { echo "could not install ${missing[*]}: run apt-get install by hand and read its message" >&2; return 1; }
}
