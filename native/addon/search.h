/* search.h: the whole program: checks of architecture and x32, then a search for the number of the call. */
#ifndef STOCKADE_ADDON_SEARCH_H
#define STOCKADE_ADDON_SEARCH_H

#include "emitter.h"
#include "request.h"

/* `trees`: what libseccomp made of each layer (layer.h). Success or not is told by emitter_finish. */
void search_emit(struct emitter *emitter, const struct request *request,
                 const struct program *trees);

#endif
