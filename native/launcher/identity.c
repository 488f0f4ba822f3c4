/* /etc/subuid, newuidmap, and the arithmetic of slices. No NSS: a static program, and no foreign library in this process. */
#include "identity.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "status_text.h"

enum { LINE = 512, WORDS = 3 * (IDENTITY_RANGES + 1) + 3 };

/* The login name of a uid, from /etc/passwd. */
static int login_name(uid_t uid, char *name, size_t size) {
  char line[LINE];
  FILE *file = fopen("/etc/passwd", "re");
  if (file == NULL)
    return -errno;
  int result = -ENOENT;
  while (result == -ENOENT && fgets(line, sizeof line, file) != NULL) {
    char *colon = strchr(line, ':');
    char *number = colon == NULL ? NULL : strchr(colon + 1, ':');
    if (number == NULL || strtoul(number + 1, NULL, 10) != uid)
      continue;
    *colon = '\0';
    result = (size_t)snprintf(name, size, "%s", line) < size ? 0 : -ENAMETOOLONG;
  }
  fclose(file);
  return result;
}

/* "name:first:count" or "uid:first:count" (subuid(5)). */
static bool own_line(char *line, const char *name, const char *uid, struct identity_range *range) {
  char *first = strchr(line, ':');
  char *count = first == NULL ? NULL : strchr(first + 1, ':');
  if (count == NULL)
    return false;
  *first = '\0';
  if (strcmp(line, name) != 0 && strcmp(line, uid) != 0)
    return false;
  range->host = strtoull(first + 1, NULL, 10);
  range->count = strtoull(count + 1, NULL, 10);
  return range->host > 0 && range->count > 0 && range->host + range->count <= UINT32_MAX;
}

static int subordinate(const char *path, struct identity_map *map) {
  char name[128];
  char uid[24];
  char line[LINE];
  int result = login_name(getuid(), name, sizeof name);
  if (result < 0)
    return result;
  snprintf(uid, sizeof uid, "%u", getuid());
  FILE *file = fopen(path, "re");
  if (file == NULL)
    return -errno;
  map->count = 0;
  while (map->count < IDENTITY_RANGES && fgets(line, sizeof line, file) != NULL)
    if (own_line(line, name, uid, &map->range[map->count]))
      map->count++;
  fclose(file);
  return map->count > 0 ? 0 : -ENOENT;
}

static int run(const char *program, char *const *words) {
  char *const none[] = {NULL};
  pid_t child = fork();
  if (child < 0)
    return -errno;
  if (child == 0) {
    execve(program, words, none);
    _exit(127);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR)
      return -errno;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EPERM;
}

/* One call: 0 → own id, then 1… → the subordinate ranges in order. */
static int map_one(const char *program, const char *source, pid_t pid, unsigned own) {
  struct identity_map map = {0};
  char texts[WORDS][24];
  char *words[WORDS + 1];
  int result = subordinate(source, &map);
  if (result < 0)
    return result;
  unsigned count = 0;
  uint64_t inside = 1;
  snprintf(texts[count++], sizeof texts[0], "newidmap");
  snprintf(texts[count++], sizeof texts[0], "%d", pid);
  snprintf(texts[count++], sizeof texts[0], "0");
  snprintf(texts[count++], sizeof texts[0], "%u", own);
  snprintf(texts[count++], sizeof texts[0], "1");
  for (unsigned at = 0; at < map.count; at++) {
    snprintf(texts[count++], sizeof texts[0], "%" PRIu64, inside);
    snprintf(texts[count++], sizeof texts[0], "%" PRIu64, map.range[at].host);
    snprintf(texts[count++], sizeof texts[0], "%" PRIu64, map.range[at].count);
    inside += map.range[at].count;
  }
  for (unsigned at = 0; at < count; at++)
    words[at] = texts[at];
  words[count] = NULL;
  return run(program, words);
}

int identity_map_outer(pid_t pid) {
  int result = map_one("/usr/bin/newuidmap", "/etc/subuid", pid, getuid());
  return result < 0 ? result : map_one("/usr/bin/newgidmap", "/etc/subgid", pid, getgid());
}

int identity_read(const char *path, struct identity_map *map) {
  FILE *file = fopen(path, "re");
  if (file == NULL)
    return -errno;
  map->count = 0;
  char line[LINE];
  uint64_t numbers[3];
  while (map->count < IDENTITY_RANGES && fgets(line, sizeof line, file) != NULL && status_text_map(line, numbers))
    map->range[map->count++] = (struct identity_range){.inside = numbers[0], .host = numbers[1], .count = numbers[2]};
  fclose(file);
  return map->count > 0 ? 0 : -EIO;
}

int identity_host(const struct identity_map *map, uint64_t outer, uint64_t count, uint64_t *host) {
  for (unsigned at = 0; at < map->count; at++) {
    const struct identity_range *range = &map->range[at];
    if (outer >= range->inside && outer + count <= range->inside + range->count) {
      *host = range->host + (outer - range->inside);
      return 0;
    }
  }
  return -ERANGE;
}
