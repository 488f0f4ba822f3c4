// `./stockade oci FILE|- [--step NAME]`: a plan, or the verdict that holds one → the config.json of an OCI bundle, on standard output.
// 0: written. 1: there is no plan, or no such step. Changes nothing.
import { readFileSync } from 'node:fs'
import { Compile } from 'typebox/compile'
import { Plan } from '../contract/plan.js'
import { ociConfig } from '../native/oci-config.js'
import { compileSeccomp } from '../native/seccomp.js'

const [profilesFolder = '', ownFolder = '', file = '-', stepName = '', firstHostId = ''] =
  process.argv.slice(2)
const check = Compile(Plan)

/** A plan as it is, or that of an answer of `POST /v1/policy/evaluate`. */
function planOf(text: string): Plan {
  const value = JSON.parse(text) as unknown
  const { verdict, plan = value } = (value ?? {}) as { verdict?: unknown; plan?: unknown }
  if (verdict === 'deny') throw new Error('policy denies this job: there is no plan')
  if (!check.Check(plan)) {
    const [fault] = check.Errors(plan)
    throw new Error(`this is no plan: ${fault?.instancePath || '/'} ${fault?.message ?? ''}`)
  }
  return plan
}

function stepOf({ steps }: Plan): Plan['steps'][number] {
  const step = stepName === '' ? steps.at(-1) : steps.find(({ name }) => name === stepName)
  if (step === undefined)
    throw new Error(
      `the plan has no step ${stepName}, but ${steps.map(({ name }) => name).join(', ')}`,
    )
  return step
}

try {
  const plan = planOf(readFileSync(file === '-' ? 0 : file, 'utf8'))
  const step = stepOf(plan)
  const config = ociConfig(plan, step, {
    seccomp: compileSeccomp(step.seccomp, { profilesFolder, ownFolder }),
    rootPath: 'rootfs',
    firstHostId: Number(firstHostId),
  })
  process.stdout.write(`${JSON.stringify(config, null, 2)}\n`)
} catch (error) {
  process.stderr.write(`stockade oci: ${(error as Error).message}\n`)
  process.exitCode = 1
}
