# Toolchain root file systems from Debian packages: built once, content-addressed, kept as tar in a cache that instances share.
# Sourced by set-up.sh. Lists: ops/images/*.list.
# shellcheck shell=bash

readonly image_format=2 # Raise when the way of building changes.

list_values() { awk -v key="$1" '$1 == key { print $2 }' "$2"; }
known_languages() { awk '$1 == "language" { print $2 }' ops/images/*.list | sort | paste -sd' '; }

image_of_language() { # LANGUAGE → list file
  local list
  for list in ops/images/*.list; do
    if list_values language "$list" | grep -qx "$1"; then echo "$list"; return; fi
  done
  stop_with "no image has the language '$1'" "choose from: $(known_languages), or all"
}

# The default image, what --languages asks for, and what an earlier start installed.
wanted_lists() {
  local language
  {
    echo ops/images/default.list
    for language in ${languages//,/ }; do
      if [ "$language" = all ]; then ls ops/images/*.list; else image_of_language "$language"; fi
    done
    [ ! -f "$state_directory/image-lists" ] || cat "$state_directory/image-lists"
  } | sort -u
}

# Everything that is not needed to run programs goes; what must exist for the launcher's mounts comes.
image_hook() {
  cat <<'HOOK'
set -e
cd "$1"
rm -rf var/cache/* var/lib/apt var/log/* var/lib/dpkg/*-old usr/share/doc usr/share/man usr/share/locale usr/share/info \
  usr/share/lintian etc/resolv.conf etc/hostname etc/machine-id etc/passwd- etc/shadow- etc/group- etc/gshadow-
mkdir -p work tmp proc dev sys var/tmp
printf '127.0.0.1 localhost\n::1 localhost\n' > etc/hosts
find . -xdev -type f -perm /6000 -exec chmod ug-s {} +
echo 'job:x:1000:1000:job:/work:/bin/bash' >> etc/passwd
echo 'job:x:1000:' >> etc/group
HOOK
}

# The Debian mirrors of this machine, so that a machine with one of its own uses it. None known: mmdebstrap's own.
debian_sources() {
  apt-get indextargets --format "\$(ORIGIN) \$(CODENAME) \$(COMPONENT) \$(REPO_URI)  \$(RELEASE)" 'Created-By: Packages' 2> /dev/null \
    | awk '$1 ~ /^Debian/ && $2 ~ /^bookworm/ && $3 == "main" { print "deb", $4, $5, "main" }' | sort -u
}

# Cache file of a list: named by what goes into it.
image_tar() { echo "$image_cache/$(list_values image "$1")-$({ grep -v '^#' "$1"; image_hook; echo "$image_format"; uname -m; } | sha256sum | cut -c1-16).tar"; }

# Runs mmdebstrap; leaves image.tar, manifest and log in a directory. (Java's installation writes links for its manual pages.)
run_mmdebstrap() { # PACKAGES DIRECTORY
  local directory=$2 mirrors=()
  image_hook > "$directory/hook"
  debian_sources > "$directory/mirrors.list"
  [ ! -s "$directory/mirrors.list" ] || mirrors=("$directory/mirrors.list")
  SOURCE_DATE_EPOCH=1700000000 mmdebstrap --format=tar --mode=root --variant=essential --include="$1" --skip=output/dev \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --essential-hook="mkdir -p \"\$1/usr/share/man/man1\"" \
    --customize-hook="chroot \"\$1\" dpkg-query -W > $directory/manifest" --customize-hook="sh $directory/hook \"\$1\"" \
    bookworm "$directory/image.tar" "${mirrors[@]}" > "$directory/log" 2>&1 < /dev/null
}

build_image() { # LIST TAR
  local name packages directory
  name=$(list_values image "$1")
  packages=$(list_values package "$1" | paste -sd,)
  say "image $name: building from Debian packages ($packages); a minute or two"
  install -d -m 0755 "$image_cache"
  directory=$(mktemp -d /tmp/stockade-image-XXXXXX)
  run_mmdebstrap "$packages" "$directory" \
    || { tail -20 "$directory/log" >&2; stop_with "the image $name could not be built" "read the lines above (all: $directory/log), then run up again"; }
  sha256sum "$directory/image.tar" | cut -d' ' -f1 > "$2.sha256"
  mv "$directory/manifest" "$2.manifest"
  mv "$directory/image.tar" "$2.partial"
  mv "$2.partial" "$2" # whole or not there
  rm -rf "$directory"
}

unpack_image() { # TAR DIGEST
  local directory="$image_store/$2"
  if [ "$(cat "$directory/owner" 2> /dev/null)" = "$base_id" ]; then close_image "$directory"; return; fi
  say "image store: unpacking ${2:0:12}"
  echo "$2  $1" | sha256sum --check --status \
    || stop_with "$1 is not what was built" "rm $1, then run up again"
  rm -rf "$directory" "$directory.partial"
  install -d -m 0700 "$directory.partial"
  mkdir "$directory.partial/rootfs"
  tar --extract --file "$1" --directory "$directory.partial/rootfs" --numeric-owner --same-permissions --exclude='./dev/*'
  native/build/own-tree "$directory.partial/rootfs" "$base_id"
  echo "$base_id" > "$directory.partial/owner"
  close_image "$directory.partial"
  mv "$directory.partial" "$directory"
}

# An image has directories that everybody may write (its /tmp): no user of this host may come near them, or change what every job
# sees (CVE-2021-41091, CVE-2024-25621). The base range is root of each slot's own mount of the store, which is how a sandbox gets in.
close_image() { # DIRECTORY
  chown "$base_id:$base_id" "$1"
  chmod 0700 "$1"
}

language_entries() { # LIST MANIFEST → "python":{"version":"3.11.2-6"},…
  awk 'NR == FNR { split($1, name, ":"); version[name[1]] = $2; next }
       $1 == "language" { printf "%s\"%s\":{\"version\":\"%s\"}", separator, $2, version[$3]; separator = "," }' "$2" "$1"
}

index_entry() { # LIST TAR DIGEST
  printf '{"name":"%s","digest":"%s","languages":{%s},"bytes":%s}' \
    "$(list_values image "$1")" "$3" "$(language_entries "$1" "$2.manifest")" "$(stat -c %s "$2")"
}

install_images() {
  local list tar digest entries=() lists
  base_id=$(subordinate_start)
  lists=$(wanted_lists)
  for list in $lists; do
    [ -f "$list" ] || continue
    tar=$(image_tar "$list")
    [ -s "$tar" ] || build_image "$list" "$tar"
    digest=$(cat "$tar.sha256")
    unpack_image "$tar" "$digest"
    entries+=("$(index_entry "$list" "$tar" "$digest")")
  done
  echo "$lists" > "$state_directory/image-lists"
  (IFS=,; printf '{"images":[%s]}\n' "${entries[*]}") | put_index
  # shellcheck disable=SC2086 # one word a list
  say "images: ${#entries[@]} ($(awk '$1 == "language" { print $2 }' $lists | paste -sd' '))"
}

# The index before this one is kept, and with it its images.
put_index() { # content on stdin
  local index="$image_store/index.json"
  cat > "$index.new"
  if cmp -s "$index.new" "$index"; then rm "$index.new"; return; fi
  [ ! -e "$index" ] || ln -f "$index" "$index.previous"
  mv "$index.new" "$index"
}

# Only when the services run with the index of now: plans are made from it, and a sandbox of a plan made before may still run
# on an image of the index before. What neither names goes; a slot's mount is of the whole store, so nothing is unmounted.
remove_old_images() {
  local directory name
  for directory in "$image_store"/*/; do
    directory=${directory%/}
    name=${directory##*/}
    if [ ! -d "$directory" ] || grep -qsF "\"$name\"" "$image_store/index.json" "$image_store/index.json.previous"; then continue; fi
    say "image store: removing ${name:0:12}"
    # Half an image must not be found under its digest when this is cut short.
    if [[ $name != *.old ]]; then mv -T "$directory" "$directory.old"; directory="$directory.old"; fi
    rm -rf --one-file-system "$directory"
  done
}
