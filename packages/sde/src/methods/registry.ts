import { ArgumentError } from '@sntk/errors';
import type { Method } from '../method.ts';
import type { SdeProblem } from '../problem.ts';
import { dormandPrince } from './dormand-prince.ts';
import { eulerHeun } from './euler-heun.ts';
import { eulerMaruyama } from './euler-maruyama.ts';
import { exponentialEuler } from './exponential-euler.ts';
import { exponentialMilstein } from './exponential-milstein.ts';
import { exponentialStrang } from './exponential-strang.ts';
import { implicitEuler } from './implicit-euler.ts';
import { midpoint } from './midpoint.ts';
import { milstein } from './milstein.ts';
import { milsteinCommutative } from './milstein-commutative.ts';
import { milsteinLevy } from './milstein-levy.ts';
import { platenWeak } from './platen-weak.ts';
import { reversibleHeun } from './reversible-heun.ts';
import { rk4 } from './rk4.ts';
import { sra1 } from './sra1.ts';
import { sra3 } from './sra3.ts';
import { sriw1 } from './sriw1.ts';
import { sriw2 } from './sriw2.ts';
import { stochasticHeun } from './stochastic-heun.ts';
import { tamedEuler } from './tamed-euler.ts';
import { tsitouras } from './tsitouras.ts';

/** Names of the methods that come with the package. */
export type MethodName =
  | 'eulerMaruyama'
  | 'exponentialEuler'
  | 'exponentialStrang'
  | 'milstein'
  | 'stochasticHeun'
  | 'eulerHeun'
  | 'midpoint'
  | 'reversibleHeun'
  | 'rk4'
  | 'tamedEuler'
  | 'implicitEuler'
  | 'exponentialMilstein'
  | 'milsteinCommutative'
  | 'milsteinLevy'
  | 'platenWeak'
  | 'sra1'
  | 'sra3'
  | 'sriw1'
  | 'sriw2'
  | 'dormandPrince'
  | 'tsitouras';

/**
 * The methods by name, each with its calculus and its orders for every kind of noise.
 *
 * @example
 * ```ts
 * import { methods } from '@sntk/sde';
 *
 * console.log(methods.milstein.orders.diagonal); // { strong: 1, weak: 1 }
 * ```
 */
export const methods: Readonly<Record<MethodName, Method>> = {
  eulerMaruyama,
  exponentialEuler,
  exponentialStrang,
  milstein,
  stochasticHeun,
  eulerHeun,
  midpoint,
  reversibleHeun,
  rk4,
  tamedEuler,
  implicitEuler,
  exponentialMilstein,
  milsteinCommutative,
  milsteinLevy,
  platenWeak,
  sra1,
  sra3,
  sriw1,
  sriw2,
  dormandPrince,
  tsitouras,
};

/** Why a method cannot do a problem, or undefined if it can. */
function misfit(method: Method, problem: SdeProblem): string | undefined {
  const { noise, calculus } = problem;
  if (!method.orders[noise]) return `noise of type ${Object.keys(method.orders).join(', ')}`;
  if (method.calculus !== calculus && noise !== 'none' && noise !== 'additive') {
    return `a problem in ${method.calculus} form`;
  }
  if (method.needs === 'linear' && !problem.linear) return 'problem.linear';
  if (method.needs === 'diffusion.diagonal' && !problem.diffusion?.diagonal)
    return 'problem.diffusion.diagonal';
  return undefined;
}

/** The method meant, refused with a list of those that fit if it does not. */
export function suitableMethod(where: string, choice: Method | MethodName, problem: SdeProblem): Method {
  const method = typeof choice === 'string' ? methods[choice] : choice;
  const suitable = (): string =>
    Object.values(methods)
      .filter((candidate) => misfit(candidate, problem) === undefined)
      .map((candidate) => candidate.name)
      .join(', ');
  if (!method?.prepare) {
    throw new ArgumentError({
      where,
      argument: 'options.method',
      wanted: `one of ${suitable()}`,
      got: choice,
    });
  }
  const lacking = misfit(method, problem);
  if (lacking !== undefined) {
    throw new ArgumentError({
      where,
      argument: 'options.method',
      wanted: `a method for ${problem.calculus} problems with ${problem.noise} noise: one of ${suitable()}`,
      got: `${method.name}, which needs ${lacking}`,
    });
  }
  return method;
}
