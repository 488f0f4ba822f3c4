/* seccomp-run FILTER|- UID program argument...
 * Runs a program as a job runs: that uid, no capabilities, no_new_privs, the filter last, then exec.
 * Without root it keeps the caller's uid, which is as good for the filter. */
#define _GNU_SOURCE
#include "seccomp-install.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>

static void drop_privileges(unsigned int id) {
  for (unsigned long capability = 0; capability <= 63; capability++) {
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 && errno != EINVAL && errno != EPERM) {
      die("bounding set");
    }
  }
  if (setgroups(0, NULL) != 0 || setresgid(id, id, id) != 0 || setresuid(id, id, id) != 0) {
    die("ids");
  }
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};
  if (syscall(SYS_capset, &header, data) != 0) {
    die("capset");
  }
}

int main(int count, char **arguments) {
  if (count < 4) {
    fprintf(stderr, "usage: seccomp-run FILTER|- UID program argument...\n");
    return 99;
  }
  static struct program program;
  program_read(arguments[1], &program);
  if (geteuid() == 0) {
    drop_privileges((unsigned int)strtoul(arguments[2], NULL, 10));
  }
  program_install(&program);
  execvp(arguments[3], arguments + 3);
  die("exec");
}
