/* seccomp-install.h: reads a compiled program from a file and puts it in force. For the test tools only. */
#ifndef STOCKADE_TEST_SECCOMP_INSTALL_H
#define STOCKADE_TEST_SECCOMP_INSTALL_H

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

struct program {
  struct sock_filter instructions[4096];
  unsigned short count;
};

static inline void die(const char *what) {
  perror(what);
  exit(99);
}

/* `path` "-" means no filter: the control run. */
static inline void program_read(const char *path, struct program *program) {
  program->count = 0;
  if (strcmp(path, "-") == 0) {
    return;
  }
  const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  const ssize_t length =
      descriptor < 0 ? -1 : read(descriptor, program->instructions, sizeof(program->instructions));
  if (length <= 0 || length % 8 != 0 || close(descriptor) != 0) {
    die("filter file");
  }
  program->count = (unsigned short)(length / 8);
}

static inline void program_install(struct program *program) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    die("no_new_privs");
  }
  if (program->count == 0) {
    return;
  }
  const struct sock_fprog filter = {.len = program->count, .filter = program->instructions};
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0) {
    die("seccomp");
  }
}

#endif
