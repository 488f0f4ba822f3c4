/* seccomp-probe FILTER|- verdict|real|foreign|threads
 *
 * verdict  reads "number a0 a1 a2 a3 a4 a5" lines (hexadecimal arguments), prints one errno a line: what the
 *          filter says to each call, 222 when it permits it. Nothing is executed: an outer filter, installed
 *          first, answers 222 to whatever the one under test lets through (of equal actions the kernel takes
 *          that of the filter installed last), so even reboot can be asked.
 * real     the same lines, each call made in a child: "errno N", "result" or "signal N".
 * foreign  getpid by int 0x80, the 32-bit door of x86_64, in a child: "result" or "signal N".
 * threads  clone3 errno, then a thread that is started and joined: "clone3 N thread ok". */
#define _GNU_SOURCE
#include "seccomp-install.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#define CALLS_MAX 8192
#define PERMITTED 222

struct call {
  long number;
  uint64_t arguments[6];
};

static struct call calls[CALLS_MAX];
static int answers[CALLS_MAX];
static char text[CALLS_MAX * 8];

static size_t read_calls(void) {
  size_t count = 0;
  while (count < CALLS_MAX) {
    struct call *call = &calls[count];
    uint64_t *a = call->arguments;
    const int got = scanf("%ld %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64 " %" SCNx64,
                          &call->number, &a[0], &a[1], &a[2], &a[3], &a[4], &a[5]);
    if (got != 7) {
      break;
    }
    count++;
  }
  return count;
}

static long make_call(const struct call *call) {
  const uint64_t *a = call->arguments;
  return syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* Lets through what this tool itself still needs: installing the filter under test (known by its address),
 * one write to a small descriptor, and leaving with a small status. Probes use none of these. */
static void install_outer(const struct sock_fprog *next) {
  struct sock_filter instructions[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 4, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 3, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | PERMITTED),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(uintptr_t)next, 3, 2),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
      BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 255, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | PERMITTED),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog filter = {.len = sizeof(instructions) / sizeof(instructions[0]),
                                    .filter = instructions};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0) {
    die("outer filter");
  }
}

static int verdict(struct program *program) {
  const size_t count = read_calls();
  const struct sock_fprog filter = {.len = program->count, .filter = program->instructions};
  install_outer(&filter);
  if (program->count > 0) {
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0) {
      return 98;
    }
  }
  for (size_t i = 0; i < count; i++) {
    answers[i] = make_call(&calls[i]) < 0 ? errno : 0;
  }
  size_t length = 0;
  for (size_t i = 0; i < count; i++) {
    length += (size_t)snprintf(text + length, sizeof(text) - length, "%d\n", answers[i]);
  }
  return write(1, text, length) == (ssize_t)length ? 0 : 97;
}

static void print_child(pid_t child, const char *before) {
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) {
    die("child");
  }
  if (WIFSIGNALED(status)) {
    printf("%ssignal %d\n", before, WTERMSIG(status));
  } else if (WEXITSTATUS(status) == 0) {
    printf("%sresult\n", before);
  } else {
    printf("%serrno %d\n", before, WEXITSTATUS(status));
  }
}

static int real(struct program *program) {
  const size_t count = read_calls();
  for (size_t i = 0; i < count; i++) {
    const pid_t child = fork();
    if (child == 0) {
      program_install(program);
      /* Errnos fit into an exit status up to 133. */
      const int number = make_call(&calls[i]) < 0 ? errno : 0;
      syscall(SYS_exit_group, number);
    }
    print_child(child, "");
  }
  return 0;
}

static int foreign(struct program *program) {
#ifdef __x86_64__
  const pid_t child = fork();
  if (child == 0) {
    program_install(program);
    int result = 20; /* __NR_getpid of i386 */
    __asm__ volatile("int $0x80" : "+a"(result) : : "memory");
    syscall(SYS_exit_group, result > 0 ? 0 : -result);
  }
  print_child(child, "");
#else
  (void)program;
  printf("none\n");
#endif
  return 0;
}

static void *work(void *value) {
  *(int *)value += 1;
  return NULL;
}

static int threads(struct program *program) {
  program_install(program);
  errno = 0;
  const long cloned = syscall(SYS_clone3, NULL, (size_t)0);
  const int number = cloned < 0 ? errno : 0;
  int value = 0;
  pthread_t thread;
  if (pthread_create(&thread, NULL, work, &value) != 0 || pthread_join(thread, NULL) != 0) {
    return 1;
  }
  printf("clone3 %d thread %s\n", number, value == 1 ? "ok" : "lost");
  return 0;
}

int main(int count, char **arguments) {
  static struct program program;
  if (count != 3) {
    fprintf(stderr, "usage: seccomp-probe FILTER|- verdict|real|foreign|threads\n");
    return 99;
  }
  program_read(arguments[1], &program);
  (void)setvbuf(stdout, NULL, _IOLBF, 0);
  if (strcmp(arguments[2], "verdict") == 0) {
    /* Leaves by exit_group at once: exit() would want calls the filter may refuse. */
    syscall(SYS_exit_group, verdict(&program));
  }
  if (strcmp(arguments[2], "real") == 0) {
    return real(&program);
  }
  if (strcmp(arguments[2], "foreign") == 0) {
    return foreign(&program);
  }
  return strcmp(arguments[2], "threads") == 0 ? threads(&program) : 99;
}
