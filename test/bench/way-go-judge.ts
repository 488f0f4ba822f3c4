// go-judge: its server on a loopback port, one POST /run a program. Its containers are kept and used again: that is its way, not ours.
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { freePort } from '../free-port.js'
import { givenProgram } from './given-program.js'
import { absence, type Place, reasonOf, type Ways } from './way.js'

const startSeconds = 20
const nanoseconds = 1e9

function requestOf(port: number): string {
  const body = JSON.stringify({
    cmd: [
      {
        args: ['/bin/true'],
        env: ['PATH=/usr/bin:/bin'],
        files: [{ content: '' }, { name: 'stdout', max: 1024 }, { name: 'stderr', max: 1024 }],
        cpuLimit: 10 * nanoseconds,
        clockLimit: 10 * nanoseconds,
        memoryLimit: 67_108_864,
        procLimit: 16,
      },
    ],
  })
  const head = [
    'POST /run HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}

async function answers(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/version`)).ok
  } catch {
    return false
  }
}

export async function goJudge(place: Place): Promise<Ways> {
  try {
    const binary = givenProgram(place, 'STOCKADE_BENCH_GO_JUDGE', () => ({
      command: ['go', 'build', '-o', 'go-judge-bench', './cmd/go-judge'],
      binary: 'go-judge-bench',
    }))
    const port = await freePort()
    const server = spawn(binary, ['-http-addr', `127.0.0.1:${port}`, '-silent'], {
      cwd: place.directory,
      stdio: 'ignore',
    })
    let ended = ''
    server.on('error', (error) => {
      ended = error.message
    })
    server.on('exit', (code) => {
      ended = `its server ended with ${code}`
    })
    for (let waited = 0; !(await answers(port)); waited++) {
      if (ended === '' && waited < startSeconds * 10) await setTimeout(100)
      else {
        server.kill()
        throw new Error(ended || 'its server does not answer')
      }
    }
    const request = join(place.directory, 'go-judge-request')
    writeFileSync(request, requestOf(port), { mode: 0o644 })
    const way = { name: 'go-judge, POST /run', batch: 5, watch: [place.spawn, 'post'] }
    const words = (): string[] => [String(port), request, '"Accepted"']
    return {
      ways: [{ ...way, words, lanesMax: 32 }],
      absent: [],
      end: () => void server.kill(),
    }
  } catch (error) {
    return absence('go-judge', reasonOf(error))
  }
}
