/**
 * A few rows of a square matrix `[N, N]` against blocks `[N, O]`: what a minibatch costs. For one output four rows are
 * taken at a time, which saves most of the memory traffic.
 */

/** `out[m] = matrix[rows[m], ·] · x`, `[b, O]`. */
export function readRows(matrix: Float64Array, rows: Int32Array, x: Float64Array, out: Float64Array): void {
  const outputs = out.length / rows.length;
  const N = x.length / outputs;
  let m = 0;
  for (; outputs === 1 && m + 4 <= rows.length; m += 4) {
    const k0 = rows[m] * N;
    const k1 = rows[m + 1] * N;
    const k2 = rows[m + 2] * N;
    const k3 = rows[m + 3] * N;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let j = 0; j < N; j++) {
      const value = x[j];
      s0 += matrix[k0 + j] * value;
      s1 += matrix[k1 + j] * value;
      s2 += matrix[k2 + j] * value;
      s3 += matrix[k3 + j] * value;
    }
    out[m] = s0;
    out[m + 1] = s1;
    out[m + 2] = s2;
    out[m + 3] = s3;
  }
  for (; m < rows.length; m++) {
    const row = rows[m] * N;
    for (let o = 0; o < outputs; o++) {
      let sum = 0;
      for (let j = 0; j < N; j++) sum += matrix[row + j] * x[j * outputs + o];
      out[m * outputs + o] = sum;
    }
  }
}

/** `x += Σ_m weights[m] matrix[rows[m], ·]` for the first `rows.length` rows, `weights` `[b, O]`. */
export function addRows(
  matrix: Float64Array,
  rows: Int32Array,
  weights: Float64Array,
  x: Float64Array,
): void {
  const outputs = weights.length / rows.length;
  const N = x.length / outputs;
  let m = 0;
  for (; outputs === 1 && m + 4 <= rows.length; m += 4) {
    const c0 = weights[m];
    const c1 = weights[m + 1];
    const c2 = weights[m + 2];
    const c3 = weights[m + 3];
    const k0 = rows[m] * N;
    const k1 = rows[m + 1] * N;
    const k2 = rows[m + 2] * N;
    const k3 = rows[m + 3] * N;
    for (let j = 0; j < N; j++) {
      x[j] += c0 * matrix[k0 + j] + c1 * matrix[k1 + j] + c2 * matrix[k2 + j] + c3 * matrix[k3 + j];
    }
  }
  for (; m < rows.length; m++) {
    const row = rows[m] * N;
    for (let o = 0; o < outputs; o++) {
      const weight = weights[m * outputs + o];
      for (let j = 0; j < N; j++) x[j * outputs + o] += weight * matrix[row + j];
    }
  }
}
