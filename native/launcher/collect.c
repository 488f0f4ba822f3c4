/* A walk without recursion and without a path that is longer than one name: each directory is opened beneath the one before, each file is
 * looked at through a descriptor that can do nothing else (O_PATH) before it is opened. Every process of the job is gone by now, and the
 * calls are the same as if it were not. */
#include "collect.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "frame.h"

enum { OUT_BYTES = 65536, LIST_BYTES = 4096, FILE_HEAD = 12, LEFT_OUT_HEAD = 1 };

/* linux/dirent.h is not for programs; the layout is getdents64(2)'s. */
struct directory_entry {
  uint64_t inode;
  int64_t offset;
  uint16_t length;
  uint8_t type;
  char name[];
};

struct level {
  int directory;
  size_t path_length; /* of the path to it */
  size_t have;
  size_t at;
  _Alignas(uint64_t) uint8_t list[LIST_BYTES];
};

struct collector {
  const struct collect_plan *plan;
  uint64_t entries;
  uint64_t files;
  uint64_t bytes;
  uint64_t name_bytes;
  uint64_t left_out[COLLECT_REASONS];
  bool over; /* a bound was reached: nothing more is looked at */
  size_t path_length;
  char path[PLAN_PATH_MAX + 1];
  size_t out_have;
  uint8_t out[OUT_BYTES];
  struct level level[PLAN_DEPTH_MAX + 1];
};

static void flush_out(struct collector *collector) {
  for (size_t done = 0; done < collector->out_have;) {
    ssize_t wrote = write(STDOUT_FILENO, collector->out + done, collector->out_have - done);
    if (wrote < 0 && errno == EINTR)
      continue;
    if (wrote <= 0)
      _exit(COLLECT_BROKEN);
    done += (size_t)wrote;
  }
  collector->out_have = 0;
}

static void put(struct collector *collector, const void *bytes, size_t size) {
  if (size > sizeof collector->out - collector->out_have)
    flush_out(collector);
  memcpy(collector->out + collector->out_have, bytes, size);
  collector->out_have += size;
}

static void put_record(struct collector *collector, enum collect_record kind, const uint8_t *head, uint32_t head_size, const char *text, size_t size) {
  uint8_t frame[FRAME_HEADER];
  frame_header(frame, (uint8_t)kind, head_size + (uint32_t)size);
  put(collector, frame, sizeof frame);
  put(collector, head, head_size);
  put(collector, text, size);
}

/* Whether one more name may be told. */
static bool take_name(struct collector *collector) {
  if (collector->path_length > collector->plan->name_bytes - collector->name_bytes)
    return false;
  collector->name_bytes += collector->path_length;
  return true;
}

static void leave_out(struct collector *collector, enum collect_reason reason) {
  const uint8_t head[LEFT_OUT_HEAD] = {(uint8_t)reason};
  collector->left_out[reason]++;
  if (reason == COLLECT_TOO_MANY)
    collector->over = true;
  else if (take_name(collector))
    put_record(collector, COLLECT_LEFT_OUT, head, sizeof head, collector->path, collector->path_length);
}

static enum collect_reason reason_of(int error) {
  switch (error) {
  case ENOENT:
  case ENOTDIR:
    return COLLECT_MISSING;
  case ELOOP: /* a link on the way */
  case EXDEV: /* another file system, or a way out */
    return COLLECT_NOT_REGULAR;
  case ENAMETOOLONG:
    return COLLECT_NAME_TOO_LONG;
  default:
    return COLLECT_UNREADABLE;
  }
}

/* No link is followed, nothing above `directory` is reached, and of no FIFO or device would be waited for. */
static int open_beneath(int directory, const char *name, uint64_t flags, uint64_t further) {
  struct open_how how = {.flags = flags | O_CLOEXEC | O_NOFOLLOW, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | further};
  return (int)syscall(SYS_openat2, directory, name, &how, sizeof how);
}

