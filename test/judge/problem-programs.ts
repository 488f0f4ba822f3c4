// One problem (how many primes are there up to n?) solved in six languages, and failed at in each way that a judge tells apart. Written as
// contestants write: none of them knows that it is looked at.

/** What a contestant sent. Awk has no entry among the languages: it comes as a command of the image. */
export type Solutions = {
  readonly language: string
  readonly right: string
  readonly wrong: string
  readonly slow: string
  readonly hungry: string
  readonly crashing: string
  readonly talkative: string
  /** No program at all. */
  readonly broken: string
}

const c = {
  right: `#include <stdio.h>
#include <stdlib.h>
int main(void) {
  long n, count = 0;
  if (scanf("%ld", &n) != 1) return 1;
  char *composite = calloc((size_t)n + 1, 1);
  for (long i = 2; i <= n; i++) {
    if (composite[i]) continue;
    count++;
    for (long j = i * i; j <= n; j += i) composite[j] = 1;
  }
  printf("%ld\\n", count);
}`,
  wrong: `#include <stdio.h>
int main(void) {
  long n, count = 0;
  if (scanf("%ld", &n) != 1) return 1;
  for (long i = 1; i <= n; i++) {
    int prime = 1;
    for (long j = 2; j * j <= i; j++) if (i % j == 0) prime = 0;
    count += prime;
  }
  printf("%ld\\n", count);
}`,
  slow: `#include <stdio.h>
int main(void) {
  volatile long n, count = 0;
  if (scanf("%ld", &n) != 1) return 1;
  for (long i = 2; i <= n * 1000000; i++) for (long j = 2; j < i; j++) count += i % j == 0;
  printf("%ld\\n", count);
}`,
  hungry: `#include <stdlib.h>
#include <string.h>
int main(void) {
  for (;;) { char *block = malloc(1 << 20); if (block) memset(block, 1, 1 << 20); }
}`,
  crashing: `#include <stdio.h>
int main(void) { volatile int *nothing = NULL; printf("%d", *nothing); }`,
  talkative: `#include <stdio.h>
int main(void) { for (;;) puts("not yet"); }`,
  broken: 'int main(void) { return prime(10) }',
}

const cpp = {
  right: `#include <iostream>
#include <vector>
int main() {
  long n, count = 0;
  std::cin >> n;
  std::vector<bool> composite(n + 1);
  for (long i = 2; i <= n; i++) {
    if (composite[i]) continue;
    count++;
    for (long j = i * i; j <= n; j += i) composite[j] = true;
  }
  std::cout << count << std::endl;
}`,
  wrong: '#include <iostream>\nint main() { long n; std::cin >> n; std::cout << n / 2 << "\\n"; }',
  slow: 'int main() { volatile unsigned long x = 1; for (;;) x = x * 3 + 1; }',
  hungry:
    '#include <string>\nint main() { std::string all = "x"; for (;;) all += std::string(1 << 20, \'y\'); }',
  crashing: '#include <vector>\nint main() { std::vector<int> none; return none.at(3); }',
  talkative: '#include <iostream>\nint main() { for (;;) std::cout << "not yet\\n"; }',
  broken: '#include <iostream>\nint main() { std::cout << undeclared; }',
}

const python = {
  right: `n = int(input())
composite = bytearray(n + 1)
count = 0
for i in range(2, n + 1):
    if not composite[i]:
        count += 1
        composite[i * i :: i] = b'\\1' * len(range(i * i, n + 1, i))
print(count)`,
  wrong: 'n = int(input())\nprint(sum(all(i % j for j in range(2, i)) for i in range(1, n + 1)))',
  slow: 'n = int(input())\nwhile n: n += 1',
  hungry: 'all = []\nwhile True: all.append(bytes(1 << 20))',
  crashing: 'print(1 // (int(input()) * 0))',
  talkative: 'while True: print("not yet")',
  broken: 'def primes(:\n',
}

const perl = {
  right: `my $n = <STDIN>; my @composite; my $count = 0;
for my $i (2 .. $n) {
  next if $composite[$i];
  $count++;
  for (my $j = $i * $i; $j <= $n; $j += $i) { $composite[$j] = 1 }
}
print "$count\\n";`,
  wrong: 'my $n = <STDIN>; print int($n / 2), "\\n";',
  slow: 'while (1) { }',
  hungry: 'my @all; while (1) { push @all, "x" x 1000000 }',
  crashing: 'die "no idea";',
  talkative: 'while (1) { print "not yet\\n" }',
  broken: 'my $n = ;',
}

const bash = {
  right: `read n; count=0
for ((i = 2; i <= n; i++)); do
  prime=1
  for ((j = 2; j * j <= i; j++)); do ((i % j == 0)) && { prime=0; break; }; done
  ((count += prime))
done
echo $count`,
  wrong: 'read n; echo $((n / 2))',
  slow: 'while :; do :; done',
  hungry: 'x=y; while :; do x=$x$x; done',
  crashing: 'exit 7',
  talkative: 'while :; do echo not yet; done',
  broken: 'if then fi (',
}

const awk = {
  right: `{ for (i = 2; i <= $1; i++) if (!(i in composite)) { count++; for (j = i * i; j <= $1; j += i) composite[j] = 1 }
  print count + 0 }`,
  wrong: '{ print int($1 / 2) }',
  slow: 'BEGIN { while (1) x++ }',
  hungry: 'BEGIN { while (1) x[i++] = "some text that takes a little room " i }',
  crashing: '{ exit 5 }',
  talkative: 'BEGIN { while (1) print "not yet" }',
  broken: '{ print ( }',
}

export const solutions: readonly Solutions[] = Object.entries({
  c,
  cpp,
  python,
  perl,
  bash,
  awk,
}).map(([language, programs]) => ({ language, ...programs }))
