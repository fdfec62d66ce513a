import type { Method } from '../method.ts';
import { milsteinStages } from './milstein-stages.ts';

/**
 * Milstein, Itô, for any noise, with iterated integrals I_jk in place of the products of increments, and without
 * derivatives. The areas come from a series whose length `integrate` chooses so that order 1 is kept.
 *
 * Source: Kloeden and Platen, "Numerical Solution of Stochastic Differential Equations"; for the areas, Kloeden, Platen
 * and Wright, "The Approximation of Multiple Stochastic Integrals".
 */
export const milsteinLevy: Method = {
  name: 'milsteinLevy',
  calculus: 'ito',
  orders: { commutative: { strong: 1, weak: 1 }, general: { strong: 1, weak: 1 } },
  integrals: 'levyArea',
  prepare: milsteinStages,
};
