// Row 92, the class of CVE-2021-37701: an entry that is a link, and a later one that is written through it. Files of a job have no links; what
// is left are paths that lead through a link of the image's, and entries that stand in each other's way.
import type { Test } from 'tap'
import { accountOf, outputOf, type Tenant } from '../../stack.js'
import { nextAreNormal, on, withEvilImages } from '../evil-image.js'

const entries: readonly (readonly Record<string, unknown>[])[] = [
  [
    { path: 'out', type: 'symlink', target: '/etc' },
    { path: 'out/x', content: 'x' },
  ],
  [{ path: 'out', linkname: '/etc', content: '' }],
  [{ path: 'out', link: '/etc/passwd' }],
  [{ path: 'out', hardlink: 'main.sh' }],
  [{ path: 'out', content: '/etc', mode: 0o120777 }],
  [{ path: 'out', content: '/etc', mode: -1 }],
  [
    { path: 'out', content: '' },
    { path: 'out/x', content: 'x' },
  ],
  [
    { path: 'out/x', content: '' },
    { path: 'out', content: 'x' },
  ],
  [
    { path: 'out', content: '1' },
    { path: 'out', content: '2' },
  ],
  [{ path: 'main.sh', content: 'echo other' }],
]
const archives = ['archive', 'archiveBase64', 'tar', 'zip', 'bundle', 'files.tar', 'sources']

/** Links in the image's own workspace, and paths that lead through them. */
const image = {
  name: 'work-with-links',
  script:
    'ln -s "$CANARY" work/host; ln -s /etc work/etc; ln -s . work/here; ln -s /proc/self/root work/root; ln -s "$CANARY/file" work/file; mkdir work/real',
}
const through = [
  'host/x',
  'host/file',
  'host',
  'etc/x',
  'etc/passwd',
  'here/x',
  'root/x',
  'file',
  'host/deep/er/x',
  'real/../host/x',
]

export async function check(t: Test, tenant: Tenant): Promise<void> {
  for (const files of entries) {
    const answer = await tenant.request('POST', '/v1/jobs', {
      language: 'bash',
      source: 'true',
      files,
    })
    t.ok([400, 403].includes(answer.status), `${JSON.stringify(files)}: ${answer.status}`)
  }
  for (const name of archives) {
    const answer = await tenant.request('POST', '/v1/jobs', {
      language: 'bash',
      source: 'true',
      [name]: 'UEsDBA==',
    })
    t.equal(answer.status, 400, `${name}: archives are not taken`)
  }
  await withEvilImages(tenant, [image], async ({ canaryState }) => {
    const before = canaryState()
    for (const path of through) {
      const spec = on(image.name, 'echo ran; cat /etc/x 2>&1', {
        files: [{ path, content: 'written' }],
      })
      const answer = await tenant.request('POST', '/v1/jobs?wait=30', spec)
      const job = answer.json as {
        outcome: string
        cause: { stage: string }
        stdout: string | null
      }
      if (answer.status === 403) t.match(answer.text, /file-path/, `${path}: denied by policy`)
      else {
        t.equal(job.outcome, 'sandbox-error', `${path}: ${answer.text.slice(0, 300)}`)
        t.equal(job.cause.stage, 'file', `${path}: nothing is written through a link`)
        t.equal(job.stdout ?? '', '', `${path}: and nothing ran`)
      }
    }
    const control = await tenant.run(
      on(image.name, 'cat real/x', { files: [{ path: 'real/x', content: 'written' }] }),
    )
    t.equal(
      outputOf(control).toString(),
      'written',
      `control: through a directory it is; ${accountOf(control)}`,
    )
    t.equal(canaryState(), before, 'the canary is unchanged')
  })
  await nextAreNormal(t, tenant)
}
