/* Groups of further process trees in one slot, beside the first one's. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup.h"
#include "cgroup_file.h"

static void name_of(char *name, unsigned number) { snprintf(name, CGROUP_NAME, "beside-%u", number % CGROUP_BESIDE); }

void cgroup_beside(struct cgroup_slot *beside, const struct cgroup_slot *slot, unsigned number) {
  cgroup_slot_init(beside, slot->roots, slot->number);
  for (unsigned controller = 0; controller < CGROUP_CONTROLLERS; controller++)
    beside->slot[controller] = slot->slot[controller];
  beside->init = slot->init;
  name_of(beside->name, number);
}

/* kernfs counts the directories in a directory as its links (fs/kernfs/inode.c, kernfs_refresh_inode): two of its own, init and step. A slot
 * in which nothing ever ran side by side, nearly every one, costs one look. */
static bool holds_none(int parent) {
  enum { USUAL = 4 };
  struct stat status;
  return fstat(parent, &status) == 0 && status.st_nlink >= 2 && status.st_nlink <= USUAL;
}

int cgroup_each_beside(int parent, int (*act)(int parent, const char *name, unsigned *found), unsigned *found) {
  char name[CGROUP_NAME];
  int result = 0;
  if (holds_none(parent))
    return 0;
  for (unsigned number = 0; result == 0 && number < CGROUP_BESIDE; number++) {
    name_of(name, number);
    result = act(parent, name, found);
  }
  return result;
}

int cgroup_beside_kill(int parent, const char *name, unsigned *found) {
  int group = cgroup_file_open(parent, name, O_RDONLY | O_DIRECTORY);
  if (group < 0)
    return group == -ENOENT ? 0 : group;
  int result = cgroup_group_kill(group, found);
  close(group);
  return result;
}

int cgroup_beside_remove(int parent, const char *name, unsigned *found) {
  (void)found;
  return cgroup_group_remove(parent, name);
}
