// Callback addresses are public https, written plainly.
import { addressFaults } from './callback-address.js'
import { originGrant } from './callback-origin.js'
import { allowed, type Judge, leaveOut, type Rule } from './rule.js'

const judge: Judge = (ask) => {
  if (ask.callback === null) return allowed
  const { value, pointer } = ask.callback
  return addressFaults(value).map((message) => ({ pointer, message }))
}

/** An origin that the grant names is as the operator wants it; ranges that are not public are given one by one. */
const judgeGiven: Judge = (ask, { grant }) => {
  if (ask.callback === null) return allowed
  const { value, pointer } = ask.callback
  const { isNamed } = originGrant(value, grant.callbackOrigins)
  const given = { isNamed, networks: grant.callbackNetworks }
  return addressFaults(value, given).map((message) => ({ pointer, message }))
}

const named = { callbackOrigins: ['http://hooks.internal:9000'], callbackNetworks: ['10.1.0.0/16'] }

const addresses = [
  'http://hooks.example.com/',
  'gopher://example.com/',
  'file:///etc/passwd',
  'not a url',
  '//example.com/',
  'https://user:pass@example.com/',
  'https://user@example.com/',
  'https://example.com:22/',
  'https://example.com:6379/',
  'https://localhost/',
  'https://LOCALHOST./',
  'https://a.localhost/',
  'https://redis/',
  'https://db.internal/',
  'https://printer.local/',
  'https://metadata.google.internal/',
  'https://127.0.0.1/',
  'https://127.1/',
  'https://2130706433/',
  'https://0x7f000001/',
  'https://0177.0.0.1/',
  'https://0/',
  'https://0.0.0.0/',
  'https://10.1.2.3/',
  'https://172.31.255.255/',
  'https://192.168.0.1/',
  'https://169.254.169.254/latest/meta-data',
  'https://100.100.100.200/',
  'https://168.63.129.16/',
  'https://224.0.0.1/',
  'https://255.255.255.255/',
  'https://8.8.8.8./',
  'https://134744072/',
  'https://[::1]/',
  'https://[::]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:7f00:1]/',
  'https://[::ffff:8.8.8.8]/',
  'https://[::127.0.0.1]/',
  'https://[64:ff9b::a9fe:a9fe]/',
  'https://[2002:7f00:1::]/',
  'https://[fd00:ec2::254]/',
  'https://[fe80::1]/',
  'https://[ff02::1]/',
  'https://ⓛocalhost/',
  'https://①②⑦.⓪.⓪.①/',
  'https://example.com\\@127.0.0.1/',
  'https://exa\tmple.com/',
  ' https://example.com/',
] as const

export const callbackAddress: Rule = {
  id: 'callback-address',
  title: 'Callbacks to public addresses only',
  why:
    'A callback is a request that we make, from inside, on a stranger’s word: loopback, private and metadata addresses, ' +
    'in decimal, octal, hexadecimal or IPv4-mapped spelling, are the classic targets. A name’s address is judged again when it is resolved.',
  references: [
    'CWE-918 (server-side request forgery)',
    'CVE-2021-29921 (octal notation read as another address)',
    'RFC 6890 (special-purpose addresses)',
  ],
  allows: 'a plain https address of a public host, port 443 or 8443',
  repair: leaveOut,
  fields: ['/callback'],
  revisions: [
    { since: 1, judge },
    { since: 4, judge: judgeGiven },
  ],
  fixtures: () => ({
    allow: [
      { name: 'none' },
      {
        name: 'an origin that the grant names',
        job: { callback: 'http://hooks.internal:9000/x' },
        grant: named,
      },
      {
        name: 'a range that the grant gives',
        job: { callback: 'https://10.1.2.3/' },
        grant: named,
      },
    ],
    deny: [
      ...addresses.map((callback) => ({ name: JSON.stringify(callback), job: { callback } })),
      ...['https://10.2.0.1/', 'http://hooks.internal:9001/', 'http://u@hooks.internal:9000/'].map(
        (callback) => ({
          name: `beside what the grant names: ${callback}`,
          job: { callback },
          grant: named,
        }),
      ),
    ],
  }),
}
