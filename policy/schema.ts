// The form of a job: the schema of contract/job.ts, and what a schema cannot say. Every fault at once, as violations
// of the rule `schema`. What passes here is well-formed; whether it is granted is for the rules.
import { Compile } from 'typebox/compile'
import { JobSpec } from '../contract/job.js'
import type { Violation } from '../contract/verdict.js'
import { formFaults } from './job-form.js'
import { type Fault, type SchemaNode, walkSchema } from './schema-walk.js'

export type CheckedSpec =
  | { readonly ok: true; readonly spec: JobSpec }
  | { readonly ok: false; readonly violations: Violation[] }

const compiled = Compile(JobSpec)
// The walk reads plain JSON Schema; TypeBox’s types say more than it needs.
const schema = JobSpec as unknown as SchemaNode

function refused(faults: readonly Fault[]): CheckedSpec {
  return { ok: false, violations: faults.map((fault) => ({ rule: 'schema', ...fault })) }
}

/** Takes any value that JSON can be. Never throws. */
export function checkJobSpec(value: unknown): CheckedSpec {
  if (!compiled.Check(value)) {
    const faults = walkSchema(schema, value)
    // The validator has the last word: where the walk finds nothing, the answer is still no.
    const unexplained = [{ pointer: '', message: 'The job does not match the schema.' }]
    return refused(faults.length > 0 ? faults : unexplained)
  }
  const faults = formFaults(value)
  return faults.length > 0 ? refused(faults) : { ok: true, spec: value }
}
