// Rules of the Docker door alone: what no job can ask. What both doors can ask is judged by the rules of policy/rules.ts, and by nothing
// else. The adapters name these by their ids; a test proves that each is broken by a request, and that no other id is used.

export type DockerRule = {
  readonly title: string
  readonly why: string
  readonly references: readonly string[]
}

export const dockerRules = {
  'docker-grant': {
    title: 'The Docker door by grant',
    why: 'An engine is more than a sandbox: containers that stay, networks, ports. A tenant has it when its grant says so, part by part.',
    references: ['CWE-862 (missing authorization)'],
  },
  'docker-form': {
    title: 'Well-formed requests',
    why: 'What two readers understand differently is understood as the attacker likes: a wrong kind, a parameter given twice or a value that is no value is refused, never repaired.',
    references: ['CWE-436 (one request read in two ways)', 'CVE-2024-41110'],
  },
  'docker-unknown-field': {
    title: 'Known fields only',
    why: 'An engine matches names without regard to case and new versions bring new power: what is not in the tables does not exist.',
    references: ['CWE-178 (case sensitivity)', 'CWE-184 (incomplete list of disallowed inputs)'],
  },
  'docker-field': {
    title: 'Fields that nobody may set',
    why: 'Each is a way to the host or to a neighbour, or has no use behind a guard; the reason stands with the field.',
    references: ['docs/docker-fields.md'],
  },
  'docker-unread': {
    title: 'Nothing is left unread',
    why: 'A field that should be judged and that no judge has read is refused: a forgotten field fails closed.',
    references: ['CWE-636 (not failing securely)'],
  },
  'docker-owner': {
    title: 'Only one’s own',
    why: 'What another tenant has does not exist here: it cannot be joined, mounted, linked or named, and nobody learns that it is there.',
    references: ['CWE-639 (authorization through a user’s own key)'],
  },
  'docker-name': {
    title: 'Plain names',
    why: 'Names go into paths, DNS and labels of the engine.',
    references: ['CWE-22 (path traversal)', 'CWE-117 (log injection)'],
  },
  'docker-label': {
    title: 'No labels of the guard',
    why: 'Ownership is kept in labels: who may write them owns what he likes.',
    references: ['CWE-345 (insufficient verification of authenticity)'],
  },
  'docker-mount': {
    title: 'Plain mounts',
    why: 'Propagation, relabelling, set-uid and device options reach beyond the container.',
    references: ['CIS Docker 5.19 (no shared mount propagation)'],
  },
  'docker-driver': {
    title: 'The engine’s plain drivers',
    why: 'A driver is a program of the host’s: of volumes only `local`, of networks only `bridge`.',
    references: [
      'CIS Docker 5.19 (no shared mount propagation)',
      'CWE-829 (code from outside the sphere of control)',
    ],
  },
  'docker-log': {
    title: 'Logs stay here',
    why: 'Log drivers send to any address or write into the host’s own journal.',
    references: ['CIS Docker 2.12 (logging)', 'CWE-918 (server-side request forgery)'],
  },
  'docker-port': {
    title: 'Ports of the tenant’s own range and address',
    why: 'A port on every address of the host is the host’s service, and a low one is somebody else’s.',
    references: [
      'CIS Docker 5.7 (no privileged ports)',
      'CIS Docker 5.8 (needed ports only)',
      'CIS Docker 5.13 (bound to an interface)',
    ],
  },
  'docker-restart': {
    title: 'Bounded restarts',
    why: 'A container that restarts for ever is a loop that nobody pays for.',
    references: ['CIS Docker 5.14 (restarts at most five times)'],
  },
  'docker-oom-score': {
    title: 'Never spared by the kernel',
    why: 'When memory ends the kernel must not take the host’s processes first.',
    references: ['CIS Docker 5.10 (memory limited)'],
  },
  'docker-ulimit': {
    title: 'Ulimits that a grant has a limit for',
    why: 'Open files, processes, file size, time and stack are bounded; of the others the engine’s own hold.',
    references: ['CIS Docker 5.18 (ulimits)'],
  },
  'docker-security-option': {
    title: 'Security options that take nothing off',
    why: 'Labels, masked paths and writable control groups are layers of the host’s, and none of them is the caller’s to take off.',
    references: ['CIS Docker 5.2 (SELinux)', 'CVE-2025-31133'],
  },
  'docker-registry': {
    title: 'Registries by grant',
    why: 'What is pulled runs, and a pull is a request from inside to an address of the caller’s choice.',
    references: ['CWE-918 (server-side request forgery)', 'CIS Docker 4.2 (trusted base images)'],
  },
  'docker-fetch': {
    title: 'The engine fetches nothing by address',
    why: 'A remote context or an import from a URL is a request from inside the host’s network on a stranger’s word.',
    references: ['CWE-918 (server-side request forgery)'],
  },
  'docker-image-change': {
    title: 'Changes that describe an image',
    why: 'A change of a commit or an import is one instruction that runs nothing; a second line would be a second instruction.',
    references: ['CWE-93 (injection by line feeds)'],
  },
  'docker-quota': {
    title: 'So many, and no more',
    why: 'Names, veth pairs, mounts and inodes of the host are few, and shared by all.',
    references: ['CWE-770 (allocation without limits)'],
  },
  'docker-service-mode': {
    title: 'Services of so many tasks',
    why: 'A task on each machine, or a job without end, is the operator’s to say.',
    references: ['CWE-770 (allocation without limits)'],
  },
  'docker-plugin': {
    title: 'No plug-ins',
    why: 'A plug-in is a program of the host’s, with the rights that its author asks for.',
    references: ['CWE-829 (code from outside the sphere of control)'],
  },
} as const satisfies Readonly<Record<string, DockerRule>>

export type DockerRuleId = keyof typeof dockerRules
