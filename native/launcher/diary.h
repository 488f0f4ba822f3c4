/* Lines on stderr for the operator. Fixed words and numbers only: nothing that a worker or a job sent. */
#ifndef DIARY_H
#define DIARY_H

/* "launcher: what: error text". `error` is a positive errno, or 0 for none. */
void diary_note(const char *what, int error);
/* The same with a slot's number. */
void diary_slot(const char *what, unsigned slot, int error);

#endif
