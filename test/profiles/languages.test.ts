// Real programs under the real filters, as an ordinary uid and as the sandbox's root, both without capabilities:
// shells, interpreters, compilers and virtual machines must not notice that they are watched.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { buildTools, compiled, programFile, runUnder } from '../native/seccomp-tools.js'

buildTools()

type Program = {
  name: string
  /** Skipped, with its name, where this tool is not installed. */
  needs: string
  file: string
  source: string
  /** Under the `build` profile. */
  compile?: string[]
  /** Under each of `profiles`. */
  run: string[]
  profiles: readonly string[]
  output: string
}

const both = ['default', 'strict'] as const

const python = `
import asyncio, multiprocessing, os, signal, socket, subprocess, tempfile, threading, time
def child(queue): queue.put(os.getpid())
def main():
    words = []
    thread = threading.Thread(target=lambda: words.append("thread")); thread.start(); thread.join()
    words.append(subprocess.run(["sh", "-c", "echo shell | cat"], capture_output=True, text=True).stdout.strip())
    queue = multiprocessing.Queue(); process = multiprocessing.Process(target=child, args=(queue,))
    process.start(); words.append("fork" if queue.get() == process.pid else "?"); process.join()
    left, right = socket.socketpair(); left.sendall(b"pair"); words.append(right.recv(4).decode())
    with tempfile.NamedTemporaryFile() as file: file.write(b"x"); os.fsync(file.fileno())
    os.mkfifo("fifo"); os.unlink("fifo")
    signal.signal(signal.SIGALRM, lambda *_: words.append("alarm")); signal.setitimer(signal.ITIMER_REAL, 0.01)
    while "alarm" not in words: time.sleep(0.01)
    async def wait(): await asyncio.sleep(0); return "async"
    words.append(asyncio.run(wait())); print(*words)
if __name__ == "__main__": main()
`

const networkPython = `
import socket, threading
for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    try: server = socket.create_server((address, 0), family=family)
    except OSError as error: print("none" if error.errno in (99, 97) else error); continue
    threading.Thread(target=lambda: server.accept()[0].sendall(b"served")).start()
    client = socket.create_connection(server.getsockname()[:2]); print(client.recv(6).decode())
`

const node = `
const { Worker, isMainThread, parentPort } = require('node:worker_threads')
if (isMainThread) {
  const text = require('node:child_process').execSync('echo child').toString().trim()
  require('node:fs').promises.stat('.').then(() =>
    new Worker(__filename).on('message', (word) => console.log(text, word)))
} else parentPort.postMessage('worker')
`

const cxx = `
#include <cstdio>
#include <future>
#include <vector>
int main() { auto later = std::async(std::launch::async, [] { return 41; }); std::printf("%d\\n", later.get() + 1); }
`

const java = `
public class Main { public static void main(String[] a) throws Exception {
  Thread t = new Thread(() -> System.out.print("thread ")); t.start(); t.join();
  Process p = new ProcessBuilder("echo", "child").start();
  System.out.println(new String(p.getInputStream().readAllBytes()).trim()); } }
`

const go = `
package main
import "syscall"
func main() { done := make(chan string); go func() { done <- "42\\n" }(); syscall.Write(1, []byte(<-done)) }
`

