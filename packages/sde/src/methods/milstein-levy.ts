import type { Method } from '../method.ts';
import { milsteinStages } from './milstein-stages.ts';

/**
 * Milstein, Itô, for any noise, with iterated integrals I_jk in place of the products of increments, and without
 * derivatives. The areas come from a series whose length, of the order of √steps, `integrate` chooses so that order 1 is
 * kept.
 *
 * Source: Kloeden and Platen, "Numerical Solution of Stochastic Differential Equations"; for the length, Wiktorsson, "Joint
 * Characteristic Function and Simultaneous Simulation of Iterated Itô Integrals for Multiple Independent Brownian Motions".
 */
export const milsteinLevy: Method = {
  name: 'milsteinLevy',
  calculus: 'ito',
  orders: { commutative: { strong: 1, weak: 1 }, general: { strong: 1, weak: 1 } },
  integrals: 'levyArea',
  prepare: milsteinStages,
};
