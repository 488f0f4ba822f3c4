// What a row of the corpus of hostile requests is.
export type Hostile = {
  readonly name: string
  /** `base` is an image that is there; `mine` a container of the tenant's that runs, `theirs` one of another tenant's. */
  readonly bytes:
    | string
    | ((ids: { readonly mine: string; readonly theirs: string; readonly exec: string }) => string)
  /** The status of the bare engine to the same bytes: below 400 it takes them. Absent where the engine has no such thing to compare. */
  readonly bare?: number
}
