// biome-ignore-all lint/style/noParameterAssign: parameters are pointers, and they walk.
/*
 * Paths under noise on minibatches: many steps of a path, whose coordinates then stay in the first-level cache.
 *
 * A vector is `size` bytes, filled up with zeros to a multiple of 32. Four rows of the matrix meet a vector at a time: with their
 * sums, and what is loaded ahead of them, that is what fits into sixteen registers.
 */
import { madd } from './madd';

/** `a ← E a − G`, and the modes of the residual, `c = c_0 + Λ a`. */
function flow(
  size: usize,
  kept: usize,
  pulled: usize,
  values: usize,
  start: usize,
  a: usize,
  c: usize,
): void {
  for (let j: usize = 0; j < size; j += 16) {
    const moved = f64x2.sub(f64x2.mul(v128.load(kept + j), v128.load(a + j)), v128.load(pulled + j));
    v128.store(a + j, moved);
    v128.store(c + j, madd<f64>(v128.load(start + j), v128.load(values + j), moved));
  }
}

function sumOf(pair: v128): f64 {
  return f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
}

function scaleBy(weight: usize, sum: v128): void {
  store<f64>(weight, load<f64>(weight) * sumOf(sum));
}

/** The weights of four rows, each times the product of its row with `x`. */
function readFour(
  size: usize,
  x: usize,
  row0: usize,
  row1: usize,
  row2: usize,
  row3: usize,
  weights: usize,
): void {
  let sum0 = f64x2.splat(0);
  let sum1 = sum0;
  let sum2 = sum0;
  let sum3 = sum0;
  for (let j: usize = 0; j < size; j += 32) {
    const left = v128.load(x + j);
    const right = v128.load(x + j, 16);
    const one0 = f64x2.mul(left, v128.load(row0 + j));
    sum0 = f64x2.add(sum0, madd<f64>(one0, right, v128.load(row0 + j, 16)));
    const one1 = f64x2.mul(left, v128.load(row1 + j));
    sum1 = f64x2.add(sum1, madd<f64>(one1, right, v128.load(row1 + j, 16)));
    const one2 = f64x2.mul(left, v128.load(row2 + j));
    sum2 = f64x2.add(sum2, madd<f64>(one2, right, v128.load(row2 + j, 16)));
    const one3 = f64x2.mul(left, v128.load(row3 + j));
    sum3 = f64x2.add(sum3, madd<f64>(one3, right, v128.load(row3 + j, 16)));
  }
  scaleBy(weights, sum0);
  scaleBy(weights + 8, sum1);
  scaleBy(weights + 16, sum2);
  scaleBy(weights + 24, sum3);
}

function readOne(size: usize, x: usize, row: usize, weight: usize): void {
  let sum = f64x2.splat(0);
  for (let j: usize = 0; j < size; j += 32) {
    const one = f64x2.mul(v128.load(x + j), v128.load(row + j));
    sum = f64x2.add(sum, madd<f64>(one, v128.load(x + j, 16), v128.load(row + j, 16)));
  }
  scaleBy(weight, sum);
}

/** `x += Σ weight · row` over four rows. */
function addFour(
  size: usize,
  x: usize,
  row0: usize,
  row1: usize,
  row2: usize,
  row3: usize,
  weights: usize,
): void {
  const weight0 = v128.load64_splat(weights);
  const weight1 = v128.load64_splat(weights, 8);
  const weight2 = v128.load64_splat(weights, 16);
  const weight3 = v128.load64_splat(weights, 24);
  for (let j: usize = 0; j < size; j += 32) {
    let early = madd<f64>(f64x2.mul(weight0, v128.load(row0 + j)), weight1, v128.load(row1 + j));
    let late = madd<f64>(f64x2.mul(weight2, v128.load(row2 + j)), weight3, v128.load(row3 + j));
    v128.store(x + j, f64x2.add(v128.load(x + j), f64x2.add(early, late)));
    early = madd<f64>(f64x2.mul(weight0, v128.load(row0 + j, 16)), weight1, v128.load(row1 + j, 16));
    late = madd<f64>(f64x2.mul(weight2, v128.load(row2 + j, 16)), weight3, v128.load(row3 + j, 16));
    v128.store(x + j, f64x2.add(v128.load(x + j, 16), f64x2.add(early, late)), 16);
  }
}

function addOne(size: usize, x: usize, row: usize, weight: usize): void {
  const scale = v128.load64_splat(weight);
  for (let j: usize = 0; j < size; j += 16) {
    v128.store(x + j, madd<f64>(v128.load(x + j), scale, v128.load(row + j)));
  }
}

function rowOf(matrix: usize, size: usize, example: usize): usize {
  return matrix + <usize>load<u32>(example) * size;
}

/** The noise of `batch` examples on one output, left in `weights`; `c` are the modes of its residual. */
function kick(
  size: usize,
  batch: usize,
  matrix: usize,
  examples: usize,
  a: usize,
  c: usize,
  weights: usize,
): void {
  const fours = examples + (batch & ~3) * 4;
  const end = examples + batch * 4;
  let weight = weights;
  let at = examples;
  for (; at < fours; at += 16, weight += 32) {
    const row2 = rowOf(matrix, size, at + 8);
    const row3 = rowOf(matrix, size, at + 12);
    readFour(size, c, rowOf(matrix, size, at), rowOf(matrix, size, at + 4), row2, row3, weight);
  }
  for (; at < end; at += 4, weight += 8) readOne(size, c, rowOf(matrix, size, at), weight);
  // Only now, because all residuals of a minibatch are those before its noise.
  weight = weights;
  for (at = examples; at < fours; at += 16, weight += 32) {
    const row2 = rowOf(matrix, size, at + 8);
    const row3 = rowOf(matrix, size, at + 12);
    addFour(size, a, rowOf(matrix, size, at), rowOf(matrix, size, at + 4), row2, row3, weight);
  }
  for (; at < end; at += 4, weight += 8) addOne(size, a, rowOf(matrix, size, at), weight);
}

/**
 * `steps` steps of `paths` paths. `from` and `to` are `[paths][outputs]` vectors, `pulled` and `start` `[outputs]` vectors; `failed` takes
 * for each path the step whose kicks first were not finite, or −1. `work` is one vector and a number for each of `batch`.
 */
export function minibatchPaths(
  size: usize,
  outputs: usize,
  paths: usize,
  steps: i32,
  batch: usize,
  matrix: usize,
  values: usize,
  start: usize,
  kept: usize,
  pulled: usize,
  from: usize,
  to: usize,
  examples: usize,
  noise: usize,
  failed: usize,
  work: usize,
): void {
  const weights = work + size;
  memory.copy(to, from, paths * outputs * size);
  for (const end = to + paths * outputs * size; to < end; to += outputs * size, failed += 4) {
    store<i32>(failed, -1);
    for (let step = 0; step < steps; step++, examples += 4 * batch, noise += 8 * batch) {
      let sum: f64 = 0;
      for (let o: usize = 0; o < outputs * size; o += size) {
        flow(size, kept, pulled + o, values, start + o, to + o, work);
        memory.copy(weights, noise, 8 * batch);
        kick(size, batch, matrix, examples, to + o, work, weights);
        for (let m: usize = 0; m < 8 * batch; m += 8) sum += load<f64>(weights + m);
      }
      if (!(abs(sum) <= f64.MAX_VALUE) && load<i32>(failed) < 0) store<i32>(failed, step);
    }
  }
}
