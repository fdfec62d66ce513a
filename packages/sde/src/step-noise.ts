import { ArgumentError } from '@sntk/errors';
import { brownianIncrements, type IncrementSource } from './brownian-increments.ts';
import type { IntegrateOptions } from './integrate.ts';
import { interpolant, type StepEnds } from './interpolant.ts';
import { areaTerms } from './levy-area.ts';
import { integralsLength, type Method } from './method.ts';
import { type PathWithin, pathWithin } from './path-within.ts';
import type { SdeProblem } from './problem.ts';
import type { TimeGrid } from './time-grid.ts';

/** What a step is given, and the Brownian motion within it. */
export interface StepNoise {
  readonly draw: IncrementSource | undefined;
  readonly dW: Float64Array;
  readonly integrals: Float64Array;
  readonly within: PathWithin | undefined;
}

/** The state inside step number `k`, whose increments are in `noise`. */
export function betweenSteps(
  problem: SdeProblem,
  method: Method,
  paths: number,
  noise: StepNoise,
): (ends: StepEnds, k: number, part: number) => Float64Array {
  const interpolate = interpolant(problem, method, paths);
  const { dW, integrals, within } = noise;
  const dZ = method.integrals === 'spaceTime' ? integrals : new Float64Array(0);
  const [W, Z] = [new Float64Array(dW.length), new Float64Array(dZ.length)];
  return (ends, k, part) => {
    const out = new Float64Array(ends.x.length);
    within?.(k, part, dW, dZ, W, Z);
    interpolate(ends)(part, out, { dW, W, Z });
    return out;
  };
}

/** The noise of equal steps, from `rng` or from increments of the caller's own. */
export function stepNoise(
  problem: SdeProblem,
  options: IntegrateOptions,
  method: Method,
  grid: TimeGrid,
): StepNoise {
  const { noiseDimension, noise } = problem;
  const { rng, increments, paths = 1, firstPath = 0 } = options;
  const dW = new Float64Array(noiseDimension * paths);
  const integrals = new Float64Array(integralsLength(method.integrals, noiseDimension, paths));
  if (noise === 'none') return { draw: undefined, dW, integrals, within: undefined };
  if ((rng === undefined) === (increments === undefined)) {
    throw new ArgumentError({
      where: 'integrate',
      argument: 'options.rng',
      wanted: 'given, or options.increments, not both',
      got: rng,
      fix: "pass { rng: createRng(seed) } of '@sntk/random'",
    });
  }
  // A source of the caller's own that leaves the integrals out is caught at the first step.
  integrals.fill(Number.NaN);
  if (increments) return { draw: increments, dW, integrals, within: undefined };
  const common = { rng: rng!, noiseDimension, paths, firstPath, step: grid.h };
  const draw = brownianIncrements({
    ...common,
    ...(method.integrals && { integrals: method.integrals }),
    terms: areaTerms(noiseDimension, grid.steps),
  });
  return { draw, dW, integrals, within: pathWithin(common) };
}

/** The refusal of increments of the caller's own that lack what the method takes. */
export function missingIntegrals(method: Method): ArgumentError {
  return new ArgumentError({
    where: 'integrate',
    argument: 'options.increments',
    wanted: `a source that also writes the ${method.integrals} integrals, which ${method.name} takes`,
    got: 'one that left them out',
    fix: 'pass rng, or brownianIncrements with options.integrals',
  });
}
