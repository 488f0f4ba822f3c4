// Hostile requests, by body: JSON that two readers read differently, and what is asked of things that are there.
import type { Hostile } from './corpus.js'
import { request } from './raw.js'

const post = (target: string, text: string): string => request('POST', `/v1.41${target}`, text)
const createText = (text: string): string => post('/containers/create', text)
const cmd = '"Image":"base","Cmd":["/bin/true"]'
const json: readonly Hostile[] = [
  {
    name: 'hostconfig in lower case',
    bytes: createText(`{${cmd},"hostconfig":{"Binds":["/:/host"]}}`),
    bare: 201,
  },
  {
    name: 'HOSTCONFIG in capitals',
    bytes: createText(`{${cmd},"HOSTCONFIG":{"CapAdd":["SYS_ADMIN"]}}`),
    bare: 201,
  },
  {
    name: 'binds in lower case',
    bytes: createText(`{${cmd},"HostConfig":{"binds":["/:/host"]}}`),
    bare: 201,
  },
  {
    name: 'a key with a Kelvin sign',
    bytes: createText(`{${cmd},"HostConfig":{"Networ\\u212aMode":"none"}}`),
    bare: 201,
  },
  {
    name: 'a key with a long s',
    bytes: createText(`{${cmd},"Ho\\u017ftConfig":{"Binds":["/:/host"]}}`),
    bare: 201,
  },
  {
    name: 'HostConfig twice',
    bytes: createText(`{${cmd},"HostConfig":{},"HostConfig":{"CapAdd":["SYS_ADMIN"]}}`),
    bare: 201,
  },
  {
    name: 'Binds twice',
    bytes: createText(`{${cmd},"HostConfig":{"Binds":[],"Binds":["/:/host"]}}`),
    bare: 201,
  },
  {
    name: 'a key twice, once escaped',
    bytes: createText(`{${cmd},"HostConfig":{},"HostConfi\\u0067":{"CapAdd":["SYS_ADMIN"]}}`),
    bare: 201,
  },
  {
    name: 'a value behind the value',
    bytes: createText(`{${cmd}}{"HostConfig":{"CapAdd":["SYS_ADMIN"]}}`),
  },
  { name: 'text behind the value', bytes: createText(`{${cmd}} zz-mark`) },
  { name: 'a byte order mark', bytes: createText(`\xef\xbb\xbf{${cmd}}`) },
  { name: 'UTF-16', bytes: createText('\xff\xfe{\0}\0') },
  { name: 'bytes that are no UTF-8', bytes: createText(`{${cmd},"User":"\xff"}`) },
  { name: 'a comment', bytes: createText(`{${cmd}/* x */}`) },
  { name: 'a comma at the end', bytes: createText(`{${cmd},}`) },
  { name: 'single quotes', bytes: createText("{'Image':'base'}") },
  { name: 'NaN', bytes: createText(`{${cmd},"StopTimeout":NaN}`) },
  {
    name: 'a number beyond all bounds',
    bytes: createText(`{${cmd},"HostConfig":{"Memory":1e400}}`),
  },
  { name: 'ten thousand levels', bytes: createText(`${'['.repeat(10_000)}${']'.repeat(10_000)}`) },
  {
    name: 'a hundred levels in a label',
    bytes: createText(`{${cmd},"Labels":${'{"a":'.repeat(100)}1${'}'.repeat(100)}}`),
  },
  {
    name: '__proto__',
    bytes: createText(`{${cmd},"__proto__":{"HostConfig":{"Privileged":true}}}`),
    bare: 201,
  },
  {
    name: 'constructor',
    bytes: createText(`{${cmd},"constructor":{"prototype":{"Privileged":true}}}`),
    bare: 201,
  },
  { name: 'a lone surrogate', bytes: createText(`{${cmd},"User":"\\ud800"}`) },
  { name: 'a list instead of an object', bytes: createText('[]') },
  { name: 'null', bytes: createText('null') },
  { name: 'no body', bytes: request('POST', '/v1.41/containers/create') },
  { name: 'an empty body with a kind', bytes: createText('') },
  {
    name: 'a body of two mebibytes',
    bytes: createText(`{${cmd},"User":"${'a'.repeat(2 * 1_048_576)}"}`),
  },
  {
    name: 'text/plain',
    bytes: createText(`{${cmd}}`).replace('application/json', 'text/plain'),
    bare: 400,
  },
  {
    name: 'no kind of content',
    bytes: createText(`{${cmd}}`).replace('Content-Type: application/json\r\n', ''),
  },
  {
    name: 'a form',
    bytes: createText('HostConfig=1').replace(
      'application/json',
      'application/x-www-form-urlencoded',
    ),
    bare: 400,
  },
  { name: 'an unknown field', bytes: createText(`{${cmd},"ZzMark":true}`), bare: 201 },
  {
    name: 'an unknown field of HostConfig',
    bytes: createText(`{${cmd},"HostConfig":{"ZzMark":true}}`),
    bare: 201,
  },
  {
    name: 'HostConfig at a start',
    bytes: ({ mine }) => post(`/containers/${mine}/start`, '{"HostConfig":{"Privileged":true}}'),
  },
]

