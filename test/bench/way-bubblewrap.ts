// bubblewrap with the same namespaces (it cannot make a time namespace) and the nearest root it can build.
import { nothingToEnd, type Place, type Ways } from './way.js'

export const bubblewrapName = 'bubblewrap, same namespaces'

const namespacesOfOurs = [
  '--unshare-user',
  '--unshare-pid',
  '--unshare-net',
  '--unshare-ipc',
  '--unshare-uts',
  '--unshare-cgroup',
]

const argv = (root: string): string[] => [
  '/usr/bin/bwrap',
  ...namespacesOfOurs,
  ...['--die-with-parent', '--new-session', '--cap-drop', 'ALL'],
  ...['--ro-bind', `${root}/usr`, '/usr', '--symlink', 'usr/bin', '/bin'],
  ...['--symlink', 'usr/lib', '/lib', '--symlink', 'usr/lib64', '/lib64'],
  ...['--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp', '--tmpfs', '/work'],
  '/bin/true',
]

export const bubblewrap = (place: Place): Ways => ({
  ways: [
    {
      name: bubblewrapName,
      batch: 10,
      watch: [...place.asWorker, place.spawn, 'exec'],
      words: () => argv(place.root),
      lanesMax: 32,
    },
  ],
  absent: [],
  end: nothingToEnd,
})