static void put_contents(struct collector *collector, int file, uint64_t size) {
  while (size > 0) {
    if (collector->out_have == sizeof collector->out)
      flush_out(collector);
    size_t room = sizeof collector->out - collector->out_have;
    ssize_t got = read(file, collector->out + collector->out_have, size < room ? (size_t)size : room);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0) /* its size has been told: nobody is there who could have made it shorter */
      _exit(COLLECT_BROKEN);
    collector->out_have += (size_t)got;
    size -= (uint64_t)got;
  }
}

static void tell_file(struct collector *collector, int file, const struct stat *status) {
  uint8_t head[FILE_HEAD];
  const uint64_t size = (uint64_t)status->st_size;
  for (unsigned at = 0; at < 4; at++)
    head[at] = (uint8_t)(status->st_mode >> (8 * at) & (at < 2 ? 0xff : 0));
  head[1] &= 1; /* the nine bits of permission */
  for (unsigned at = 0; at < 8; at++)
    head[4 + at] = (uint8_t)(size >> (8 * at));
  put_record(collector, COLLECT_FILE, head, sizeof head, collector->path, collector->path_length);
  collector->files++;
  collector->bytes += size;
  if (collector->plan->contents)
    put_contents(collector, file, size);
}

/* `looked` is what was found at the name; the file that is then opened must be that one. */
static void take_file(struct collector *collector, int directory, const char *name, const struct stat *looked) {
  const struct collect_plan *plan = collector->plan;
  const uint64_t size = (uint64_t)looked->st_size;
  if (size > plan->file_bytes || size > plan->bytes - collector->bytes) {
    leave_out(collector, COLLECT_TOO_LARGE);
    return;
  }
  int file = open_beneath(directory, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, RESOLVE_NO_XDEV);
  struct stat status;
  if (file < 0) {
    leave_out(collector, reason_of(errno));
    return;
  }
  bool same = fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_dev == looked->st_dev && status.st_ino == looked->st_ino &&
              status.st_size == looked->st_size;
  if (!same)
    leave_out(collector, COLLECT_UNREADABLE);
  else if (collector->files == plan->files || !take_name(collector))
    leave_out(collector, COLLECT_TOO_MANY);
  else
    tell_file(collector, file, &status);
  close(file);
}

/* Opens a directory as the next level, if there is to be one. The number of levels that are open then. */
static unsigned descend(struct collector *collector, int directory, const char *name, unsigned levels) {
  if (levels == collector->plan->depth) {
    leave_out(collector, COLLECT_TOO_DEEP);
    return levels;
  }
  int below = open_beneath(directory, name, O_RDONLY | O_DIRECTORY, RESOLVE_NO_XDEV);
  if (below < 0) {
    leave_out(collector, reason_of(errno));
    return levels;
  }
  struct level *level = &collector->level[levels];
  level->directory = below;
  level->path_length = collector->path_length;
  level->have = level->at = 0;
  return levels + 1;
}

/* One name, whatever it is. The number of levels that are open then. */
static unsigned take_name_at(struct collector *collector, int directory, const char *name, unsigned levels) {
  struct stat status;
  if (collector->entries == collector->plan->entries) {
    leave_out(collector, COLLECT_TOO_MANY);
    return levels;
  }
  collector->entries++;
  int looked = open_beneath(directory, name, O_PATH, RESOLVE_NO_XDEV);
  if (looked < 0 || fstat(looked, &status) < 0) {
    leave_out(collector, reason_of(errno));
    if (looked >= 0)
      close(looked);
    return levels;
  }
  close(looked);
  if (S_ISDIR(status.st_mode))
    return descend(collector, directory, name, levels);
  if (S_ISREG(status.st_mode))
    take_file(collector, directory, name, &status);
  else
    leave_out(collector, COLLECT_NOT_REGULAR);
  return levels;
}

/* Puts a name behind the level's path. Whether there was room. */
static bool extend_path(struct collector *collector, size_t length, const char *name) {
  size_t more = strlen(name);
  size_t slash = length == 0 ? 0 : 1;
  if (length + slash + more > PLAN_PATH_MAX)
    return false;
  if (slash == 1)
    collector->path[length] = '/';
  memcpy(collector->path + length + slash, name, more + 1);
  collector->path_length = length + slash + more;
  return true;
}

