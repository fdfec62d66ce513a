import { ArgumentError, checkChoice, checkInteger, checkLength, checkPositive } from '@sntk/errors';
import { type FillOptions, keyedNormals, type Rng } from '@sntk/random';
import { type AreaSource, fourierAreas, weakAreas } from './levy-area.ts';
import { integralsLength, type NoiseIntegrals } from './method.ts';

/**
 * Writes the Brownian increments of step number `step` into `out`, `[noiseDimension, paths]`, and the integrals that
 * the method asks for, if it does, into `integrals`.
 */
export type IncrementSource = (step: number, out: Float64Array, integrals?: Float64Array) => void;

/** Which paths, and how long a step is. */
export interface IncrementOptions {
  /** Path p is the stream `rng.split(p)`. */
  readonly rng: Rng;
  /** Number of Brownian motions a path has. */
  readonly noiseDimension: number;
  /** Number of paths in the block. */
  readonly paths: number;
  /** First path of the block, 0 unless told. */
  readonly firstPath?: number;
  /** Length of a step in time; increments have this variance. */
  readonly step: number;
  /** Which integrals of the noise to write beside the increments; none unless told. The increments are the same. */
  readonly integrals?: NoiseIntegrals;
  /** Terms of the series for `levyArea`, which is then right within √m h/(√12 π terms) in root mean square. 10 unless told. */
  readonly terms?: number;
}

/** The choices of `integrals`. */
const KINDS: readonly NoiseIntegrals[] = ['spaceTime', 'levyArea', 'weakLevyArea'];

/** Enough normals that starting a block costs little beside them. */
const BLOCK = 32;

/** Paths drawn together, so that rows are written a cache line at a time. */
const TILE = 8;

/**
 * Brownian increments addressed by path and step: N(0, h), independent over paths, coordinates and steps.
 *
 * Number i of path p in step k depends on `rng`'s address, p and k alone, so blocks of paths may be cut in any way over
 * any number of workers, and steps asked for in any order, with the same bits. Ascending steps are fastest.
 *
 * @returns a function that fills `out` `[noiseDimension, paths]`; it throws ArgumentError for another length
 * @throws ArgumentError for a step that is not above 0 or counts that are no positive integers
 *
 * @example
 * ```ts
 * import { createRng } from '@sntk/random';
 * import { brownianIncrements } from '@sntk/sde';
 *
 * const rng = createRng(1);
 * const all = new Float64Array(4);
 * brownianIncrements({ rng, noiseDimension: 1, paths: 4, step: 0.01 })(7, all);
 * const last = new Float64Array(2);
 * brownianIncrements({ rng, noiseDimension: 1, paths: 2, firstPath: 2, step: 0.01 })(7, last);
 * console.log(all[2] === last[0], all[3] === last[1]); // true true
 * ```
 */
export function brownianIncrements(options: IncrementOptions): IncrementSource {
  const where = 'brownianIncrements';
  const { rng, noiseDimension: m, paths, firstPath = 0, step, integrals, terms = 10 } = options;
  checkInteger(where, 'options.noiseDimension', m, 1);
  checkInteger(where, 'options.paths', paths, 1);
  checkInteger(where, 'options.firstPath', firstPath);
  const deviation = Math.sqrt(checkPositive(where, 'options.step', step));
  if (integrals !== undefined) checkChoice(where, 'options.integrals', integrals, KINDS);
  checkInteger(where, 'options.terms', terms, 1);
  const streams = Array.from({ length: paths }, (_, p) => rng.split(firstPath + p));
  const increments = normalRows(streams, m, deviation);
  const check = (k: number, out: Float64Array): void => {
    checkInteger(where, 'step', k);
    checkLength(where, 'out', out, m * paths, 'noiseDimension × paths');
  };
  if (integrals === undefined) {
    return (k, out, second) => {
      check(k, out);
      if (second !== undefined && second.length > 0) {
        throw new ArgumentError({
          where,
          argument: 'options.integrals',
          wanted: 'given, as the method takes more than increments',
          got: undefined,
        });
      }
      increments(k, out);
    };
  }
  const child = (name: string): Rng[] => streams.map((stream) => stream.split(name));
  const bridge = normalRows(child('space-time'), m, deviation / Math.sqrt(12));
  const areas: AreaSource | undefined =
    integrals === 'levyArea'
      ? fourierAreas(child('area'), m, { h: step, terms })
      : integrals === 'weakLevyArea'
        ? weakAreas(child('signs'), m, step)
        : undefined;
  const held = new Float64Array(areas ? m * paths : 0);
  return (k, out, second) => {
    check(k, out);
    increments(k, out);
    if (second === undefined) return;
    checkLength(where, 'integrals', second, integralsLength(integrals, m, paths), integrals);
    const dZ = areas ? held : second;
    if (integrals !== 'weakLevyArea') {
      bridge(k, dZ);
      for (let i = 0; i < dZ.length; i++) dZ[i] = step * (0.5 * out[i] + dZ[i]);
    }
    areas?.(k, out, dZ, second);
  };
}

/** Normals `[m, paths]` by step, those of path p addressed by `streams[p]` and the step. */
function normalRows(
  streams: readonly Rng[],
  m: number,
  deviation: number,
): (step: number, out: Float64Array) => void {
  const paths = streams.length;
  const stepsPerBlock = Math.ceil(BLOCK / m);
  const rows = stepsPerBlock * m;
  const tile = new Float64Array(TILE * rows);
  const slots: FillOptions[] = Array.from({ length: TILE }, (_, j) => ({
    deviation,
    offset: j * rows,
    count: rows,
  }));

  /** Draws block number `block` of every path into `into`, `[rows, paths]`. */
  const draw = (block: number, into: Float64Array): void => {
    for (let p = 0; p < paths; p += TILE) {
      const width = Math.min(TILE, paths - p);
      for (let j = 0; j < width; j++) keyedNormals(streams[p + j], block, tile, slots[j]);
      for (let row = 0; row < rows; row++) {
        const at = row * paths + p;
        for (let j = 0; j < width; j++) into[at + j] = tile[j * rows + row];
      }
    }
  };

  if (stepsPerBlock === 1) {
    return draw;
  }
  const held = new Float64Array(rows * paths);
  const steps = Array.from({ length: stepsPerBlock }, (_, s) =>
    held.subarray(s * m * paths, (s + 1) * m * paths),
  );
  let heldBlock = -1;
  return (k, out) => {
    const block = Math.floor(k / stepsPerBlock);
    if (block !== heldBlock) {
      draw(block, held);
      heldBlock = block;
    }
    out.set(steps[k - block * stepsPerBlock]);
  };
}
