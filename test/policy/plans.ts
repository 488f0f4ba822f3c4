// Jobs whose plans stand in the golden record: each decides something that a plan has.
import type { Grant } from '../../contract/grant.js'
import type { JobSpec } from '../../contract/job.js'
import type { Plan } from '../../contract/plan.js'
import { judge } from '../../policy/engine.js'
import type { Platform } from '../../policy/rule.js'
import { caseOf, catalogue, grantOf } from './fixture.js'

type Planned = {
  readonly spec: JobSpec
  readonly preset?: string
  readonly grant?: Partial<Grant>
  readonly platform?: Partial<Platform>
}

const python: JobSpec = { language: 'python', source: 'x' }
const command: JobSpec = { image: 'default', command: ['/bin/true'] }

export const planned: Readonly<Record<string, Planned>> = {
  'a script': { spec: python },
  'a program that is compiled': { spec: { language: 'c', source: 'x' } },
  'a virtual machine that is told its heap': { spec: { language: 'java', source: 'x' } },
  'a virtual machine with its own limits': {
    spec: { language: 'java', source: 'x', limits: { memoryBytes: 2 ** 29, processes: 40 } },
    preset: 'ci',
  },
  'an image': { spec: command },
  'a program by name': { spec: { image: 'default', command: ['ls', '-l'] } },
  'a program of the directory': { spec: { image: 'default', command: ['./x', 'a/b'] } },
  'a program of another directory': {
    spec: { image: 'default', command: ['bin/x'], workdir: '/srv' },
  },
  'a program of the root': { spec: { image: 'default', command: ['bin/x'], workdir: '/' } },
  'a script that starts elsewhere': {
    spec: { ...python, workdir: '/tmp', arguments: ['main.py'] },
  },
  'a script that starts in the workspace': { spec: { ...python, workdir: '/work' } },
  'variables, of which one is ours': { spec: { ...python, env: { PATH: '/x', A: 'b', Z: '' } } },
  'variables of a program that is compiled': {
    spec: { language: 'c', source: 'x', env: { A: 'b' } },
  },
  'every limit': {
    spec: {
      ...command,
      limits: {
        ...{ wallMs: 1, cpuMs: 2, memoryBytes: 2 ** 25, processes: 3, openFiles: 9 },
        ...{ fileBytes: 4, diskBytes: 2 ** 24, outputBytes: 5, cpus: 0.3335 },
      },
      retry: { attempts: 2 },
      expiresAfterMs: 6,
    },
  },
  'less memory than the usual disk': { spec: { ...command, limits: { memoryBytes: 2 ** 23 } } },
  'a smaller disk than the usual file': { spec: { ...command, limits: { diskBytes: 2 ** 20 } } },
  'its input': { spec: { ...python, stdin: 'x' } },
  'input that is empty': { spec: { ...python, stdin: '' } },
  'input of a program that is compiled': {
    spec: { language: 'c', source: 'x', stdinBase64: 'eA==' },
  },
  'its files': { spec: { ...python, files: [{ path: 'a', content: '' }] } },
  'files of an image': { spec: { ...command, files: [{ path: 'a', content: '' }] } },
  'its ids': { spec: { ...python, user: { uid: 7, gid: 8 } } },
  'root inside': { spec: { ...python, user: { uid: 0, gid: 0 } } },
  'a strict filter': { spec: { ...python, seccomp: 'strict' } },
  'a filter for building': { spec: { ...command, seccomp: 'build' } },
  'a filter that is learned': { spec: { ...python, seccomp: 'learn' }, preset: 'ci' },
  'a filter that is audited': { spec: { ...python, seccompAudit: 'strict' }, preset: 'ci' },
  'a grant without a filter for building': {
    spec: { language: 'c', source: 'x' },
    grant: { seccompProfiles: ['strict', 'default'] },
  },
  'a kernel without AppArmor': { spec: python, platform: { apparmor: false, landlockAbi: 0 } },
  'AppArmor by name': { spec: { ...python, apparmor: 'stockade-job-default' } },
  'a loopback': { spec: { ...python, network: 'loopback' } },
  'no network, by name': { spec: { ...python, network: 'none' } },
  'what the grant says of the machine': {
    spec: python,
    grant: { landlockAbiMinimum: 3, procView: 'pid-only' },
  },
  'a large disk in a compile step': {
    spec: { language: 'c', source: 'x', limits: { memoryBytes: 2 ** 30, diskBytes: 2 ** 28 } },
  },
  'steps, each with what it has of its own': {
    spec: {
      image: 'default',
      env: { A: 'job', B: 'job' },
      limits: { wallMs: 5000 },
      steps: [
        { name: 'build', run: 'make\nmake check' },
        {
          ...{ name: 'test', command: ['./test', '-v'], env: { A: 'step' }, workdir: '/work/sub' },
          limits: { wallMs: 1000, memoryBytes: 2 ** 29 },
        },
        { name: 'tell', run: 'cat log', if: 'always', continueOnError: true },
      ],
    },
  },
  'steps with a toolchain': {
    spec: { language: 'java', steps: [{ name: 'version', command: ['java', '-version'] }] },
  },
  grader: { spec: { language: 'c', source: 'x' }, preset: 'grader' },
  ci: { spec: { language: 'c', source: 'x' }, preset: 'ci' },
  platform: { spec: { language: 'c', source: 'x' }, preset: 'platform' },
}

export function planOf({ spec, preset = 'untrusted', grant, platform }: Planned): Plan | null {
  const loaded = grantOf(preset)
  const whole = { ...loaded, grant: { ...loaded.grant, ...grant } }
  const machine = { ...caseOf({ name: '' }).platform, ...platform }
  return judge(spec, whole, catalogue, machine).plan
}
