import type { Architecture } from '@sntk/architecture';
import { ArgumentError, NumericalError, UnavailableError } from '@sntk/errors';
import { type FloatArray, type Tensor, toArray } from '@sntk/linalg';
import type { Step } from './plan.ts';
import { runDiagonal, type Tape } from './recursion.ts';
import type { PairState } from './state.ts';

/** Rows of points with their second moments `|x|²/d`, `[N, d]` row-major, and their diagonals. */
export interface Points {
  readonly entries: FloatArray;
  readonly count: number;
  readonly dimension: number;
  readonly moments: Float64Array;
  readonly tapes: readonly Tape[];
}

/** What reads an argument's points: the function that took it, the argument's name and the network. */
export interface Reader {
  readonly where: string;
  readonly architecture: Architecture;
  readonly steps: readonly Step[];
}

/** Variances are multiplied, and the product must not overflow. */
export const LARGEST = 1e150;

/** Nor may it lose digits by underflow; a variance of 0 is fine. */
const SMALLEST = 1e-150;

/** Throws for points that are no matrix of `inputs` columns. */
export function checkPoints(where: string, argument: string, X: Tensor, inputs: number): void {
  if (X.shape.length === 2 && X.shape[1] === inputs) return;
  throw new ArgumentError({ where, argument, wanted: `of shape [N, ${inputs}]`, got: [...X.shape] });
}

/** Throws unless `X` is a tensor and `Z`, where it is given, one on the same backend. */
export function checkTensors(where: string, X: Tensor, Z?: Tensor): void {
  for (const [argument, points] of [
    ['options.X', X],
    ['options.Z', Z ?? X],
  ] as const) {
    if (points?.backend && points.shape) continue;
    const wanted = 'a tensor of points, such as tensor(rows, { backend }) gives';
    throw new ArgumentError({ where, argument, wanted, got: points });
  }
  if (!Z || Z.backend === X.backend) return;
  throw new ArgumentError({
    where,
    argument: 'options.Z',
    wanted: `on backend ${X.backend.name} like X`,
    got: Z.backend.name,
    fix: 'move it with await toBackend(Z, X.backend)',
  });
}

/** The entries of an argument's points. Throws for those of a device that this function or network does not take. */
export function entriesOf(where: string, argument: string, X: Tensor): FloatArray {
  if (X.backend.readSync) return toArray(X);
  throw new UnavailableError(
    where,
    `${argument} is on backend ${X.backend.name}, which does not have this; move it with await toBackend(${argument}, ndarrayBackend())`,
  );
}

/** Throws for points of the wrong dimension, rows that are not finite and networks that overflow on them. */
export function readPoints(argument: string, X: Tensor, reader: Reader): Points {
  const { where, architecture, steps } = reader;
  checkPoints(where, argument, X, architecture.inputs);
  const [count, dimension] = X.shape;
  const entries = entriesOf(where, argument, X);
  const moments = new Float64Array(count);
  const tapes: Tape[] = [];
  for (let i = 0; i < count; i++) {
    let square = 0;
    for (let p = i * dimension; p < (i + 1) * dimension; p++) square += entries[p] * entries[p];
    if (!(square < LARGEST)) {
      const wanted = `finite rows of squared length below ${LARGEST}`;
      throw new ArgumentError({ where, argument, wanted, got: `row ${i}` });
    }
    moments[i] = square / dimension;
    const tape = runDiagonal(steps, moments[i]);
    checkTape({ ...tape, variances: [tape.variances] }, i, { where, argument });
    checkSmallest(tape, i, { where, argument });
    tapes.push(tape);
  }
  return { entries, count, dimension, moments, tapes };
}

/** Which row of which argument of which function is looked at. */
interface Source {
  readonly where: string;
  readonly argument: string;
}

/** Throws for a row on which a network overflows, at its end or on the way there. */
export function checkTape(
  tape: { readonly nngp: number; readonly ntk: number; readonly variances: readonly Float64Array[] },
  row: number,
  { where, argument }: Source,
): void {
  const { nngp, ntk, variances } = tape;
  const within = variances.map((each) => each.find((variance) => !(variance < LARGEST)));
  const variance = within.find((each) => each !== undefined);
  if (nngp < LARGEST && ntk < LARGEST && variance === undefined) return;
  const inside = variance === undefined ? '' : ` after a variance of ${variance}`;
  throw new NumericalError({
    where,
    found: `row ${row} of ${argument} has nngp ${nngp} and ntk ${ntk}${inside}`,
    fix: 'scale the inputs or the variances down, or use an activation that grows less',
    details: { row, nngp, ntk },
  });
}

/** Throws for a row whose variances are too small for angles: two such rows would look parallel. */
function checkSmallest({ variances }: Tape, row: number, { where, argument }: Source): void {
  const within = variances.find((variance) => variance > 0 && variance < SMALLEST);
  if (within === undefined) return;
  throw new NumericalError({
    where,
    found: `row ${row} of ${argument} has a variance of ${within} within the network, and below ${SMALLEST} angles are lost`,
    fix: 'scale the inputs or the variances up, or give a layer a bias',
    details: { row, variance: within },
  });
}

/** Some rows of points. */
export function sliceRows(points: Points, start: number, stop: number): Points {
  const { entries, dimension, moments, tapes } = points;
  return {
    entries: entries.slice(start * dimension, stop * dimension),
    count: stop - start,
    dimension,
    moments: moments.subarray(start, stop),
    tapes: tapes.slice(start, stop),
  };
}

/**
 * What a recursion over a pair of points starts from, from coordinates, so that nearly equal, parallel and opposite
 * points keep all their digits: `|x|²|z|² − (x·z)²` is taken as `|x|²` times the squared length of what is left of `z`
 * after projection on `x`. For points of similar length `z ∓ x`, which is exact, is projected in place of `z`.
 */
export function inputPair(X: Points, i: number, Z: Points, j: number, out: PairState): void {
  const d = X.dimension;
  const x = X.entries;
  const z = Z.entries;
  let inner = 0;
  let apart = 0;
  for (let p = 0; p < d; p++) {
    const xp = x[i * d + p];
    const zp = z[j * d + p];
    inner += xp * zp;
    apart += (xp - zp) * (xp - zp);
  }
  const norm = X.moments[i] * d;
  let rest = 0;
  if (norm > 0) {
    const share = inner / norm;
    const whole = Math.abs(share) > 0.5 && Math.abs(share) < 2 ? Math.sign(share) : 0;
    let beyond = 0;
    let size = 0;
    for (let p = 0; p < d; p++) {
      const apart = z[j * d + p] - whole * x[i * d + p];
      beyond += apart * x[i * d + p];
      size += apart * apart;
    }
    beyond /= norm;
    for (let p = 0; p < d; p++) {
      const left = z[j * d + p] - whole * x[i * d + p] - beyond * x[i * d + p];
      rest += left * left;
    }
    // What rounding leaves of parallel points is no angle: steps would take its root in every layer.
    if (rest <= (4 * Number.EPSILON) ** 2 * d * size) rest = 0;
  }
  out.varianceU = X.moments[i];
  out.varianceV = Z.moments[j];
  out.covariance = inner / d;
  out.distance = apart / d;
  out.determinant = X.moments[i] * (rest / d);
  out.ntk = 0;
}
