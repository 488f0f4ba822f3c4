// For each language the same six programs, and one that only makes garbage.
import type { Outcome } from '../../contract/outcome.js'

export type Programs = {
  /** Copies its standard input to its standard output, then writes `hello` as a line. */
  readonly echo: string
  readonly exitsWith3: string
  /** Ends by an error that nothing catches. */
  readonly uncaught: {
    readonly source: string
    readonly outcome: Outcome
    readonly exitCode: number | null
    /** What the runtime writes about it on standard error. */
    readonly message: RegExp
  }
  /** Does not compile; where there is no compiler, cannot be parsed. */
  readonly malformed: { readonly source: string; readonly message: RegExp }
  readonly endless: string
  /** Keeps ever more memory. */
  readonly hog: string
  /**
   * Makes far more garbage than its memory limit could hold, keeps none of it, and writes `done` as a line. A runtime that
   * sizes its heap by the memory of the machine (Java without -Xms) would be ended for it on a large one.
   */
  readonly garbage: string
}

const main = (body: string): string => `public class Main {
  public static void main(String[] words) throws Exception {
    ${body}
  }
}`
const goMain = (imports: readonly string[], body: string): string =>
  `package main\nimport (${imports.map((one) => `"${one}"`).join('; ')})\nfunc main() {\n${body}\n}\n`

