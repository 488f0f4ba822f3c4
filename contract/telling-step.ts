// Whose output and figures are told at the top of a job: the step that failed, else the last one that was run.

type Step = { readonly name: string; readonly outcome: string }

export function tellingStep<One extends Step>(
  steps: readonly One[],
  failedStep: string | null,
): One | undefined {
  const ran = steps.filter(({ outcome }) => outcome !== 'skipped')
  return ran.find(({ name }) => name === failedStep) ?? ran.at(-1)
}
