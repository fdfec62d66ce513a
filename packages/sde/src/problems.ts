/** Problems whose solutions or moments are known, to try a method on. */
export { arctangent } from './problems/arctangent.ts';
export { coxIngersollRoss } from './problems/cox-ingersoll-ross.ts';
export { dampedAdditive } from './problems/damped-additive.ts';
export { doubleWell } from './problems/double-well.ts';
export { geometricBrownianMotion } from './problems/geometric-brownian-motion.ts';
export { hyperbolicTangent } from './problems/hyperbolic-tangent.ts';
export { kuboOscillator } from './problems/kubo-oscillator.ts';
export { levyArea } from './problems/levy-area.ts';
export { nonCommutativeLinear } from './problems/non-commutative-linear.ts';
export { ornsteinUhlenbeck } from './problems/ornstein-uhlenbeck.ts';
export type { ReferenceProblem } from './problems/reference-problem.ts';
