import { type Method, ordersByNoise } from '../method.ts';
import { milsteinStages } from './milstein-stages.ts';

/**
 * Milstein, Itô, for noise that commutes, from increments alone and without derivatives: differences of g at x + √h g_j
 * times ½(dW_j dW_k − δ_jk h). It takes 2m + 1 products g·v a step, and 3 for diagonal noise.
 *
 * Source: Kloeden and Platen, "Numerical Solution of Stochastic Differential Equations", for the explicit order 1 scheme.
 */
export const milsteinCommutative: Method = {
  name: 'milsteinCommutative',
  calculus: 'ito',
  orders: ordersByNoise({ commuting: [1, 1] }),
  prepare: milsteinStages,
};
