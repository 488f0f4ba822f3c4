// Limits: what a program may use, as a job names it; of the whole job, and of one of its steps.
import { type Static, Type } from 'typebox'

const closed = { additionalProperties: false } as const

/** Largest integer a limit can name. Far above any grant, and exact in a double. */
const limitMax = Number.MAX_SAFE_INTEGER

const limit = (description: string) => Type.Integer({ minimum: 1, maximum: limitMax, description })

export const Limits = Type.Object(
  {
    wallMs: Type.Optional(limit('Wall-clock time from the first instruction, milliseconds.')),
    cpuMs: Type.Optional(limit('Processor time of all processes together, milliseconds.')),
    memoryBytes: Type.Optional(
      limit('Memory of all processes together, files written included, bytes. No swap.'),
    ),
    processes: Type.Optional(limit('Processes and threads at one time.')),
    openFiles: Type.Optional(limit('Open descriptors of one process.')),
    fileBytes: Type.Optional(limit('Size of one written file, bytes.')),
    diskBytes: Type.Optional(
      limit('All written files together, those in `/dev/shm` with them, bytes.'),
    ),
    outputBytes: Type.Optional(limit('Standard output and standard error together, bytes.')),
    cpus: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: 1024,
        description: 'Processors, as a number such as 1 or 0.5.',
      }),
    ),
  },
  {
    ...closed,
    description:
      'What the program may use. Each is bounded by the tenant’s grant; absent means the grant’s default.',
  },
)

export type Limits = Static<typeof Limits>
