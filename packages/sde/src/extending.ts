/** What the author of a method needs beside the type `Method` of the root: the steppers behind the ones that are here. */
export { chosenSteps, type Orders, ordersByNoise, type QuarticTerm, type VariableStep } from './method.ts';
export { milsteinStages } from './methods/milstein-stages.ts';
export { explicitRungeKutta, type OdeTableau, quarticTerm } from './methods/ode-tableau.ts';
export { type ReversiblePair, reversiblePair } from './methods/reversible-heun.ts';
export { additiveRungeKutta, type SraTableau } from './methods/sra-tableau.ts';
export { type SriTableau, scalarRungeKutta } from './methods/sri-tableau.ts';
