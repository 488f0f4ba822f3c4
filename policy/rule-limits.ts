// Limits: none above what the grant allows. Absent means the grant's default; there is no "unlimited".
import type { Rule } from './rule.js'

export const limits: Rule = {
  id: 'limits',
  title: 'No limit beyond the grant',
  why: 'Unbounded memory, processes, time or output is denial of service (CIS Docker 5.11, 5.12, 5.14, 5.29).',
  fields: [
    '/limits/wallMs',
    '/limits/cpuMs',
    '/limits/memoryBytes',
    '/limits/processes',
    '/limits/openFiles',
    '/limits/fileBytes',
    '/limits/diskBytes',
    '/limits/outputBytes',
    '/limits/cpus',
    '/expiresAfterMs',
    '/retry/attempts',
  ],
  revisions: [
    {
      since: 1,
      judge: (ask, { grant }) =>
        ask.limits
          .filter((asked) => !(asked.value >= 1 && asked.value <= grant.limits[asked.name].maximum))
          .map((asked) => ({
            pointer: asked.pointer,
            message: `${asked.value} for ${asked.name} is outside 1 to ${grant.limits[asked.name].maximum}, which this grant allows.`,
          })),
    },
  ],
  fixtures: {
    allow: [{ limits: { wallMs: 1000, memoryBytes: 67108864 } }, { expiresAfterMs: 1000 }],
    deny: [
      { limits: { wallMs: 1e12 } },
      { limits: { cpuMs: Number.MAX_SAFE_INTEGER } },
      { limits: { memoryBytes: 2 ** 50 } },
      { limits: { processes: 1e9 } },
      { limits: { cpus: 1000 } },
      { limits: { outputBytes: 1e15 } },
      { expiresAfterMs: 7 * 24 * 3600 * 1000 },
      { retry: { attempts: 10 } },
    ],
  },
}
