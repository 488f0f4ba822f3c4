// Which methods a path takes, for 405 with Allow where the router knows only 404.
import type { FastifyInstance } from 'fastify'

/** Watches the routes of `app` from now on. The result gives the methods of a path, none for an unknown path. */
export function watchMethods(app: FastifyInstance): (path: string) => readonly string[] {
  const methodsByPattern = new Map<
    string,
    { readonly match: RegExp; readonly methods: Set<string> }
  >()
  app.addHook('onRoute', (route) => {
    const source = route.url
      .split('/')
      .map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.+]/g, '\\$&')))
    const known = methodsByPattern.get(route.url)
    const entry = known ?? {
      match: new RegExp(`^${source.join('/').replaceAll('*', '.*')}$`),
      methods: new Set(),
    }
    for (const method of [route.method].flat()) entry.methods.add(method)
    methodsByPattern.set(route.url, entry)
  })
  return (path) => {
    const found = new Set<string>()
    for (const { match, methods } of methodsByPattern.values()) {
      if (match.test(path)) for (const method of methods) found.add(method)
    }
    return [...found].sort()
  }
}