const doors: readonly Hostile[] = [
  {
    name: 'exec with all powers',
    bytes: ({ mine }) =>
      post(`/containers/${mine}/exec`, '{"Cmd":["/bin/true"],"Privileged":true}'),
    bare: 201,
  },
  {
    name: 'exec with all powers, in lower case',
    bytes: ({ mine }) =>
      post(`/containers/${mine}/exec`, '{"Cmd":["/bin/true"],"privileged":true}'),
    bare: 201,
  },
  {
    name: 'exec without a command',
    bytes: ({ mine }) => post(`/containers/${mine}/exec`, '{}'),
    bare: 400,
  },
  {
    name: 'update with a device',
    bytes: ({ mine }) =>
      post(
        `/containers/${mine}/update`,
        '{"Devices":[{"PathOnHost":"/dev/mem","PathInContainer":"/dev/mem","CgroupPermissions":"rwm"}]}',
      ),
    bare: 200,
  },
  {
    name: 'update with all devices',
    bytes: ({ mine }) => post(`/containers/${mine}/update`, '{"DeviceCgroupRules":["a *:* rwm"]}'),
    bare: 200,
  },
  {
    name: 'update without bounds',
    bytes: ({ mine }) =>
      post(`/containers/${mine}/update`, `{"Memory":${2 ** 50},"MemorySwap":-1}`),
  },
  {
    name: 'a volume that binds',
    bytes: post(
      '/volumes/create',
      '{"Name":"x1","Driver":"local","DriverOpts":{"type":"none","o":"bind","device":"/"}}',
    ),
    bare: 201,
  },
  {
    name: 'a volume that binds, in lower case',
    bytes: post(
      '/volumes/create',
      '{"name":"x2","driveropts":{"type":"none","o":"bind","device":"/"}}',
    ),
    bare: 201,
  },
  {
    name: 'a volume of another driver',
    bytes: post('/volumes/create', '{"Name":"x3","Driver":"zz-mark"}'),
  },
  {
    name: 'a volume with another tenant’s label',
    bytes: post('/volumes/create', '{"Name":"x4","Labels":{"stockade.tenant":"other"}}'),
    bare: 201,
  },
  { name: 'a volume with a path for a name', bytes: post('/volumes/create', '{"Name":"/etc"}') },
  {
    name: 'a network of the host’s card',
    bytes: post('/networks/create', '{"Name":"x1","Driver":"macvlan","Options":{"parent":"lo"}}'),
  },
  {
    name: 'a network without a bridge',
    bytes: post('/networks/create', '{"Name":"x2","Driver":"host"}'),
  },
  {
    name: 'another tenant’s container on a network',
    bytes: ({ theirs }) => post('/networks/bridge/connect', JSON.stringify({ Container: theirs })),
  },
]

export const bodyCorpus: readonly Hostile[] = [...json, ...doors]
