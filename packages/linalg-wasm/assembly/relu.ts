// biome-ignore-all lint/style/noParameterAssign: parameters are pointers, and they walk.
/*
 * The NNGP and NTK recursion through ReLU activations, two pairs to a vector.
 *
 * With c the correlation of a pair and θ = acos c, an activation needs sin θ and π − θ. Both come from one reduction:
 * z = min(c², (1 − |c|)/2) is at most 1/4, the first below |c| = 1/2 and the second above, s = √z, and
 * asin s = s + s z Q(z) gives the angle on either side. Two square roots, no division, no branch.
 *
 * A pass handles one row of pairs and one activation. It takes four vectors at a time: the polynomial is a chain of
 * dependent steps, and four chains side by side hide each other's latency and share the loads of the coefficients.
 */
import { madd } from './madd';

/**
 * Q(z) = (asin √z / √z − 1)/z on [0, 1/4], interpolated at Chebyshev points; the error in the angle is 3e-17. After the
 * coefficients: 1/2, π/2, 1, −1 and −0. They are loaded where they are used, because V8 builds constants anew.
 */
const TABLE: usize = memory.data<f64>(
  [
    0.1666666666666665, 0.07500000000020764, 0.044642857103423646, 0.03038194736709848, 0.02237204763174451,
    0.017355259955786323, 0.013929652902326633, 0.011875494382636922, 0.0078029494773533175,
    0.01603551434914882, -0.010749050339697808, 0.028169218060881414, 0.5, 1.5707963267948966, 1.0, -1.0,
    -0.0,
  ],
  16,
);
const HALF: usize = 96;
const HALF_PI: usize = 104;
const ONE: usize = 112;
const MINUS_ONE: usize = 120;
const SIGN: usize = 128;

/** Columns that a pass handles: its operands, 4 KB each, stay in the first-level cache through all activations. */
const CHUNK: usize = 512;

function entry(offset: usize): v128 {
  return v128.load64_splat(TABLE + offset);
}

/** The correlation, clipped to [−1, 1]. `pmin` and `pmax` with this order of operands pass a NaN on. */
function correlation(k: usize, inverse: usize, rowInverse: v128): v128 {
  const c = f64x2.mul(f64x2.mul(v128.load(k), v128.load(inverse)), rowInverse);
  return f64x2.pmax(f64x2.pmin(c, entry(ONE)), entry(MINUS_ONE));
}

function reduce(c: v128): v128 {
  const half = entry(HALF);
  return f64x2.pmin(f64x2.mul(c, c), f64x2.sub(half, f64x2.mul(half, f64x2.abs(c))));
}

function sine(c: v128): v128 {
  const one = entry(ONE);
  return f64x2.sqrt(f64x2.mul(f64x2.sub(one, c), f64x2.add(one, c)));
}

function multiplyAdd(constant: v128, x: v128, y: v128): v128 {
  return madd<f64>(constant, x, y);
}

/** π − θ from the reduced asin. */
function supplement(c: v128, z: v128, q: v128): v128 {
  const s = f64x2.sqrt(z);
  const p = f64x2.add(s, f64x2.mul(f64x2.mul(s, z), q));
  const halfPi = entry(HALF_PI);
  const reduced = f64x2.lt(z, f64x2.mul(c, c));
  const angle = v128.bitselect(f64x2.sub(halfPi, f64x2.add(p, p)), p, reduced);
  return f64x2.add(halfPi, v128.or(angle, v128.and(c, entry(SIGN))));
}

/**
 * One activation and the affine layer after it, for `count` pairs of one row, a multiple of 8: NNGP `k` and NTK `t` are
 * replaced. `deviation` and `inverse` are √q' and 1/√q' of the columns; `rowScale` is √q σ_w²/2π, `scale` is σ_w²/2π.
 */
