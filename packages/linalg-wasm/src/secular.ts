/** More steps than any root has been seen to need; roots are bracketed all along, so that stopping is safe. */
const MAX_STEPS = 60;

/** `D + ρ z zᵀ` with ascending, distinct `poles` D, entries of `z` that are not 0, and ρ > 0. */
export interface RankOneUpdate {
  readonly poles: Float64Array;
  readonly z: Float64Array;
  readonly rho: number;
}

export interface SecularRoots {
  /** Eigenvalues, ascending; each lies between its pole and the next. */
  readonly values: Float64Array;
  /** Row `i` holds `poles − values[i]`, each to full relative accuracy. */
  readonly gaps: Float64Array;
}

/**
 * Eigenvalues of a diagonal matrix plus one of rank one: the roots of `1/ρ + Σ z_j² / (D_j − λ)`.
 *
 * Each root is computed as its distance from the nearer pole, so that differences to all poles are accurate, with steps of
 * the rational interpolation of Bunch, Nielsen and Sorensen (Rank-one modification of the symmetric eigenproblem, 1978).
 */
export function secularRoots(update: RankOneUpdate): SecularRoots {
  const { poles } = update;
  const k = poles.length;
  const values = new Float64Array(k);
  const gaps = new Float64Array(k * k);
  for (let i = 0; i < k; i++) {
    const row = gaps.subarray(i * k, (i + 1) * k);
    const { origin, offset } = findRoot(update, i, row);
    values[i] = poles[origin] + offset;
    for (let j = 0; j < k; j++) row[j] -= offset;
  }
  return { values, gaps };
}

/** The root right of pole `i`, as a distance from pole `origin`; leaves the poles' distances from it in `delta`. */
function findRoot(update: RankOneUpdate, i: number, delta: Float64Array): { origin: number; offset: number } {
  const { poles, z, rho } = update;
  const last = i === poles.length - 1;
  let low = 0;
  let high = 0;
  let origin = i;
  let x: number;
  setDistances(delta, poles, origin);
  if (last) {
    for (const entry of z) high += entry * entry;
    high *= rho;
    x = high;
  } else {
    const width = poles[i + 1] - poles[i];
    const middle = evaluate(update, delta, i, width / 2);
    if (middle.f >= 0) {
      high = width / 2;
    } else {
      origin = i + 1;
      setDistances(delta, poles, origin);
      low = -width / 2;
    }
    x = firstGuess(z[i] ** 2, z[i + 1] ** 2, width, middle.f, origin === i);
    if (!(x > low && x < high)) x = (low + high) / 2;
  }

  for (let step = 0; step < MAX_STEPS; step++) {
    const { f, left, right, slopeLeft, slopeRight } = evaluate(update, delta, i, x);
    // What rounding in the sums, and in x itself, makes of a root.
    const noise = 8 * (Math.abs(left) + right) + 1 / rho + Math.abs(x) * (slopeLeft + slopeRight);
    if (Math.abs(f) <= Number.EPSILON * noise) break;
    if (f < 0) low = x;
    else high = x;
    const toLeft = delta[i] - x;
    const next = last
      ? x + (toLeft * f) / (f - toLeft * slopeLeft)
      : x + interpolate(f, toLeft, delta[i + 1] - x, slopeLeft, slopeRight);
    const safe = next > low && next < high ? next : (low + high) / 2;
    if (safe === x || safe === low || safe === high) break;
    x = safe;
  }
  return { origin, offset: x };
}

function setDistances(delta: Float64Array, poles: Float64Array, origin: number): void {
  for (let j = 0; j < poles.length; j++) delta[j] = poles[j] - poles[origin];
}

interface SecularValue {
  readonly f: number;
  /** Sums over the poles up to `i` and beyond, and their derivatives. */
  readonly left: number;
  readonly right: number;
  readonly slopeLeft: number;
  readonly slopeRight: number;
}

function evaluate({ z, rho }: RankOneUpdate, delta: Float64Array, i: number, x: number): SecularValue {
  let left = 0;
  let slopeLeft = 0;
  for (let j = 0; j <= i; j++) {
    const t = z[j] / (delta[j] - x);
    left += z[j] * t;
    slopeLeft += t * t;
  }
  let right = 0;
  let slopeRight = 0;
  for (let j = z.length - 1; j > i; j--) {
    const t = z[j] / (delta[j] - x);
    right += z[j] * t;
    slopeRight += t * t;
  }
  return { f: 1 / rho + left + right, left, right, slopeLeft, slopeRight };
}

/** The root when all but the two poles at the ends of the interval are taken as they are in its middle. */
function firstGuess(
  leftWeight: number,
  rightWeight: number,
  width: number,
  f: number,
  fromLeft: boolean,
): number {
  const c = f + (2 * (leftWeight - rightWeight)) / width;
  return fromLeft
    ? smallerRoot(c, c * width + leftWeight + rightWeight, leftWeight * width)
    : smallerRoot(c, -c * width + leftWeight + rightWeight, -rightWeight * width);
}

/**
 * The step to the root of the function that has the poles at `left` and `right`, the two sums' values and slopes here:
 * `f − left·s_l − right·s_r + left² s_l/(left − y) + right² s_r/(right − y)`.
 */
function interpolate(f: number, left: number, right: number, slopeLeft: number, slopeRight: number): number {
  const c = f - left * slopeLeft - right * slopeRight;
  return smallerRoot(c, (left + right) * f - left * right * (slopeLeft + slopeRight), left * right * f);
}

/** The root of `c y² − a y + b` that goes to `b / a` as `c` goes to 0, without cancellation. */
function smallerRoot(c: number, a: number, b: number): number {
  const root = Math.sqrt(Math.max(0, a * a - 4 * b * c));
  if (a > 0) return (2 * b) / (a + root);
  return (a - root) / (2 * c);
}
