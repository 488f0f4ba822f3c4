/* The machine's MemAvailable (proc(5)), and the limit of the group that holds all slots, less what is used and cannot simply be dropped. */
#include "room.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cgroup_file.h"

static const uint64_t look_again_ns = 250000000;

static uint64_t less(uint64_t value, uint64_t part) { return value > part ? value - part : 0; }

static uint64_t of_machine(void) {
  char text[4096];
  int file = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return 0;
  int result = cgroup_file_reread(file, text, sizeof text);
  close(file);
  const char *line = result < 0 ? NULL : strstr(text, "MemAvailable:");
  uint64_t kibibytes = 0;
  if (line == NULL)
    return 0;
  line += strlen("MemAvailable:");
  return cgroup_text_number(line + strspn(line, " "), &kibibytes) < 0 ? 0 : kibibytes * 1024;
}

/* Pages of files that were not used lately are given up before anything is refused. */
static uint64_t of_group(const struct cgroup_roots *roots) {
  const bool first = roots->version == 1;
  const int group = roots->root[CGROUP_MEMORY];
  char text[8192];
  uint64_t limit = 0;
  uint64_t used = 0;
  uint64_t inactive = 0;
  int result = cgroup_file_read_number(group, first ? "memory.limit_in_bytes" : "memory.max", &limit);
  if (result == -ENOENT) /* the root of all groups has none */
    return UINT64_MAX;
  if (result == 0)
    result = cgroup_file_read_number(group, first ? "memory.usage_in_bytes" : "memory.current", &used);
  if (result == 0)
    result = cgroup_file_read(group, "memory.stat", text, sizeof text);
  if (result == 0)
    result = cgroup_text_key(text, first ? "total_inactive_file" : "inactive_file", &inactive);
  return result < 0 ? 0 : less(limit, less(used, inactive));
}

/* Once short, until there is a quarter more: not to and fro for every sandbox that is made. */
bool room_is_short(struct room *room, uint64_t now_ns) {
  if (room->wanted_bytes == 0)
    return false;
  if (room->looked_ns != 0 && now_ns < room->looked_ns + look_again_ns)
    return room->is_short;
  uint64_t wanted = room->is_short ? room->wanted_bytes + room->wanted_bytes / 4 : room->wanted_bytes;
  room->looked_ns = now_ns;
  room->is_short = of_machine() < wanted || of_group(room->roots) < wanted;
  return room->is_short;
}
