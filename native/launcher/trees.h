/* Process trees side by side in one sandbox: services, the steps beside them, the programs of a session. */
#ifndef TREES_H
#define TREES_H

#include "sandbox.h"

/* From the first TREE, which has been taken, until the worker wants no more. 0: it said END; -1: the failure is set; 1: the worker is gone.
 * What still runs then is the caller's to end. */
int trees_serve(struct sandbox *sandbox);

#endif
