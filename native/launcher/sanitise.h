/* A process begins from a known state, whatever started it. */
#ifndef SANITISE_H
#define SANITISE_H

/* Closes descriptors 3 and up but `keep` (-1: none; else 3 or more), empties the environment, resets signals and umask, forbids core
 * dumps. Before anything else, so that nothing of the starter can leak into a sandbox. Returns 0 or -errno. */
int sanitise_self(int keep);

/* Closes every descriptor from 3 up but those named. Returns 0 or -errno. */
int sanitise_keep(const int *keep, unsigned count);

/* No ptrace, no /proc/self/mem or fd for other processes of the same user (prctl(2), PR_SET_DUMPABLE). */
int sanitise_hide(void);

/* Where our own command line lies; and wipes it there. /proc/PID/cmdline may be read by everybody who sees the process, dumpable or not:
 * a job would learn paths, ids and control groups of the host from its init. No option may be looked at afterwards. */
void sanitise_note_command_line(int count, char **words);
void sanitise_clear_command_line(void);

/* All signals back to default, none blocked. Returns 0 or -errno. */
int sanitise_signals(void);

#endif
