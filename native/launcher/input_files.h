/* The job's input files on their way from the supervisor, which received them, to init, which writes them: one anonymous file in
 * memory, sent as a descriptor, because init is older than the request. */
#ifndef INPUT_FILES_H
#define INPUT_FILES_H

#include "inheritance.h"

/* The files, one after the other, each as a file_plan and its bytes. A descriptor, or -errno. */
int input_files_pack(const struct input_file *files);

/* Writes each into the workspace, as the job's own. 0, or -errno with the file's place in the list in `index`. */
int input_files_unpack(int packed, int workspace, const struct sandbox_plan *plan, int *index);

#endif
