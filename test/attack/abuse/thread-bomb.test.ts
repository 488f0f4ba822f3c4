// Threads without end: they count as processes do.
import { abuse, c, python } from './abuse.js'

const sleeper = 'static void *sleeper(void *x) { (void)x; for (;;) pause(); }\n'
const nothing = 'static void *nothing(void *x) { return x; }\n'

abuse('thread-bomb', [
  {
    name: 'modest: a few threads, joined',
    spec: c(
      'for (int n = 0; n < 20; n++) { pthread_t t; if (pthread_create(&t, NULL, nothing, NULL) != 0) return 1; pthread_join(t, NULL); } return 0;',
      {},
      nothing,
    ),
    outcome: 'ok',
  },
  {
    name: 'threads until the kernel refuses, and then it waits',
    spec: c(
      'pthread_t t; while (pthread_create(&t, NULL, sleeper, NULL) == 0); pause();',
      { wallMs: 3000 },
      sleeper,
    ),
    outcome: 'process-limit',
    limit: 'processes',
  },
  {
    name: 'threads in processes in threads',
    spec: c(
      'pthread_t t; for (;;) { fork(); pthread_create(&t, NULL, sleeper, NULL); }',
      { wallMs: 4000, cpuMs: 4000 },
      sleeper,
    ),
    outcome: 'process-limit',
    limit: 'processes',
  },
  {
    name: 'a program that gives up in order is no bomb',
    spec: python(
      'import threading, time\ntry:\n  while True: threading.Thread(target=time.sleep, args=(30,), daemon=True).start()\nexcept RuntimeError:\n  print("refused", flush=True)',
    ),
    outcome: 'ok',
    stdout: /^refused$/m,
  },
])
