/* Reads and writes of control files. */
#include "cgroup_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int cgroup_file_open(int group, const char *name, int flags) {
  int file = openat(group, name, flags | O_CLOEXEC | O_NOFOLLOW);
  return file < 0 ? -errno : file;
}

int cgroup_file_write(int group, const char *name, const char *text) {
  int file = cgroup_file_open(group, name, O_WRONLY);
  if (file < 0)
    return file;
  size_t length = strlen(text);
  ssize_t written = write(file, text, length);
  int result = written < 0 ? -errno : written == (ssize_t)length ? 0 : -EIO;
  close(file);
  return result;
}

int cgroup_file_write_number(int group, const char *name, uint64_t number) {
  char text[24];
  snprintf(text, sizeof text, "%" PRIu64, number);
  return cgroup_file_write(group, name, text);
}

int cgroup_file_reread(int file, char *text, size_t size) {
  ssize_t got = pread(file, text, size - 1, 0);
  if (got < 0)
    return -errno;
  if ((size_t)got == size - 1)
    return -E2BIG;
  text[got] = '\0';
  return 0;
}

int cgroup_file_read(int group, const char *name, char *text, size_t size) {
  int file = cgroup_file_open(group, name, O_RDONLY);
  if (file < 0)
    return file;
  int result = cgroup_file_reread(file, text, size);
  close(file);
  return result;
}

int cgroup_text_number(const char *text, uint64_t *out) {
  if (strncmp(text, "max", 3) == 0 || strncmp(text, "-1", 2) == 0) {
    *out = UINT64_MAX;
    return 0;
  }
  char *end;
  errno = 0;
  unsigned long long number = strtoull(text, &end, 10);
  if (errno != 0 || end == text || text[0] < '0' || text[0] > '9')
    return -EINVAL;
  *out = number;
  return 0;
}

int cgroup_file_read_number(int group, const char *name, uint64_t *out) {
  char text[64];
  int result = cgroup_file_read(group, name, text, sizeof text);
  return result < 0 ? result : cgroup_text_number(text, out);
}

int cgroup_file_read_optional(int group, const char *name, uint64_t *out) {
  *out = 0;
  int result = cgroup_file_read_number(group, name, out);
  return result == -ENOENT ? 0 : result;
}

int cgroup_text_key(const char *text, const char *key, uint64_t *out) {
  size_t length = strlen(key);
  for (const char *line = text; line != NULL && *line != '\0';) {
    if (strncmp(line, key, length) == 0 && line[length] == ' ')
      return cgroup_text_number(line + length + 1, out);
    line = strchr(line, '\n');
    if (line != NULL)
      line++;
  }
  return -ENOENT;
}

int cgroup_group_make(int parent, const char *name) {
  if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST)
    return -errno;
  int group = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  return group < 0 ? -errno : group;
}

int cgroup_group_remove(int parent, const char *name) {
  enum { TRIES = 200 };
  for (unsigned try = 0;; try++) {
    if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
      return 0;
    if (errno != EBUSY || try == TRIES)
      return -errno;
    struct timespec pause = {.tv_nsec = 500000};
    nanosleep(&pause, NULL);
  }
}

int cgroup_group_kill(int group, unsigned *found) {
  /* A group too large for one read is emptied by the caller's repetition. */
  char text[16384];
  int file = cgroup_file_open(group, "cgroup.procs", O_RDONLY);
  if (file < 0)
    return file == -ENOENT ? 0 : file;
  ssize_t got = read(file, text, sizeof text - 1);
  int result = got < 0 ? -errno : 0;
  close(file);
  text[got < 0 ? 0 : got] = '\0';
  for (char *line = text; *line != '\0';) {
    char *end;
    long pid = strtol(line, &end, 10);
    if (end == line || *end != '\n')
      break; /* cut off: the next round gets it */
    /* 0 is a process outside our view of pids: never ours to kill by number. */
    if (pid > 1) {
      if (kill((pid_t)pid, SIGKILL) < 0 && errno != ESRCH)
        result = -errno;
      (*found)++;
    }
    line = end + 1;
  }
  return result;
}
