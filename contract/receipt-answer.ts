// What the digest of an answer in a receipt covers: the result as it is read, but for the receipt itself and for output, which may be
// large and whose own digests stand in the receipt, step by step.

type Members = Readonly<Record<string, unknown>>

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function withoutStreams(members: Members): Members {
  const { stdout: _, stderr: __, ...others } = members
  return others
}

/** Of a job, whether its output is in it or still in files. */
export function answerWithoutOutput(job: Members): Members {
  const { receipt: _, steps, ...others } = withoutStreams(job)
  if (!Array.isArray(steps)) return { ...others, ...(steps === undefined ? {} : { steps }) }
  return { ...others, steps: steps.map((step) => (isMembers(step) ? withoutStreams(step) : step)) }
}
