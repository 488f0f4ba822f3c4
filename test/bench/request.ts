// The bytes of one whole conversation with the launcher: one program in a full sandbox, END included.
import { defaultImage, endFrame, framesOf, plainPlan, plainStep } from '../launch-plan.js'

/** For the image of an instance on this machine. */
export function requestFor(
  imageDirectory: string,
  profileDirectory: string,
  argv: readonly string[],
): Buffer {
  const plan = plainPlan(defaultImage(imageDirectory), [plainStep(argv)])
  return Buffer.concat([framesOf(plan, profileDirectory), endFrame])
}