export function reluPass(
  count: usize,
  k: usize,
  t: usize,
  deviation: usize,
  inverse: usize,
  rowInverse: f64,
  rowScale: f64,
  scale: f64,
  bias: f64,
): void {
  const rowInverses = f64x2.splat(rowInverse);
  const rowScales = f64x2.splat(rowScale);
  const scales = f64x2.splat(scale);
  const biases = f64x2.splat(bias);
  for (const end = k + 8 * count; k < end; k += 64, t += 64, deviation += 64, inverse += 64) {
    const c0 = correlation(k, inverse, rowInverses);
    const c1 = correlation(k + 16, inverse + 16, rowInverses);
    const c2 = correlation(k + 32, inverse + 32, rowInverses);
    const c3 = correlation(k + 48, inverse + 48, rowInverses);
    const z0 = reduce(c0);
    const z1 = reduce(c1);
    const z2 = reduce(c2);
    const z3 = reduce(c3);
    const zz0 = f64x2.mul(z0, z0);
    const zz1 = f64x2.mul(z1, z1);
    const zz2 = f64x2.mul(z2, z2);
    const zz3 = f64x2.mul(z3, z3);
    // Odd and even powers apart: two chains of half the length for each vector.
    const q11 = entry(88);
    const q10 = entry(80);
    const q9 = entry(72);
    let odd0 = multiplyAdd(q9, zz0, q11);
    let odd1 = multiplyAdd(q9, zz1, q11);
    let odd2 = multiplyAdd(q9, zz2, q11);
    let odd3 = multiplyAdd(q9, zz3, q11);
    const q8 = entry(64);
    let even0 = multiplyAdd(q8, zz0, q10);
    let even1 = multiplyAdd(q8, zz1, q10);
    let even2 = multiplyAdd(q8, zz2, q10);
    let even3 = multiplyAdd(q8, zz3, q10);
    const q7 = entry(56);
    odd0 = multiplyAdd(q7, zz0, odd0);
    odd1 = multiplyAdd(q7, zz1, odd1);
    odd2 = multiplyAdd(q7, zz2, odd2);
    odd3 = multiplyAdd(q7, zz3, odd3);
    const q6 = entry(48);
    even0 = multiplyAdd(q6, zz0, even0);
    even1 = multiplyAdd(q6, zz1, even1);
    even2 = multiplyAdd(q6, zz2, even2);
    even3 = multiplyAdd(q6, zz3, even3);
    const q5 = entry(40);
    odd0 = multiplyAdd(q5, zz0, odd0);
    odd1 = multiplyAdd(q5, zz1, odd1);
    odd2 = multiplyAdd(q5, zz2, odd2);
    odd3 = multiplyAdd(q5, zz3, odd3);
    const q4 = entry(32);
    even0 = multiplyAdd(q4, zz0, even0);
    even1 = multiplyAdd(q4, zz1, even1);
    even2 = multiplyAdd(q4, zz2, even2);
    even3 = multiplyAdd(q4, zz3, even3);
    const q3 = entry(24);
    odd0 = multiplyAdd(q3, zz0, odd0);
    odd1 = multiplyAdd(q3, zz1, odd1);
    odd2 = multiplyAdd(q3, zz2, odd2);
    odd3 = multiplyAdd(q3, zz3, odd3);
    const q2 = entry(16);
    even0 = multiplyAdd(q2, zz0, even0);
    even1 = multiplyAdd(q2, zz1, even1);
    even2 = multiplyAdd(q2, zz2, even2);
    even3 = multiplyAdd(q2, zz3, even3);
    const q1 = entry(8);
    odd0 = multiplyAdd(q1, zz0, odd0);
    odd1 = multiplyAdd(q1, zz1, odd1);
    odd2 = multiplyAdd(q1, zz2, odd2);
    odd3 = multiplyAdd(q1, zz3, odd3);
    const q0 = entry(0);
    even0 = multiplyAdd(q0, zz0, even0);
    even1 = multiplyAdd(q0, zz1, even1);
    even2 = multiplyAdd(q0, zz2, even2);
    even3 = multiplyAdd(q0, zz3, even3);
    const w0 = supplement(c0, z0, multiplyAdd(even0, z0, odd0));
    const w1 = supplement(c1, z1, multiplyAdd(even1, z1, odd1));
    const w2 = supplement(c2, z2, multiplyAdd(even2, z2, odd2));
    const w3 = supplement(c3, z3, multiplyAdd(even3, z3, odd3));
    update(k, t, c0, w0, f64x2.mul(v128.load(deviation), rowScales), scales, biases);
    update(k + 16, t + 16, c1, w1, f64x2.mul(v128.load(deviation, 16), rowScales), scales, biases);
    update(k + 32, t + 32, c2, w2, f64x2.mul(v128.load(deviation, 32), rowScales), scales, biases);
    update(k + 48, t + 48, c3, w3, f64x2.mul(v128.load(deviation, 48), rowScales), scales, biases);
  }
}

