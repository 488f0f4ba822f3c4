// One input, one verdict: through what the api does with a request’s body, and through what the worker does with the payload.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { Caller } from '../../api/auth.js'
import { judgeBody } from '../../api/route-jobs.js'
import type { Service } from '../../api/service.js'
import type { Payload } from '../../contract/payload.js'
import { judgeAgain } from '../../worker/judge-again.js'
import { drawing, grant, job, platform, runs } from './arbitrary.js'
import { catalogue } from './fixture.js'

t.test('api and worker judge alike', async (t) => {
  let plans = 0
  fc.assert(
    fc.property(job, grant, platform, (spec, loaded, machine) => {
      const { name } = loaded.grant
      const files = { grants: new Map([[name, loaded]]), catalogue, platform: machine }
      const service = { files: () => files, telemetry: { observe: () => {} } } as unknown as Service
      const caller = { grant: name, tenantGrant: name, quotas: {} } as Caller
      const { evaluation, spec: taken } = judgeBody(
        service,
        caller,
        JSON.parse(JSON.stringify(spec)),
      )
      const payload = {
        jobId: 'job_x',
        tenant: 't',
        grant: name,
        grantRevision: loaded.revision,
        acceptedAtMs: 0,
        expiresAtMs: 1,
        spec: taken,
      }
      const again = judgeAgain(JSON.parse(JSON.stringify(payload)) as Payload, files)
      if (again.kind === 'denied') {
        const reasons = evaluation.violations.map(
          ({ rule, pointer, message }) => `${rule} at ${pointer}: ${message}`,
        )
        assert.equal(again.result.cause?.message, reasons.join('; '))
        assert.equal(evaluation.verdict, 'deny')
        return true
      }
      plans += 1
      assert.deepEqual(again.plan, evaluation.plan)
      assert.equal(again.grantRevision, evaluation.grant.revision)
      return evaluation.verdict === 'allow'
    }),
    drawing,
  )
  t.ok(plans > runs / 20, `${plans} of ${runs} were planned`)
})
