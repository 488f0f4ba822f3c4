// The options of a tmpfs, which Docker takes as one text for mount(8): only those that are known are kept, and two are always there.

export type TmpfsOptions = {
  /** Bytes; null where none is asked. */
  readonly size: number | null
  readonly options: readonly string[]
  readonly faults: readonly string[]
}

const units: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }
const plain = ['rw', 'ro', 'exec', 'noexec']
const always = ['nosuid', 'nodev']

function sizeOf(text: string): number | null {
  const [, digits = '', unit = ''] = /^([0-9]{1,15})([kmg]?)b?$/i.exec(text) ?? []
  const bytes = Number(digits) * (units[unit.toLowerCase()] ?? 0)
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : null
}

export function tmpfsOptions(text: string): TmpfsOptions {
  const options = new Set(always)
  const faults: string[] = []
  let size: number | null = null
  for (const option of text.split(',').filter((one) => one !== '')) {
    const [name = '', value] = option.split('=')
    if (name === 'size' && value !== undefined && sizeOf(value) !== null) size = sizeOf(value)
    else if (plain.includes(option) || always.includes(option)) options.add(option)
    else if (/^mode=0?1?[0-7]{3}$|^(uid|gid)=[0-9]{1,5}$|^nr_inodes=[1-9][0-9]{0,6}$/.test(option))
      options.add(option)
    else
      faults.push(
        'Of options there are size, mode, uid, gid, nr_inodes, ro, rw, exec and noexec; sizes are bytes, k, m or g.',
      )
  }
  return { size, options: [...options], faults: faults.slice(0, 1) }
}
