// Tables of others' rules (docs/oci.md, docs/standards.md): each row names what shows it, and that is there.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { read, repository } from './tidy-source.js'

/** The folders of `validation/` in opencontainers/runtime-tools that hold a program. */
const programs =
  `config_updates_without_affect create default delete delete_only_create_resources delete_resources hooks
  hooks_stdin hostname kill kill_no_effect killsig linux_cgroups_blkio linux_cgroups_cpus linux_cgroups_devices
  linux_cgroups_hugetlb linux_cgroups_memory linux_cgroups_network linux_cgroups_pids linux_cgroups_relative_blkio
  linux_cgroups_relative_cpus linux_cgroups_relative_devices linux_cgroups_relative_hugetlb linux_cgroups_relative_memory
  linux_cgroups_relative_network linux_cgroups_relative_pids linux_devices linux_masked_paths linux_mount_label linux_ns_itype
  linux_ns_nopath linux_ns_path linux_ns_path_type linux_process_apparmor_profile linux_readonly_paths
  linux_rootfs_propagation linux_seccomp linux_sysctl linux_uid_mappings misc_props mounts pidfile poststart poststart_fail
  poststop poststop_fail prestart prestart_fail process process_capabilities process_capabilities_fail
  process_oom_score_adj process_rlimits process_rlimits_fail process_user root_readonly_true start state`.split(
    /\s+/,
  )

type Row = readonly string[]
const cells = (line: string): Row =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())

/** Rows of every table of a page, without heads. */
function rowsOf(path: string): Row[] {
  const lines = read(path).split('\n')
  const isRow = (line = ''): boolean => line.startsWith('|')
  return lines
    .filter((line, at) => isRow(line) && isRow(lines[at - 1]) && !/^\| *-/.test(line))
    .map(cells)
}

const quoted = (text: string): string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, one = '']) => one)
const missing = (names: readonly string[]): string[] =>
  names.filter(
    (name) => /^(test|native|contract)\//.test(name) && !existsSync(join(repository, name)),
  )

const checker = read('test/sandbox/oci-checker.py')
/** What docs/oci.md lists as the checker's checks; each has to be a word that the checker reports. */
const listed = quoted(
  /What the checker looks at: ([\s\S]*?)\n\n/.exec(read('docs/oci.md'))?.[1] ?? '',
)
const reported = (check: string): boolean =>
  check === 'rlimits'
    ? checker.includes('limit["type"]')
    : new RegExp(`["}]?${check.replace(/^(uid|gid)M/, '(\\1|\\{name\\})M')}`).test(checker)

t.test('each of the 58 programs of runtime-tools has its row', (t) => {
  const rows = rowsOf('docs/oci.md').filter(([, answer = '']) =>
    ['covered', 'not'].includes(answer),
  )
  t.equal(programs.length, 58)
  t.same(
    rows.map(([name = '']) => quoted(name)[0]),
    programs,
  )
  for (const [name = '', answer, why = ''] of rows) {
    t.ok(why.length > 0, `${name}: says why`)
    t.same(missing(quoted(why)), [], `${name}: what it names is there`)
    if (answer !== 'covered') continue
    const shown = quoted(why).filter((one) => one.startsWith('test/') || listed.includes(one))
    t.ok(shown.length > 0 || name === '`default`', `${name}: names a test or a check`)
  }
  t.end()
})

t.test('each check that is listed is one of the checker', (t) => {
  t.ok(listed.length > 20, `${listed.length} checks`)
  t.same(
    listed.filter((check) => !reported(check)),
    [],
  )
  t.end()
})

t.test('each row of the standards names its test, which is there', (t) => {
  const rows = rowsOf('docs/standards.md')
  t.ok(rows.length >= 40, `${rows.length} rows`)
  for (const row of rows) {
    const names = quoted(row.at(-1) ?? '')
    const [field] = row
    t.ok(
      names.some((name) => name.startsWith('test/')),
      `${field}: names a test`,
    )
    t.same(missing(names), [], `${field}: it is there`)
    const checks = names.filter((name) => !name.startsWith('test/'))
    t.same(
      checks.filter((check) => !listed.includes(check)),
      [],
      `${field}: the checks are listed`,
    )
  }
  t.end()
})

t.test('a name that is not there is seen', (t) => {
  t.same(missing(['test/standards.test.ts', 'test/no-such.test.ts']), ['test/no-such.test.ts'])
  t.notOk(reported('no-such-check'))
  t.end()
})
