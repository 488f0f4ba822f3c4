/* Hands an unpacked root file system to the base id range: owner n becomes BASE-ID + n, for every file, links themselves included.
 *
 *   own-tree DIRECTORY BASE-ID
 *
 * chown(2) clears the set-uid and set-gid bits and file capabilities of what it changes; set-gid directories and anything else that
 * kept a bit lose it here too. A device node or socket in an image is refused. Run by set-up alone, as root, on a tree that no job
 * has ever written. */
#define _GNU_SOURCE
#include <errno.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { OPEN_DIRECTORIES = 64, IDS = 65536 };

static uint32_t base; /* nftw(3) passes no argument of ours. */

static int own(const char *path, const struct stat *information, int kind, struct FTW *walk) {
  (void)kind;
  (void)walk;
  mode_t type = information->st_mode & S_IFMT;
  if (type != S_IFREG && type != S_IFDIR && type != S_IFLNK) {
    fprintf(stderr, "own-tree: %s is neither file, directory nor link\n", path);
    return 1;
  }
  if (information->st_uid >= IDS || information->st_gid >= IDS) {
    if (information->st_uid >= base && information->st_uid < base + IDS)
      return 0; /* done by an earlier run that was interrupted */
    fprintf(stderr, "own-tree: %s belongs to an id above %d\n", path, IDS - 1);
    return 1;
  }
  if (lchown(path, base + information->st_uid, base + information->st_gid) != 0) {
    fprintf(stderr, "own-tree: lchown %s: %s\n", path, strerror(errno));
    return 1;
  }
  if (type == S_IFLNK)
    return 0;
  if (chmod(path, information->st_mode & 01777) != 0) {
    fprintf(stderr, "own-tree: chmod %s: %s\n", path, strerror(errno));
    return 1;
  }
  return 0;
}

int main(int argc, char **argv) {
  char *end = NULL;
  if (argc != 3 || (base = (uint32_t)strtoul(argv[2], &end, 10)) < IDS || *end != '\0') {
    fputs("usage: own-tree DIRECTORY BASE-ID\n", stderr);
    return 2;
  }
  return nftw(argv[1], own, OPEN_DIRECTORIES, FTW_PHYS | FTW_MOUNT) == 0 ? 0 : 1;
}
