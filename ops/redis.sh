# The embedded Redis: configuration and access lists. Sourced by set-up.sh. It has no TCP port.
# shellcheck shell=bash

# What neither api nor worker may do, each with its reason.
readonly denied_commands=(
  -@admin                  # CONFIG, DEBUG, SHUTDOWN, REPLICAOF, ACL, MODULE, SAVE …: change the server itself
  -@dangerous              # FLUSHALL, KEYS, SORT, SWAPDB, MONITOR …: destroy or read without bounds
  -migrate -restore -dump  # carry data out, or in behind the service's back
  '-function' '-fcall'     # code that stays in the server; the scripts in use are sent by their callers
  -move -select            # other databases
)
# What BullMQ and our own code need of the groups above.
readonly allowed_again=(
  +info                    # BullMQ reads the version and the memory policy at start
  '+client|setname' '+client|id' '+client|getname' # connections say who they are
  +role                    # ioredis
)

password_hash() { tr -d '\n' < "$state_directory/secrets/redis-$1.password" | sha256sum | cut -d' ' -f1; }

# Job data lies under stockade:{class}:…, key and tenant records under stockade:key:…: those are the api's alone.
redis_acl() {
  local common="resetchannels &stockade:* +@all ${denied_commands[*]} ${allowed_again[*]}"
  # Nobody can be the default user: it is off and has no password. It keeps every right all the same, because Redis replays
  # its log as this user, and EXEC checks rights again: without them all that was written in transactions is lost at a restart.
  echo 'user default off resetpass ~* &* +@all'
  echo "user api on #$(password_hash api) resetkeys ~stockade:* $common"
  echo "user worker on #$(password_hash worker) resetkeys ~stockade:{* $common"
}

# STOCKADE_REDIS_FSYNC is remembered: everysec may lose one second of accepted jobs when the machine dies.
redis_fsync() {
  local fsync=${STOCKADE_REDIS_FSYNC:-$(sed -n 's/^appendfsync //p' "$configuration_directory/redis.conf" 2> /dev/null)}
  case ${fsync:-always} in
    always | everysec) echo "${fsync:-always}" ;;
    *) stop_with "STOCKADE_REDIS_FSYNC=$fsync" 'use always or everysec' ;;
  esac
}

# A quarter of the machine's memory, at least 256 MiB and at most 4 GiB. Full, it refuses writes (the api answers 503): nothing is evicted.
redis_memory_mib() { awk '$1 == "MemTotal:" { mib = int($2 / 4096); print (mib < 256 ? 256 : (mib > 4096 ? 4096 : mib)) }' /proc/meminfo; }

redis_configuration() {
  local fsync
  fsync=$(redis_fsync)
  cat <<CONFIGURATION
# Written by ./stockade up; changes here are lost.
port 0
unixsocket $run_directory/redis/redis.sock
unixsocketperm 770
dir $state_directory/redis
aclfile $configuration_directory/redis.acl
appendonly yes
appendfsync $fsync
save ""
latency-tracking no
maxmemory $(redis_memory_mib)mb
maxmemory-policy noeviction
daemonize no
supervised no
loglevel notice
CONFIGURATION
}

configure_redis() {
  local file
  say "Redis: $run_directory/redis/redis.sock, appendfsync $(redis_fsync)"
  redis_configuration > "$configuration_directory/redis.conf.new"
  (umask 077 && redis_acl > "$configuration_directory/redis.acl.new")
  for file in redis.conf redis.acl; do
    chown "root:$api_user" "$configuration_directory/$file.new"
    chmod 0640 "$configuration_directory/$file.new"
    mv "$configuration_directory/$file.new" "$configuration_directory/$file"
  done
}