/* The next entry of a directory; NULL at its end. */
static const struct directory_entry *next_entry(struct collector *collector, struct level *level) {
  if (level->at == level->have) {
    long got = syscall(SYS_getdents64, level->directory, level->list, sizeof level->list);
    if (got < 0) {
      collector->path_length = level->path_length;
      leave_out(collector, COLLECT_UNREADABLE);
    }
    if (got <= 0)
      return NULL;
    level->have = (size_t)got;
    level->at = 0;
  }
  const struct directory_entry *entry = (const struct directory_entry *)(const void *)(level->list + level->at);
  level->at += entry->length;
  return entry;
}

/* All beneath the directories that are open. */
static void walk(struct collector *collector, unsigned levels) {
  const unsigned first = levels - 1;
  while (levels > first) {
    struct level *level = &collector->level[levels - 1];
    const struct directory_entry *entry = collector->over ? NULL : next_entry(collector, level);
    if (entry == NULL) {
      close(level->directory);
      levels--;
      continue;
    }
    if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0)
      continue;
    if (extend_path(collector, level->path_length, entry->name)) {
      levels = take_name_at(collector, level->directory, entry->name, levels);
      continue;
    }
    collector->path_length = level->path_length;
    leave_out(collector, COLLECT_NAME_TOO_LONG);
  }
}

/* The path is a word of the plan: no component of it is a dot or two (word.c). */
static void take_path(struct collector *collector, int root, const char *path) {
  if (collector->over || !extend_path(collector, 0, path))
    return;
  if (take_name_at(collector, root, path, 1) > 1)
    walk(collector, 2);
}

static void tell_summary(struct collector *collector) {
  static const char *const names[COLLECT_REASONS] = {"not-regular", "too-large", "too-many", "name-too-long", "too-deep", "unreadable", "missing"};
  char json[1024];
  int length = snprintf(json, sizeof json, "{\"entries\":%" PRIu64 ",\"files\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"complete\":%s,\"leftOut\":{", collector->entries,
                        collector->files, collector->bytes, collector->over ? "false" : "true");
  for (unsigned at = 0; at < COLLECT_REASONS; at++)
    length += snprintf(json + length, sizeof json - (size_t)length, "%s\"%s\":%" PRIu64, at == 0 ? "" : ",", names[at], collector->left_out[at]);
  length += snprintf(json + length, sizeof json - (size_t)length, "}}");
  put_record(collector, COLLECT_SUMMARY, (const uint8_t *)json, (uint32_t)length, "", 0);
}

const struct step_plan *collect_own_plan(const struct step_plan *step) {
  static struct step_plan own;
  memcpy(&own, step, offsetof(struct step_plan, argument));
  const char *last = step->argument_count == 0 ? step->text : step->argument[step->argument_count - 1];
  memcpy(own.text, step->text, (size_t)(last - step->text) + strlen(last) + 1);
  for (uint32_t at = 0; at < step->argument_count; at++)
    own.argument[at] = own.text + (step->argument[at] - step->text);
  return &own;
}

_Noreturn void collect_run(const struct step_plan *step) {
  static struct collector collector;
  collector.plan = &step->collect;
  /* The way to the root may cross a mount (/dev/shm); beneath it none is crossed. */
  const char *name = step->collect.root[1] == '\0' ? "." : step->collect.root + 1;
  int start = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  int root = start < 0 ? -1 : open_beneath(start, name, O_RDONLY | O_DIRECTORY, 0);
  if (root < 0)
    _exit(COLLECT_NO_ROOT);
  collector.level[0] = (struct level){.directory = root};
  if (step->argument_count == 0)
    walk(&collector, 1);
  for (uint32_t at = 0; at < step->argument_count; at++)
    take_path(&collector, root, step->argument[at]);
  tell_summary(&collector);
  flush_out(&collector);
  _exit(COLLECT_DONE);
}
