// Limits that cannot hold together are refused instead of guessed at.
import type { LimitName } from './ask.js'
import type { Finding, Rule } from './rule.js'

/** Least memory in which any program can be started and its end told from our own, bytes. */
export const memoryBytesLeast = 4 * 1024 * 1024

export const limitsConsistent: Rule = {
  id: 'limits-consistent',
  title: 'Limits that can be kept together',
  why: 'Files lie in memory (design section 12), so a disk limit above the memory limit could never be reached: what cannot be kept is refused.',
  fields: ['/limits/diskBytes', '/limits/fileBytes', '/limits/memoryBytes'],
  revisions: [
    {
      since: 1,
      judge: (ask) => {
        const asked = (name: LimitName) => ask.limits.find((limit) => limit.name === name)
        const [memory, disk, file] = [asked('memoryBytes'), asked('diskBytes'), asked('fileBytes')]
        const findings: Finding[] = []
        if (memory !== undefined && memory.value < memoryBytesLeast) {
          findings.push({
            pointer: memory.pointer,
            message: `${memory.value} bytes of memory are too few to start any program; ask for ${memoryBytesLeast} or more.`,
          })
        }
        if (memory !== undefined && disk !== undefined && disk.value > memory.value) {
          findings.push({
            pointer: disk.pointer,
            message: `diskBytes ${disk.value} is above memoryBytes ${memory.value}; files count as memory.`,
          })
        }
        if (disk !== undefined && file !== undefined && file.value > disk.value) {
          findings.push({
            pointer: file.pointer,
            message: `fileBytes ${file.value} is above diskBytes ${disk.value}.`,
          })
        }
        return findings
      },
    },
  ],
  fixtures: {
    allow: [{ limits: { memoryBytes: 33554432, diskBytes: 16777216, fileBytes: 1048576 } }],
    deny: [
      { limits: { memoryBytes: 1 } },
      { limits: { memoryBytes: 8388608, diskBytes: 16777216 } },
      { limits: { diskBytes: 1024, fileBytes: 2048 } },
    ],
  },
}