const programs: Program[] = [
  {
    name: 'sh',
    needs: 'sh',
    file: 'a.sh',
    source: 'x=$(echo sub); (exit 3) & wait $!; echo $x $?; mkfifo f; rm f',
    run: ['sh', 'a.sh'],
    profiles: both,
    output: 'sub 3\n',
  },
  {
    name: 'bash',
    needs: 'bash',
    file: 'b.sh',
    source:
      'exec 7< <(echo hi); read -r line <&7; (sleep 0.01) & wait; echo $line | tee >(cat >/dev/null); trap : TERM; kill $$',
    run: ['bash', 'b.sh'],
    profiles: both,
    output: 'hi\n',
  },
  {
    name: 'python',
    needs: 'python3',
    file: 'a.py',
    source: python,
    run: ['python3', 'a.py'],
    profiles: both,
    output: 'thread shell fork pair alarm async\n',
  },
  {
    name: 'python on the network',
    needs: 'python3',
    file: 'n.py',
    source: networkPython,
    run: ['python3', 'n.py'],
    profiles: ['default'],
    output: 'served\nserved\n',
  },
  {
    name: 'C',
    needs: 'gcc',
    file: 'a.c',
    source: '#include <stdio.h>\nint main(void) { return puts("hello") < 0; }',
    compile: ['gcc', '-O2', '-o', 'a-c', 'a.c'],
    run: ['./a-c'],
    profiles: both,
    output: 'hello\n',
  },
  {
    name: 'C++',
    needs: 'g++',
    file: 'a.cpp',
    source: cxx,
    compile: ['g++', '-O1', '-pthread', '-o', 'a-cpp', 'a.cpp'],
    run: ['./a-cpp'],
    profiles: both,
    output: '42\n',
  },
  {
    name: 'Node.js',
    needs: 'node',
    file: 'a.cjs',
    source: node,
    run: ['node', 'a.cjs'],
    profiles: both,
    output: 'child worker\n',
  },
  {
    name: 'Java',
    needs: 'javac',
    file: 'Main.java',
    source: java,
    compile: ['javac', 'Main.java'],
    run: ['java', '-cp', '.', 'Main'],
    profiles: both,
    output: 'thread child\n',
  },
  {
    name: 'Go',
    needs: 'go',
    file: 'a.go',
    source: go,
    compile: ['go', 'build', '-o', 'a-go', 'a.go'],
    run: ['./a-go'],
    profiles: both,
    output: '42\n',
  },
  {
    name: 'Ruby',
    needs: 'ruby',
    file: 'a.rb',
    source:
      'Thread.new { print "thread " }.join; r, w = IO.pipe; fork { w.puts "fork" }; Process.wait; puts r.gets',
    run: ['ruby', 'a.rb'],
    profiles: both,
    output: 'thread fork\n',
  },
  {
    name: 'PHP',
    needs: 'php',
    file: 'a.php',
    source: '<?php echo trim(shell_exec("echo shell")), " ", strlen(random_bytes(8)), "\\n";',
    run: ['php', 'a.php'],
    profiles: both,
    output: 'shell 8\n',
  },
  {
    name: 'Perl',
    needs: 'perl',
    file: 'a.pl',
    source: 'my $k = open(my $h, "-|") // die; if (!$k) { print "fork\\n"; exit } print <$h>;',
    run: ['perl', 'a.pl'],
    profiles: both,
    output: 'fork\n',
  },
  {
    name: 'Lua',
    needs: 'lua5.4',
    file: 'a.lua',
    source: 'local h = io.popen("echo shell"); print(h:read("l"), #os.tmpname() > 0)',
    run: ['lua5.4', 'a.lua'],
    profiles: both,
    output: 'shell\ttrue\n',
  },
]

const filters = new Map(
  ['default', 'strict', 'build'].map((name) => [name, programFile(compiled(name).program)]),
)

const installed = (tool: string): boolean => spawnSync('which', [tool]).status === 0

/** The uids to try: an ordinary one, and 0, which inside a sandbox is nobody outside. */
const uids = process.geteuid?.() === 0 ? [1000, 0] : [process.geteuid?.() ?? 0]

/** Compiled once, by the first uid; run by each uid under each profile. */
function tryProgram(t: Test, program: Program): void {
  const cwd = mkdtempSync(join(tmpdir(), 'stockade-language-'))
  chmodSync(cwd, 0o777)
  writeFileSync(join(cwd, program.file), program.source)
  const env = { PATH: process.env.PATH ?? '', HOME: cwd, TMPDIR: cwd, GOFLAGS: '-p=2' }
  const run = (profile: string, uid: number, command: string[]) =>
    runUnder(filters.get(profile) ?? '', uid, command, { cwd, env })
  if (program.compile !== undefined) {
    const { status, stderr } = run('build', uids[0] ?? 0, program.compile)
    t.equal(status, 0, `compiles: ${stderr.slice(0, 500)}`)
  }
  for (const uid of uids) {
    for (const profile of program.profiles) {
      const { stdout, stderr, status, signal } = run(profile, uid, program.run)
      const how = `${profile} as uid ${uid}: ${status} ${signal} ${stderr.slice(0, 500)}`
      t.equal(stdout, program.output, how)
    }
  }
  rmSync(cwd, { recursive: true, force: true })
}

for (const program of programs) {
  const skip = installed(program.needs) ? false : `${program.needs} is not installed`
  t.test(program.name, { skip }, (t) => {
    tryProgram(t, program)
    t.end()
  })
}
