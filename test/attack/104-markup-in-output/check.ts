// Row 104: markup and scripts in what a job writes or a caller names, on their way to a browser.
import type { Test } from 'tap'
import { accountOf, address, openTenant, type Tenant } from '../../stack.js'

const markup =
  '<!doctype html><script>alert(document.cookie)</script><img src=x onerror=alert(1)>\u2028</script>'

export async function check(t: Test, tenant: Tenant): Promise<void> {
  const job = await tenant.run({
    language: 'python',
    source: `print(${JSON.stringify(markup)})`,
    labels: { markup },
  })
  t.equal(job.stdout, `${markup}\n`, `control: the text is kept as it is; ${accountOf(job)}`)
  const paths = [
    `/v1/jobs/${job.id}`,
    '/v1/jobs',
    `/v1/jobs/${job.id}/events`,
    `/v1/jobs/${encodeURIComponent(markup)}`,
    `/${encodeURIComponent(markup)}`,
    `/v1/jobs?x=${encodeURIComponent(markup)}`,
    '/openapi.json',
    '/healthz',
  ]
  for (const path of paths)
    for (const accept of ['*/*', 'text/html', 'text/event-stream']) {
      const response = await fetch(`http://${address}${path}`, {
        headers: { authorization: `Bearer ${tenant.key}`, accept },
      })
      const type = response.headers.get('content-type') ?? ''
      await response.text()
      t.match(
        type,
        /^(application\/(problem\+)?json|text\/event-stream)/,
        `${path.slice(0, 40)} as ${accept}: ${type}`,
      )
      t.equal(response.headers.get('x-content-type-options'), 'nosniff')
      t.match(response.headers.get('content-security-policy'), /default-src 'none'/)
      t.match(response.headers.get('content-security-policy'), /frame-ancestors 'none'/)
    }
  const page = await fetch(`http://${address}/docs`)
  const policy = page.headers.get('content-security-policy') ?? ''
  t.match(page.headers.get('content-type'), /^text\/html/, 'the one page there is')
  t.match(policy, /default-src 'none'/, `has a policy of its own: ${policy}`)
  t.notMatch(
    policy,
    /script-src[^;]*('unsafe-inline'|'unsafe-eval'|\*|https?:)/,
    'without scripts in the text or from elsewhere',
  )
  t.notMatch(await page.text(), /job_[0-9a-z]{26}/, 'and shows nothing of any job by itself')
  await checkArtifact(t)
}

/** A browser is given bytes to keep, never a page. */
async function checkArtifact(t: Test): Promise<void> {
  const owner = openTenant('attack-artifacts', 'ci')
  const job = await owner.run({
    language: 'python',
    source: `open('page.html', 'w').write(${JSON.stringify(markup)})`,
    artifacts: [{ path: 'page.html' }],
  })
  for (const path of ['artifacts/page.html', 'artifacts.tar', 'artifacts.zip'])
    for (const accept of ['*/*', 'text/html']) {
      const response = await fetch(`http://${address}/v1/jobs/${job.id}/${path}`, {
        headers: { authorization: `Bearer ${owner.key}`, accept },
      })
      const bytes = Buffer.from(await response.arrayBuffer())
      if (path.endsWith('.html'))
        t.equal(bytes.toString(), markup, `control: it is there; ${accountOf(job)}`)
      const said = Object.fromEntries(response.headers)
      t.match(said['content-type'], /^application\/(octet-stream|x-tar|zip)$/, `${path}, ${accept}`)
      t.match(said['content-disposition'], /^attachment; filename="[A-Za-z0-9._-]+"$/)
      t.equal(said['x-content-type-options'], 'nosniff')
      t.match(said['content-security-policy'], /default-src 'none'/)
    }
}
