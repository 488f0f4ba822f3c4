// A table of Markdown.

type Cell = string | number

const row = (cells: readonly Cell[]): string => `| ${cells.join(' | ')} |`

export const table = (head: readonly Cell[], rows: readonly (readonly Cell[])[]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')
