// The adapters of what is done with a container that there is: exec, its start, update and commit.
import type { Ask } from './ask.js'
import { type Adapted, askNothing, givenByEngine, type Subject } from './docker-adapted.js'
import { checkedChanges, ownImageName, plainly } from './docker-image.js'
import { askedDevices, askedResources } from './docker-limits.js'
import { writtenRestart } from './docker-run.js'
import { askedEnvironment, askedUser } from './docker-security.js'

/** The tenant’s own container, by its id; a stranger’s is not there. */
function ownContainer({ context, findings }: Subject, reference: string, pointer: string): string {
  const id = context.owned.container(reference)
  if (id === null) findings.deny('docker-owner', pointer, `No such container: ${reference}`)
  return id ?? ''
}

export function adaptExecCreate(subject: Subject): Adapted {
  const { body, context, findings, passed, call } = subject
  const id = ownContainer(subject, call.path.id ?? '', '')
  const [variables, command] = [body.texts('/Env'), body.texts('/Cmd')]
  const user = askedUser(subject, body.text('/User'))
  const directory = body.text('/WorkingDir')
  if (command.length === 0 || command[0]?.value === '')
    findings.deny('docker-form', '/Cmd', 'No exec command specified')
  const ask: Ask = {
    ...askNothing,
    argv: command,
    environment: askedEnvironment(variables),
    directory,
    privileged: body.truth('/Privileged'),
    uid: user.uid,
    gid: user.gid,
  }
  return {
    ask,
    further: [],
    given: givenByEngine(context, {}),
    missingImage: null,
    write: () => ({
      path: { id },
      body: {
        ...passed,
        Privileged: false,
        User: user.written,
        Env: variables.map(({ value }) => value),
        Cmd: command.map(({ value }) => value),
        ...(directory === null ? {} : { WorkingDir: directory.value }),
      },
    }),
  }
}

/** The exec is one’s own by its id, which the guard has looked up. */
export function adaptExecStart(subject: Subject): Adapted {
  return plainly(subject, () => ({ body: { ...subject.passed } }))
}

/** Only what is asked changes: a limit that is left out stays as it was written when the container was made. */
export function adaptContainerUpdate(subject: Subject): Adapted {
  const { context, call, findings } = subject
  const id = ownContainer(subject, call.path.id ?? '', '')
  const { limits, ulimits } = askedResources(subject, '')
  const restart = writtenRestart(subject, '/RestartPolicy')
  const asked = (name: string): boolean => limits.some((limit) => limit.name === name)
  if (ulimits.length > 0)
    findings.deny('docker-ulimit', '/Ulimits', 'Ulimits are set when a container is made.')
  return {
    ask: { ...askNothing, limits, devices: askedDevices(subject, '') },
    further: [],
    given: givenByEngine(context, {}),
    missingImage: null,
    write: (resolved) => ({
      path: { id },
      body: {
        ...(subject.passed.MemoryReservation === undefined
          ? {}
          : { MemoryReservation: subject.passed.MemoryReservation }),
        ...(asked('memoryBytes')
          ? { Memory: resolved.memoryBytes, MemorySwap: resolved.memoryBytes }
          : {}),
        ...(asked('cpuMillis') ? { NanoCpus: Math.round(resolved.cpuMillis * 1_000_000) } : {}),
        ...(asked('processes') ? { PidsLimit: resolved.processes } : {}),
        ...(restart === null ? {} : { RestartPolicy: restart }),
      },
    }),
  }
}

export function adaptCommit(subject: Subject): Adapted {
  const { query, findings } = subject
  const container = query.text('/container')
  if (container === null) findings.deny('docker-form', '/container', 'A commit is of a container.')
  const id = container === null ? '' : ownContainer(subject, container.value, container.pointer)
  const own = ownImageName(subject, query.text('/repo'), query.text('/tag'))
  const changes = checkedChanges(subject)
  return plainly(subject, () => ({
    query: { container: id, ...own, ...(changes.length === 0 ? {} : { changes }) },
  }))
}