/** k ← √(qq') (sin θ + (π − θ) cos θ) σ_w²/2π + σ_b²,  Θ ← k + σ_w² (π − θ)/2π Θ. */
function update(k: usize, t: usize, c: v128, w: v128, amplitude: v128, scale: v128, bias: v128): void {
  const nngp = f64x2.add(f64x2.mul(amplitude, f64x2.add(sine(c), f64x2.mul(w, c))), bias);
  v128.store(k, nngp);
  v128.store(t, f64x2.add(nngp, f64x2.mul(f64x2.mul(scale, w), v128.load(t))));
}

/**
 * The first affine layer of `count` pairs of one row: `k` ← scale `k` + bias, copied to `t`. Gives a vector that is not 0 when
 * a cosine is below `least`.
 */
function firstPass(
  count: usize,
  k: usize,
  t: usize,
  inverse: usize,
  rowInverse: f64,
  scale: f64,
  bias: f64,
  least: f64,
): v128 {
  const scales = f64x2.splat(scale);
  const biases = f64x2.splat(bias);
  const rowInverses = f64x2.splat(rowInverse);
  const leasts = f64x2.splat(least);
  let near = f64x2.splat(0);
  for (const end = k + 8 * count; k < end; k += 16, t += 16, inverse += 16) {
    const nngp = f64x2.add(f64x2.mul(scales, v128.load(k)), biases);
    v128.store(k, nngp);
    v128.store(t, nngp);
    near = v128.or(near, f64x2.lt(correlation(k, inverse, rowInverses), leasts));
  }
  return near;
}

/** A vector that is not 0 when a cosine of `count` pairs of one row is above `most`. */
function lastPass(count: usize, k: usize, inverse: usize, rowInverse: f64, most: f64): v128 {
  const rowInverses = f64x2.splat(rowInverse);
  const mosts = f64x2.splat(most);
  let near = f64x2.splat(0);
  for (const end = k + 8 * count; k < end; k += 16, inverse += 16) {
    near = v128.or(near, f64x2.gt(correlation(k, inverse, rowInverses), mosts));
  }
  return near;
}

/**
 * All layers on a block of `rows` rows of pairs, `columns` apart, a multiple of 8. Row `i` takes the columns before
 * `top + i`, and up to 7 more. `k` holds what the first layer is applied to, and both results are left in `k` and `t`.
 * Tables are of the points entering each activation and of the outputs: those of the columns are `[layers + 1, columns]`; those
 * of the rows, `[rowStride]` to a layer, start at the block's first row. `scales` are σ_w², then σ_w²/2π, and `biases` σ_b².
 * `near` `[rows]` is set to 1 for rows with a cosine below `-cosine` before the first activation, or above `cosine` at the end,
 * and to 0 for others.
 */
export function reluRecursion(
  rows: usize,
  columns: usize,
  top: usize,
  layers: usize,
  k: usize,
  t: usize,
  columnDeviations: usize,
  columnInverses: usize,
  rowDeviations: usize,
  rowInverses: usize,
  rowStride: usize,
  scales: usize,
  biases: usize,
  cosine: f64,
  near: usize,
): void {
  memory.fill(near, 0, rows * 8);
  for (let j: usize = 0; j < columns; j += CHUNK) {
    for (let i: usize = 0; i < rows; i++) {
      const wanted = min(columns, (top + i + 7) & ~7);
      if (wanted <= j) continue;
      const count = min(CHUNK, wanted - j);
      const at = (i * columns + j) * 8;
      let column = j * 8;
      let row = i * 8;
      let found = firstPass(
        count,
        k + at,
        t + at,
        columnInverses + column,
        load<f64>(rowInverses + row),
        load<f64>(scales),
        load<f64>(biases),
        -cosine,
      );
      for (let l: usize = 1; l <= layers; l++) {
        const scale = load<f64>(scales + l * 8);
        reluPass(
          count,
          k + at,
          t + at,
          columnDeviations + column,
          columnInverses + column,
          load<f64>(rowInverses + row),
          load<f64>(rowDeviations + row) * scale,
          scale,
          load<f64>(biases + l * 8),
        );
        column += columns * 8;
        row += rowStride * 8;
      }
      found = v128.or(
        found,
        lastPass(count, k + at, columnInverses + column, load<f64>(rowInverses + row), cosine),
      );
      if (v128.any_true(found)) store<f64>(near + i * 8, 1);
    }
  }
}
