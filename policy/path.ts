// Paths as text: nothing here touches a file system. Plain paths inside the sandbox, and the many spellings of host paths.

/** Components of a path that a job may give; the kernel would take far more. */
export const componentsMax = 64
/** NAME_MAX of every Linux file system that we use. Bytes. */
const componentBytesMax = 255

const kernelTrees = ['/proc', '/sys', '/dev'] as const

/** U+0000 to U+001F, U+007F to U+009F: what terminals and logs act upon. */
export function hasControl(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: to find them is its purpose
  return /[\u0000-\u001f\u007f-\u009f]/.test(text)
}

function componentFault(component: string): string | null {
  if (component === '') return 'has an empty component'
  if (component === '.' || component === '..') return `has the component ${component}`
  return Buffer.byteLength(component) > componentBytesMax
    ? `has a component of more than ${componentBytesMax} bytes`
    : null
}

/** Why a relative path is not plain, as the end of a sentence; null where it is. */
export function pathFault(path: string): string | null {
  if (hasControl(path)) return 'has a control character'
  const components = path.split('/')
  if (components.length > componentsMax) return `has more than ${componentsMax} components`
  for (const component of components) {
    const fault = componentFault(component)
    if (fault !== null) return fault
  }
  return null
}

/** Whether an absolute, normalised path is a tree’s root or in it. */
export function isWithin(path: string, tree: string): boolean {
  return tree === '/' || path === tree || path.startsWith(`${tree}/`)
}

/** The kernel’s tree (/proc, /sys, /dev) that a path is in. */
export function kernelTreeOf(path: string): string | null {
  return kernelTrees.find((tree) => isWithin(path, tree)) ?? null
}

/** Kernel trees that a mount of this host path would show: its own, or all, when it is above them. */
export function kernelTreesShown(path: string): readonly string[] {
  return kernelTrees.filter((tree) => isWithin(path, tree) || isWithin(tree, path))
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A file URL without scheme and host; other text as it is. */
function withoutScheme(source: string): string {
  const text = source.trim()
  if (!/^file:/i.test(text)) return text
  const rest = decoded(text.slice('file:'.length))
  if (!rest.startsWith('//')) return rest
  const path = rest.indexOf('/', 2)
  return path === -1 ? '/' : rest.slice(path)
}

/**
 * What a host path comes to: `//`, `/./`, `..`, backslashes and file URLs resolved as text. A relative one is taken from
 * the root, as an engine that runs there would. Links cannot be resolved here, and need not be: no host path is given.
 */
export function normalHostPath(source: string): string {
  const kept: string[] = []
  for (const component of withoutScheme(source).replaceAll('\\', '/').split('/')) {
    if (component === '..') kept.pop()
    else if (component !== '' && component !== '.') kept.push(component)
  }
  return `/${kept.join('/')}`
}
