// biome-ignore-all lint/style/noParameterAssign: parameters are pointers, and they walk.
/*
 * Eigenpairs of a diagonal matrix D plus ρ z zᵀ, with ascending, distinct poles D, entries of z that are not 0, and ρ > 0.
 *
 * Eigenvalues are the roots of 1/ρ + Σ z_j² / (D_j − λ). Each is computed as its distance from the nearer pole, so that
 * differences to all poles are accurate, with steps of the rational interpolation of Bunch, Nielsen and Sorensen (Rank-one
 * modification of the symmetric eigenproblem, 1978). Eigenvectors belong to the z for which the computed roots are exact,
 * and so are orthogonal however close the roots are (Gu and Eisenstat, A divide-and-conquer algorithm for the symmetric
 * tridiagonal eigenproblem, 1995). Arrays are of `k` numbers, and `gaps` `[k, k]` row-major.
 */

/** More steps than any root has been seen to need; roots are bracketed all along, so that stopping is safe. */
const MAX_STEPS: i32 = 60;

// What `addTerms` and `evaluate` give beside their results; each instance has its own.
let slope: f64 = 0;
let left: f64 = 0;
let right: f64 = 0;
let slopeLeft: f64 = 0;
let slopeRight: f64 = 0;

/**
 * Roots `from … to`: `values`, and the poles' distances from them in rows of `gaps`, each to full relative accuracy. A root
 * lies between its pole and the next.
 */
export function secularRoots(
  k: usize,
  from: usize,
  to: usize,
  rho: f64,
  poles: usize,
  z: usize,
  values: usize,
  gaps: usize,
): void {
  for (let i = from; i < to; i++) findRoot(k, i, rho, poles, z, values, gaps + i * k * 8);
}

function findRoot(k: usize, i: usize, rho: f64, poles: usize, z: usize, values: usize, delta: usize): void {
  const last = i === k - 1;
  let low: f64 = 0;
  let high: f64 = 0;
  let origin = i;
  let x: f64;
  setDistances(k, delta, poles, load<f64>(poles + origin * 8));
  if (last) {
    for (let at: usize = 0; at < k * 8; at += 8) high += load<f64>(z + at) * load<f64>(z + at);
    high *= rho;
    x = high;
  } else {
    const width = load<f64>(poles + i * 8, 8) - load<f64>(poles + i * 8);
    const middle = evaluate(k, i, rho, z, delta, width / 2);
    if (middle >= 0) {
      high = width / 2;
    } else {
      origin = i + 1;
      setDistances(k, delta, poles, load<f64>(poles + origin * 8));
      low = -width / 2;
    }
    const own = load<f64>(z + i * 8);
    const next = load<f64>(z + i * 8, 8);
    x = firstGuess(own * own, next * next, width, middle, origin === i);
    if (!(x > low && x < high)) x = (low + high) / 2;
  }

  for (let step: i32 = 0; step < MAX_STEPS; step++) {
    const f = evaluate(k, i, rho, z, delta, x);
    // What rounding in the sums, and in x itself, makes of a root.
    const noise = 8 * (Math.abs(left) + right) + 1 / rho + Math.abs(x) * (slopeLeft + slopeRight);
    if (Math.abs(f) <= f64.EPSILON * noise) break;
    if (f < 0) low = x;
    else high = x;
    const toLeft = load<f64>(delta + i * 8) - x;
    const next = last
      ? x + (toLeft * f) / (f - toLeft * slopeLeft)
      : x + interpolate(f, toLeft, load<f64>(delta + i * 8, 8) - x, slopeLeft, slopeRight);
    const safe = next > low && next < high ? next : (low + high) / 2;
    if (safe === x || safe === low || safe === high) break;
    x = safe;
  }
  store<f64>(values + i * 8, load<f64>(poles + origin * 8) + x);
  setDistances(k, delta, delta, x);
}

/** to = from − origin */
function setDistances(k: usize, to: usize, from: usize, origin: f64): void {
  const origins = f64x2.splat(origin);
  const end = to + k * 8;
  for (; to + 16 <= end; to += 16, from += 16) v128.store(to, f64x2.sub(v128.load(from), origins));
  if (to < end) store<f64>(to, load<f64>(from) - origin);
}

/** The function at `x`; the sums over the poles up to `i` and beyond it, and their slopes, are left in globals. */
function evaluate(k: usize, i: usize, rho: f64, z: usize, delta: usize, x: f64): f64 {
  const beyond = k - 1 - i;
  left = addTerms(i + 1, z, delta, 16, 0, x);
  slopeLeft = slope;
  right = addTerms(beyond, z + (k - 2) * 8, delta + (k - 2) * 8, -16, 8, x);
  slopeRight = slope;
  return 1 / rho + left + right;
}

/**
 * Σ z² / (delta − x) over `count` poles, the ones next to the root last, and its slope. `z` and `delta` point to the first
 * pair, which lies `step` bytes before the next one; an odd one out is `rest` bytes into its pair.
 */
