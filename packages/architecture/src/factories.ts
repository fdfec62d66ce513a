export { type AbReluOptions, abRelu, absolute, leakyRelu } from './ab-relu.ts';
export { type ErfOptions, erfSigmoid, erfWith } from './erf-activation.ts';
export {
  type ExponentialOptions,
  exponential,
  type NormalizedExponentialOptions,
  normalizedExponential,
} from './exponential.ts';
export { gabor } from './gabor.ts';
export { type GaussianOptions, gaussian } from './gaussian.ts';
export { gelu } from './gelu.ts';
export { hermite, monomial, polynomial } from './polynomial.ts';
export { rectifiedMonomial } from './rectified-monomial.ts';
export { sign, step } from './sign.ts';
export { cosine, rbf, type SineOptions, sine } from './sine.ts';
export { elu, selu, sigmoid, silu, softplus, tanh } from './smooth.ts';
export { type QuadratureActivation, type QuadratureOptions, withQuadrature } from './with-quadrature.ts';
