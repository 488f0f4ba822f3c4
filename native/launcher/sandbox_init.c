/* Builds the root, writes the files, forks the jobs, reaps everything. Our own code only: it never executes anything. */
#include "sandbox_init.h"

#include <errno.h>
#include <grp.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <net/if.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "channel.h"
#include "job.h"
#include "monotonic.h"
#include "root.h"
#include "sanitise.h"

static _Noreturn void report(int channel, struct failure failure) {
  struct message message = {.kind = MESSAGE_DONE, .failure = failure};
  (void)channel_send(channel, &message, NULL, 0);
  _exit(1);
}

static void must(int channel, enum stage stage, int result, int index) {
  if (result < 0)
    report(channel, (struct failure){.stage = stage, .error = -result, .index = index});
}

/* Root inside; the saved uid stays the service user's, so that on cgroup v1 the supervisor may still move our children. */
static int become_root_inside(void) {
  gid_t none = 0;
  if (setgroups(0, &none) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, (uid_t)-1) < 0)
    return -errno;
  return 0;
}

static int loopback_up(void) {
  int socket_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0)
    return -errno;
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
  int result = ioctl(socket_, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
  close(socket_);
  return result;
}

static int open_beneath(int directory, const char *path, uint64_t flags, mode_t mode) {
  struct open_how how = {.flags = flags | O_CLOEXEC | O_NOFOLLOW, .mode = (flags & O_CREAT) != 0 ? mode : 0,
                         .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
  int file = (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
  return file < 0 ? -errno : file;
}

/* Makes each directory on the way, the job's own. `path` is changed and restored. Opens the last directory. */
static int make_parents(int at, char *path, uid_t uid, gid_t gid) {
  for (char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    int made = mkdirat(at, path, 0755);
    if (made == 0 && fchownat(at, path, uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
      return -errno;
    if (made < 0 && errno != EEXIST)
      return -errno;
    *slash = '/';
  }
  return 0;
}

static int make_workspace(const struct sandbox_plan *plan) {
  char path[PLAN_PATH_MAX + 2];
  strcpy(path, plan->workspace + 1);
  int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (root < 0)
    return -errno;
  int result = make_parents(root, path, 0, 0);
  if (result == 0 && mkdirat(root, path, 0755) < 0 && errno != EEXIST)
    result = -errno;
  int workspace = result < 0 ? result : open_beneath(root, path, O_RDONLY | O_DIRECTORY, 0);
  close(root);
  if (workspace >= 0 && (fchown(workspace, (uid_t)plan->uid, (gid_t)plan->gid) < 0 || fchmod(workspace, 0755) < 0)) {
    result = -errno;
    close(workspace);
    return result;
  }
  return workspace;
}

static int write_input(int workspace, const struct sandbox_plan *plan, const struct input_file *input) {
  char path[PLAN_PATH_MAX + 1];
  strcpy(path, input->plan.path);
  int result = make_parents(workspace, path, (uid_t)plan->uid, (gid_t)plan->gid);
  int file = result < 0 ? result : open_beneath(workspace, path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (file < 0)
    return file;
  for (uint64_t done = 0; result == 0 && done < input->plan.size;) {
    ssize_t wrote = write(file, input->bytes + done, input->plan.size - done);
    if (wrote < 0)
      result = -errno;
    else
      done += (uint64_t)wrote;
  }
  if (result == 0 && (fchown(file, (uid_t)plan->uid, (gid_t)plan->gid) < 0 || fchmod(file, input->plan.mode) < 0))
    result = -errno;
  close(file);
  return result;
}

static void build(int channel, unsigned slot, const struct sandbox_plan *plan, const struct input_file *files) {
  struct failure failure = {0};
  if (root_build(slot, plan, &failure) < 0)
    report(channel, failure);
  must(channel, STAGE_HOSTNAME, sethostname(plan->hostname, strlen(plan->hostname)) < 0 ? -errno : 0, 0);
  if (plan->loopback_up)
    must(channel, STAGE_LOOPBACK, loopback_up(), 0);
  int workspace = make_workspace(plan);
  must(channel, STAGE_WORKSPACE, workspace, 0);
  int index = 0;
  for (const struct input_file *file = files; file != NULL; file = file->next)
    must(channel, STAGE_FILE, write_input(workspace, plan, file), index++);
  close(workspace);
}

/* Waits for the job's end, ends what it left behind, reaps all. kill(-1) reaches every process of this pid namespace but us, and a
 * process that is being forked sees the signal too (kernel/fork.c, copy_process): nothing slips through. */
static void await_job(pid_t job, struct message *ended) {
  int status = 0;
  pid_t pid;
  do {
    pid = waitpid(-1, &status, __WALL);
  } while (pid != job && (pid > 0 || errno == EINTR));
  ended->value[0] = (uint64_t)(unsigned)status;
  ended->value[1] = monotonic_ns();
  do {
    (void)kill(-1, SIGKILL);
    pid = waitpid(-1, &status, __WALL);
  } while (pid > 0 || errno == EINTR);
  ended->value[2] = monotonic_ns() - ended->value[1];
}

/* Sizes and free space of the disk, for the account. */
static _Noreturn void serve(int channel, struct shared *shared) {
  for (;;) {
    struct message message;
    int descriptors[CHANNEL_DESCRIPTORS];
    if (channel_receive(channel, &message, descriptors) < 0)
      _exit(0);
    if (message.kind != MESSAGE_SPAWN)
      _exit(1);
    pid_t job = fork();
    if (job == 0) {
      close(channel);
      job_run(descriptors[0], descriptors + 1, shared);
    }
    struct message ended = {.kind = MESSAGE_ENDED};
    if (job < 0)
      ended = (struct message){.kind = MESSAGE_DONE, .failure = {.stage = STAGE_SPAWN, .error = errno}};
    for (unsigned at = 0; at < CHANNEL_DESCRIPTORS; at++)
      close(descriptors[at]);
    if (job > 0)
      await_job(job, &ended);
    if (channel_send(channel, &ended, NULL, 0) < 0)
      _exit(0);
  }
}

_Noreturn void sandbox_init(int channel, unsigned slot, struct shared *shared, const struct input_file *files) {
  struct message message;
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || channel_receive(channel, &message, NULL) < 0)
    _exit(1);
  must(channel, STAGE_INIT_IDENTITY, become_root_inside(), 0);
  /* Changing ids clears the parent-death signal (prctl(2)). */
  must(channel, STAGE_INIT_IDENTITY, prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ? -errno : 0, 1);
  must(channel, STAGE_INIT_IDENTITY, sanitise_hide(), 2);
  build(channel, slot, &shared->sandbox, files);
  struct message done = {.kind = MESSAGE_DONE};
  if (channel_send(channel, &done, NULL, 0) < 0)
    _exit(1);
  serve(channel, shared);
}