function addTerms(count: usize, z: usize, delta: usize, step: isize, rest: usize, x: f64): f64 {
  const xs = f64x2.splat(x);
  let sums = f64x2.splat(0);
  let slopes = sums;
  for (; count >= 2; count -= 2, z += step, delta += step) {
    const zs = v128.load(z);
    const ts = f64x2.div(zs, f64x2.sub(v128.load(delta), xs));
    sums = f64x2.add(sums, f64x2.mul(zs, ts));
    slopes = f64x2.add(slopes, f64x2.mul(ts, ts));
  }
  let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  slope = f64x2.extract_lane(slopes, 0) + f64x2.extract_lane(slopes, 1);
  if (count > 0) {
    const own = load<f64>(z + rest);
    const t = own / (load<f64>(delta + rest) - x);
    sum += own * t;
    slope += t * t;
  }
  return sum;
}

/** The root when all but the two poles at the ends of the interval are taken as they are in its middle. */
function firstGuess(leftWeight: f64, rightWeight: f64, width: f64, f: f64, fromLeft: bool): f64 {
  const c = f + (2 * (leftWeight - rightWeight)) / width;
  return fromLeft
    ? smallerRoot(c, c * width + leftWeight + rightWeight, leftWeight * width)
    : smallerRoot(c, -c * width + leftWeight + rightWeight, -rightWeight * width);
}

/**
 * The step to the root of the function that has the poles at `left` and `right`, the two sums' values and slopes here:
 * `f − left·s_l − right·s_r + left² s_l/(left − y) + right² s_r/(right − y)`.
 */
function interpolate(f: f64, toLeft: f64, toRight: f64, slopeOfLeft: f64, slopeOfRight: f64): f64 {
  const c = f - toLeft * slopeOfLeft - toRight * slopeOfRight;
  return smallerRoot(
    c,
    (toLeft + toRight) * f - toLeft * toRight * (slopeOfLeft + slopeOfRight),
    toLeft * toRight * f,
  );
}

/** The root of `c y² − a y + b` that goes to `b / a` as `c` goes to 0, without cancellation. */
function smallerRoot(c: f64, a: f64, b: f64): f64 {
  const root = Math.sqrt(Math.max(0, a * a - 4 * b * c));
  if (a > 0) return (2 * b) / (a + root);
  return (a - root) / (2 * c);
}

/** Entries `from … to` of the z that the roots in `gaps` are exact for. */
export function secularWeights(
  k: usize,
  from: usize,
  to: usize,
  poles: usize,
  z: usize,
  gaps: usize,
  exact: usize,
): void {
  for (let j = from; j < to; j++) store<f64>(exact + j * 8, -1);
  for (let i: usize = 0; i < k; i++) {
    const row = gaps + i * k * 8;
    const pole = load<f64>(poles + i * 8);
    multiplyRatios(from, min(i, to), row, poles, pole, exact);
    if (i >= from && i < to) store<f64>(exact + i * 8, load<f64>(exact + i * 8) * load<f64>(row + i * 8));
    multiplyRatios(max(i + 1, from), to, row, poles, pole, exact);
  }
  for (let j = from; j < to; j++) {
    const size = Math.sqrt(load<f64>(exact + j * 8));
    store<f64>(exact + j * 8, load<f64>(z + j * 8) < 0 ? -size : size);
  }
}

function multiplyRatios(from: usize, to: usize, row: usize, poles: usize, pole: f64, products: usize): void {
  const own = f64x2.splat(pole);
  let j = from;
  for (; j + 2 <= to; j += 2) {
    const at = j * 8;
    const ratio = f64x2.div(v128.load(row + at), f64x2.sub(v128.load(poles + at), own));
    v128.store(products + at, f64x2.mul(v128.load(products + at), ratio));
  }
  if (j < to) {
    const at = j * 8;
    const ratio = load<f64>(row + at) / (load<f64>(poles + at) - pole);
    store<f64>(products + at, load<f64>(products + at) * ratio);
  }
}

/**
 * Makes rows `from … to` of `gaps` eigenvectors of unit length. Entry `j` goes to column `places[j]`, a 32-bit integer; `line`
 * takes a row in between.
 */
export function secularVectors(
  k: usize,
  from: usize,
  to: usize,
  exact: usize,
  places: usize,
  gaps: usize,
  line: usize,
): void {
  for (let i = from; i < to; i++) {
    const row = gaps + i * k * 8;
    let sums = f64x2.splat(0);
    let at: usize = 0;
    for (; at + 16 <= k * 8; at += 16) {
      const entries = f64x2.div(v128.load(exact + at), v128.load(row + at));
      v128.store(line + at, entries);
      sums = f64x2.add(sums, f64x2.mul(entries, entries));
    }
    let sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
    if (at < k * 8) {
      const entry = load<f64>(exact + at) / load<f64>(row + at);
      store<f64>(line + at, entry);
      sum += entry * entry;
    }
    const scale = 1 / Math.sqrt(sum);
    for (let j: usize = 0; j < k; j++) {
      store<f64>(row + (load<u32>(places + j * 4) as usize) * 8, load<f64>(line + j * 8) * scale);
    }
  }
}
