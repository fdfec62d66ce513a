/** The `count` Chebyshev nodes of [−1, 1], from 1 downwards. */
export function chebyshevNodes(count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => Math.cos((Math.PI * (i + 0.5)) / count));
}

/** `T_0(x), …, T_{count−1}(x)` into `out`; two at least. */
export function chebyshevBasis(x: number, out: Float64Array, count: number = out.length): void {
  const twice = 2 * x;
  out[0] = 1;
  out[1] = x;
  for (let k = 2; k < count; k++) out[k] = twice * out[k - 1] - out[k - 2];
}

/** The matrix `[count, count]` that turns values at the nodes into coefficients. */
export function chebyshevTransform(count: number): Float64Array {
  const matrix = new Float64Array(count * count);
  for (let k = 0; k < count; k++) {
    for (let i = 0; i < count; i++) {
      matrix[k * count + i] = ((k === 0 ? 1 : 2) / count) * Math.cos((Math.PI * k * (i + 0.5)) / count);
    }
  }
  return matrix;
}

/** `matrix · block`, of `[rows, inner]` and `[inner, columns]`, row-major. */
export function multiply(
  matrix: Float64Array,
  block: Float64Array,
  { rows, inner }: { readonly rows: number; readonly inner: number },
): Float64Array {
  const columns = block.length / inner;
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      const factor = matrix[i * inner + k];
      if (factor === 0) continue;
      for (let j = 0, from = k * columns, to = i * columns; j < columns; j++)
        out[to + j] += factor * block[from + j];
    }
  }
  return out;
}
