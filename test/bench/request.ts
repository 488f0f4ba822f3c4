// The bytes of one whole conversation with the launcher: /bin/true in a full sandbox, END included.
import { defaultImage, endFrame, framesOf, plainPlan, plainStep } from '../launch-plan.js'

/** For the image of an instance on this machine. */
export function trivialRequest(imageDirectory: string, profileDirectory: string): Buffer {
  const plan = plainPlan(defaultImage(imageDirectory), [plainStep(['/bin/true'])])
  return Buffer.concat([framesOf(plan, profileDirectory), endFrame])
}
