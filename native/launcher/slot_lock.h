/* Who uses a slot. The supervisor holds the lock for its life, so that a launcher started anew sees which slots still
 * have a sandbox of the one before. */
#ifndef SLOT_LOCK_H
#define SLOT_LOCK_H

/* Opens the directory of the lock files: that of the socket. */
int slot_lock_directory(const char *socket_path);

/* Takes slot N. Returns the descriptor that holds the lock, -EWOULDBLOCK if it is in use, else -errno. */
int slot_lock_take(int directory, unsigned slot);

#endif
