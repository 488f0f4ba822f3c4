/* Pack and unpack. Both ends are our own code of one build: the layout is that of the structures. */
#include "input_files.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "workspace.h"

static int write_all(int file, const void *bytes, size_t size) {
  for (size_t done = 0; done < size;) {
    ssize_t wrote = write(file, (const char *)bytes + done, size - done);
    if (wrote < 0 && errno != EINTR)
      return -errno;
    done += wrote < 0 ? 0 : (size_t)wrote;
  }
  return 0;
}

int input_files_pack(const struct input_file *files) {
  int packed = memfd_create("input", MFD_CLOEXEC);
  int result = packed < 0 ? -errno : 0;
  for (const struct input_file *file = files; result == 0 && file != NULL; file = file->next) {
    result = write_all(packed, &file->plan, sizeof file->plan);
    if (result == 0)
      result = write_all(packed, file->bytes, file->plan.size);
  }
  if (result < 0 && packed >= 0)
    close(packed);
  return result < 0 ? result : packed;
}

static int unpack_mapped(const uint8_t *bytes, size_t size, int workspace, const struct sandbox_plan *plan, int *index) {
  struct file_plan file;
  int result = 0;
  for (size_t at = 0; result == 0 && at < size; (*index)++) {
    if (size - at < sizeof file)
      return -EPROTO;
    memcpy(&file, bytes + at, sizeof file);
    at += sizeof file;
    if (file.size > size - at)
      return -EPROTO;
    result = workspace_write(workspace, plan, &file, bytes + at);
    at += file.size;
  }
  return result;
}

int input_files_unpack(int packed, int workspace, const struct sandbox_plan *plan, int *index) {
  struct stat status;
  if (fstat(packed, &status) < 0)
    return -errno;
  size_t size = (size_t)status.st_size;
  void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, packed, 0);
  if (bytes == MAP_FAILED)
    return -errno;
  int result = unpack_mapped(bytes, size, workspace, plan, index);
  return munmap(bytes, size) < 0 && result == 0 ? -errno : result;
}