export const programs: Readonly<Record<string, Programs>> = {
  bash: {
    echo: 'cat; echo hello',
    exitsWith3: 'exit 3',
    uncaught: {
      source: 'set -u; echo "$missing"; echo after',
      outcome: 'exit-nonzero',
      exitCode: 1,
      message: /missing: unbound variable/,
    },
    malformed: { source: 'if true; then echo', message: /syntax error/ },
    endless: 'while :; do :; done',
    hog: 'x=xxxxxxxxxxxxxxxx; while :; do x=$x$x; done',
    garbage:
      'for ((n = 0; n < 400; n++)); do x=$(head -c 500000 /proc/self/exe | tr -d "\\0"); done; echo done',
  },
  python: {
    echo: 'import sys\nsys.stdout.write(sys.stdin.read())\nprint("hello")',
    exitsWith3: 'raise SystemExit(3)',
    uncaught: {
      source: 'raise ValueError("told")',
      outcome: 'exit-nonzero',
      exitCode: 1,
      message: /Traceback[\s\S]*ValueError: told/,
    },
    malformed: { source: 'def x(:\n', message: /main\.py[\s\S]*SyntaxError/ },
    endless: 'while True: pass',
    hog: 'kept = []\nwhile True: kept.append(bytearray(1 << 20))',
    garbage: 'for _ in range(500): x = bytearray(1 << 20)\nprint("done")',
  },
  javascript: {
    echo: 'process.stdout.write(require("fs").readFileSync(0)); console.log("hello")',
    exitsWith3: 'process.exit(3)',
    uncaught: {
      source: 'throw new TypeError("told")',
      outcome: 'exit-nonzero',
      exitCode: 1,
      message: /main\.js:1[\s\S]*TypeError: told/,
    },
    malformed: { source: 'function (', message: /main\.js:1[\s\S]*SyntaxError/ },
    endless: 'for (;;) {}',
    hog: 'const kept = []; for (;;) kept.push(Buffer.alloc(1 << 20, 1))',
    garbage:
      'let n = 0; for (let i = 0; i < 3e6; i++) n += [i, String(i), {}].length; console.log("done")',
  },
  c: {
    echo: '#include <stdio.h>\nint main(void) { for (int c; (c = getchar()) != EOF;) putchar(c); puts("hello"); }',
    exitsWith3: 'int main(void) { return 3; }',
    uncaught: {
      source: '#include <assert.h>\nint main(int n, char **v) { (void)v; assert(n == 7); }',
      outcome: 'signalled',
      exitCode: null,
      message: /Assertion `n == 7' failed/,
    },
    malformed: {
      source: 'int main(void) { return x; }',
      message: /main\.c:1:\d+: error: .*undeclared/,
    },
    endless: 'int main(void) { for (volatile int n = 0;; n++) { } }',
    hog: '#include <stdlib.h>\n#include <string.h>\nint main(void) { for (;;) { char *p = malloc(1 << 20); if (p == NULL) return 1; memset(p, 1, 1 << 20); } }',
    garbage:
      '#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\nint main(void) { for (int n = 0; n < 500; n++) { char *volatile p = malloc(1 << 20); memset(p, 1, 1 << 20); free(p); } puts("done"); }',
  },
  cpp: {
    echo: '#include <iostream>\nint main() { std::cout << std::cin.rdbuf(); std::cout << "hello\\n"; }',
    exitsWith3: 'int main() { return 3; }',
    uncaught: {
      source: '#include <stdexcept>\nint main() { throw std::runtime_error("told"); }',
      outcome: 'signalled',
      exitCode: null,
      message: /terminate called[\s\S]*told/,
    },
    malformed: {
      source: 'int main() { return undeclared; }',
      message: /main\.cpp:1:\d+: error: .*undeclared/,
    },
    endless: 'int main() { for (volatile int n = 0;; n = n + 1) { } }',
    hog: '#include <vector>\nint main() { std::vector<std::vector<char>> kept; for (;;) kept.emplace_back(1 << 20, 1); }',
    garbage:
      '#include <iostream>\n#include <vector>\nint main() { long n = 0; for (int i = 0; i < 500; i++) { std::vector<char> x(1 << 20, 1); n += x[i]; } std::cout << "done\\n"; }',
  },
  go: {
    echo: goMain(['fmt', 'io', 'os'], 'io.Copy(os.Stdout, os.Stdin)\nfmt.Println("hello")'),
    exitsWith3: goMain(['os'], 'os.Exit(3)'),
    uncaught: {
      source: goMain([], 'panic("told")'),
      outcome: 'exit-nonzero',
      exitCode: 2,
      message: /panic: told[\s\S]*main\.go/,
    },
    malformed: { source: goMain([], 'return x'), message: /main\.go:4:\d+: / },
    endless: goMain([], 'for {\n}'),
    hog: goMain(
      [],
      'var kept [][]byte\nfor {\nb := make([]byte, 1<<20)\nfor i := range b { b[i] = 1 }\nkept = append(kept, b)\n}',
    ),
    garbage: goMain(
      ['fmt'],
      'var n int\nfor i := 0; i < 500; i++ {\nb := make([]byte, 1<<20)\nb[i] = 1\nn += len(b)\n}\nfmt.Println("done")',
    ),
  },
  java: {
    echo: main('System.in.transferTo(System.out); System.out.println("hello");'),
    exitsWith3: main('System.exit(3);'),
    uncaught: {
      source: main('throw new IllegalStateException("told");'),
      outcome: 'exit-nonzero',
      exitCode: 1,
      message: /IllegalStateException: told[\s\S]*Main\.java:3/,
    },
    malformed: { source: main('return x;'), message: /Main\.java:3: error: / },
    endless: main('for (;;) { }'),
    hog: main(
      'java.util.List<byte[]> kept = new java.util.ArrayList<>(); for (;;) { byte[] b = new byte[1 << 20]; java.util.Arrays.fill(b, (byte) 1); kept.add(b); }',
    ),
    garbage: main(
      'long n = 0; for (int i = 0; i < 1000; i++) { byte[] b = new byte[1 << 20]; b[i] = 1; n += b.length; } System.out.println("done");',
    ),
  },
  lua: {
    echo: 'io.write(io.read("a")) print("hello")',
    exitsWith3: 'os.exit(3)',
    uncaught: {
      source: 'error("told")',
      outcome: 'exit-nonzero',
      exitCode: 1,
      message: /main\.lua:1: told/,
    },
    malformed: { source: 'if then', message: /main\.lua:1: unexpected symbol/ },
    endless: 'while true do end',
    hog: 'local kept = {} while true do kept[#kept + 1] = string.rep("x", 1 << 20) .. #kept end',
    garbage: 'for n = 1, 500 do local x = string.rep("x", 1 << 20) .. n end print("done")',
  },
  perl: {
    echo: 'print while <STDIN>; print "hello\\n";',
    exitsWith3: 'exit 3;',
    uncaught: {
      source: 'die "told\\n";',
      outcome: 'exit-nonzero',
      exitCode: 255,
      message: /told/,
    },
    malformed: { source: 'my $x = ;', message: /syntax error at \/work\/main\.pl line 1/ },
    endless: '1 while 1;',
    hog: 'my @kept; push @kept, "x" x (1 << 20) . @kept while 1;',
    garbage: 'for my $n (1 .. 500) { my $x = "x" x (1 << 20) . $n; } print "done\\n";',
  },
  php: {
    echo: '<?php echo stream_get_contents(STDIN), "hello\\n";',
    exitsWith3: '<?php exit(3);',
    uncaught: {
      source: '<?php throw new Exception("told");',
      outcome: 'exit-nonzero',
      exitCode: 255,
      message: /Uncaught Exception: told[\s\S]*main\.php/,
    },
    malformed: { source: '<?php if (', message: /Parse error: .*main\.php on line 1/ },
    endless: '<?php while (true) { }',
    hog: '<?php $kept = []; while (true) $kept[] = str_repeat("x", 1 << 20) . count($kept);',
    garbage:
      '<?php for ($n = 0; $n < 500; $n++) $x = str_repeat("x", 1 << 20) . $n; echo "done\\n";',
  },
  ruby: {
    echo: 'STDOUT.write(STDIN.read)\nputs "hello"',
    exitsWith3: 'exit 3',
    uncaught: {
      source: 'raise "told"',
      outcome: 'exit-nonzero',
      exitCode: 1,
      message: /main\.rb:1[\s\S]*told \(RuntimeError\)/,
    },
    malformed: { source: 'def (', message: /main\.rb:1: syntax error/ },
    endless: 'loop { }',
    hog: 'kept = []\nloop { kept << "x" * (1 << 20) }',
    garbage: '500.times { |n| x = "x" * (1 << 20) + n.to_s }\nputs "done"',
  },
}
