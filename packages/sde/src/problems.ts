/** Problems whose solutions or moments are known, to try a method on. */
export { arctangent } from './problems/arctangent.ts';
export { dampedAdditive } from './problems/damped-additive.ts';
export { geometricBrownianMotion } from './problems/geometric-brownian-motion.ts';
export { levyArea } from './problems/levy-area.ts';
export { nonCommutativeLinear } from './problems/non-commutative-linear.ts';
export { ornsteinUhlenbeck } from './problems/ornstein-uhlenbeck.ts';
export type { ReferenceProblem } from './problems/reference-problem.ts';
