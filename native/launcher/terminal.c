/* Made by the job and not by init: so its slave belongs to the job's uid, and nothing has to be given away with a capability that init has
 * dropped. The path is ours: devpts is mounted by init, and over a mount point nothing can be put without CAP_SYS_ADMIN.
 *
 * What a job could do with a terminal of somebody else's, TIOCSTI, it can do to this one alone, which is its own; the profiles refuse it all
 * the same (CVE-2017-5226, CVE-2019-7303). */
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "channel.h"

enum { TTYAUX_MAJOR = 5, PTMX_MINOR = 2 }; /* Documentation/admin-guide/devices.txt */

bool terminal_is_master(int descriptor) {
  struct stat status;
  struct statfs place;
  if (fstat(descriptor, &status) < 0 || fstatfs(descriptor, &place) < 0)
    return false;
  return S_ISCHR(status.st_mode) && status.st_rdev == makedev(TTYAUX_MAJOR, PTMX_MINOR) && place.f_type == DEVPTS_SUPER_MAGIC;
}

/* Its slave, by the master itself and not by a name (TIOCGPTPEER, Linux 4.13). */
static int open_slave(int master) {
  const int unlocked = 0;
  if (ioctl(master, TIOCSPTLCK, &unlocked) < 0)
    return -errno;
  int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  return slave < 0 ? -errno : slave;
}

static int take_as_own(int slave) {
  if (ioctl(slave, TIOCSCTTY, 0) < 0)
    return -errno;
  for (int at = 0; at < 3; at++)
    if (dup2(slave, at) < 0)
      return -errno;
  return 0;
}

int terminal_make(const struct terminal *terminal, int channel) {
  const struct message made = {.kind = MESSAGE_TERMINAL};
  const struct winsize size = {.ws_row = terminal->rows, .ws_col = terminal->columns};
  int master = open("/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW);
  if (master < 0)
    return -errno;
  int slave = terminal_is_master(master) ? open_slave(master) : -ENOTTY;
  int result = slave < 0 ? slave : take_as_own(slave);
  if (result == 0 && ioctl(master, TIOCSWINSZ, &size) < 0)
    result = -errno;
  if (result == 0)
    result = channel_send(channel, &made, &master, 1);
  if (slave >= 0)
    close(slave);
  close(master);
  return result;
}
