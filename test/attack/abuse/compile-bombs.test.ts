// Sources that are bombs for the compiler: it runs in the sandbox as any program, and ends by whichever limit of its step comes first.
import type { JobSpec } from '../../../contract/job.js'
import type { Outcome } from '../../../contract/outcome.js'
import { type Abuse, abuse } from './abuse.js'

const ends: readonly Outcome[] = [
  'compile-error',
  'memory-limit',
  'cpu-time-limit',
  'wall-time-limit',
  'disk-limit',
  'output-limit',
]
const bomb = (
  name: string,
  language: 'c' | 'cpp',
  source: string,
  outcome: Abuse['outcome'] = ends,
): Abuse => ({
  name,
  spec: { language, source } satisfies JobSpec,
  outcome,
  failedStep: 'compile',
})
const laughs = Array.from(
  { length: 30 },
  (_, n) => `#define A${n + 1} A${n} A${n} A${n} A${n}`,
).join('\n')

abuse('compile', [
  {
    name: 'modest: a loop in a constant expression',
    spec: {
      language: 'cpp',
      source:
        'constexpr int f() { int s = 0; for (int n = 0; n < 1000; n++) s += n; return s; }\nint main() { constexpr int x = f(); return x != 499500; }',
    },
    outcome: 'ok',
  },
  bomb('includes /dev/zero', 'c', '#include "/dev/zero"\nint main(void) { return 0; }'),
  bomb('includes /dev/urandom', 'c', '#include "/dev/urandom"\nint main(void) { return 0; }'),
  bomb(
    'includes /dev/stdin, where nothing is',
    'c',
    '#include "/dev/stdin"\n#error done\n',
    'compile-error',
  ),
  bomb('includes itself, twice', 'c', '#include __FILE__\n#include __FILE__\n'),
  bomb(
    'macros that grow fourfold each',
    'c',
    `#define A0 +1\n${laughs}\nint main(void) { return A30; }`,
  ),
  bomb(
    'a file in the program that has no end',
    'c',
    '__asm__(".incbin \\"/dev/zero\\"");\nint main(void) { return 0; }',
  ),
  bomb(
    'an assembler that repeats',
    'c',
    '__asm__(".rept 1000000000\\n.quad 1\\n.endr");\nint main(void) { return 0; }',
  ),
  bomb('an array of 2 GiB', 'c', 'int main[1 << 29] = {1};\nint more[1 << 29] = {2};'),
  bomb('a million errors', 'c', `int main(void) { ${'x;'.repeat(100_000)} }`),
  bomb(
    'templates that double at each level',
    'cpp',
    'template<int N, int M> struct T { static const int v = T<N - 1, 2 * M>::v + T<N - 1, 2 * M + 1>::v; };\ntemplate<int M> struct T<0, M> { static const int v = M; };\nint main() { return T<24, 1>::v; }',
  ),
  bomb(
    'a constant expression that never ends',
    'cpp',
    'constexpr int f() { int n = 0; for (;;) n ^= 1; return n; }\nconstexpr int x = f();\nint main() { return x; }',
  ),
  bomb(
    'a constant expression that only recurses',
    'cpp',
    'constexpr int f(int n) { return n < 1 ? 0 : f(n - 1) + f(n - 2); }\nconstexpr int x = f(60);\nint main() { return x; }',
  ),
])
