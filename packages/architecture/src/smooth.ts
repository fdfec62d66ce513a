import type { Activation } from './activation.ts';
import { type QuadratureActivation, withQuadrature } from './with-quadrature.ts';

/** The logistic function, of arguments of any size. */
function logistic(h: number): number {
  const e = Math.exp(-Math.abs(h));
  return h >= 0 ? 1 / (1 + e) : e / (1 + e);
}

/** tanh(h), by quadrature. */
export const tanh: QuadratureActivation = withQuadrature({
  name: 'tanh',
  value: Math.tanh,
  derivative: (h) => 4 * logistic(2 * h) * logistic(-2 * h),
  secondDerivative: (h) => -8 * Math.tanh(h) * logistic(2 * h) * logistic(-2 * h),
  twiceDifferentiable: true,
});

/** The logistic function `1/(1 + e^{−h})`, by quadrature. */
export const sigmoid: QuadratureActivation = withQuadrature({
  name: 'sigmoid',
  value: logistic,
  derivative: (h) => logistic(h) * logistic(-h),
  secondDerivative: (h) => logistic(h) * logistic(-h) * (logistic(-h) - logistic(h)),
  twiceDifferentiable: true,
});

/** `log(1 + eʰ)`, by quadrature. */
export const softplus: QuadratureActivation = withQuadrature({
  name: 'softplus',
  value: (h) => Math.max(h, 0) + Math.log1p(Math.exp(-Math.abs(h))),
  derivative: logistic,
  secondDerivative: (h) => logistic(h) * logistic(-h),
  twiceDifferentiable: true,
});

/** SiLU or swish, `h/(1 + e^{−h})`, by quadrature. */
export const silu: QuadratureActivation = withQuadrature({
  name: 'silu',
  value: (h) => h * logistic(h),
  derivative: (h) => logistic(h) * (1 + h * logistic(-h)),
  secondDerivative: (h) => logistic(h) * logistic(-h) * (2 + h * (logistic(-h) - logistic(h))),
  twiceDifferentiable: true,
});

function exponentialLinear(name: string, scale: number, depth: number): Activation {
  return {
    name,
    value: (h) => scale * (h > 0 ? h : depth * Math.expm1(h)),
    derivative: (h) => scale * (h > 0 ? 1 : depth * Math.exp(h)),
    secondDerivative: (h) => (h < 0 ? scale * depth * Math.exp(h) : 0),
    twiceDifferentiable: false,
  };
}

/** ELU with unit depth: `h` above 0, `eʰ − 1` below; by quadrature split at 0. */
export const elu: QuadratureActivation = withQuadrature(exponentialLinear('elu', 1, 1), { kinks: [0] });

/** SELU (Klambauer and others, "Self-Normalizing Neural Networks"), by quadrature split at 0. */
export const selu: QuadratureActivation = withQuadrature(
  exponentialLinear('selu', 1.0507009873554805, 1.6732632423543772),
  { kinks: [0] },
);
