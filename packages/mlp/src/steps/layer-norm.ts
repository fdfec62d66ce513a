import { type FloatArray, type Tensor, toArray } from '@sntk/linalg';
import { type Applied, type Jet, tensorLike, zerosLike } from '../jet.ts';

/**
 * `y = c x` with `c = (|x|²/n + ε)^{−1/2}` of each row. Along a direction `c′ = −c³ x·x′/n` and
 * `c″ = 3 c⁵ (x·x′/n)² − c³ (|x′|² + x·x″)/n`.
 */
export function applyLayerNorm(epsilon: number, input: Jet, order: 0 | 1 | 2): Applied {
  const [rows, n] = input.value.shape;
  const x = toArray(input.value);
  const dx = input.first && toArray(input.first);
  const ddx = input.second && toArray(input.second);
  const y = zerosLike(input.value, x.length);
  const dy = dx && zerosLike(input.value, x.length);
  // The derivatives of c bend even where those of x do not.
  const ddy = dx && order === 2 ? zerosLike(input.value, x.length) : undefined;
  const scales = new Float64Array(rows);
  const slopes = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    const at = row * n;
    const c = 1 / Math.sqrt(inner(x, x, at, n) / n + epsilon);
    scales[row] = c;
    for (let i = at; i < at + n; i++) y[i] = c * x[i];
    if (!dx || !dy) continue;
    const along = inner(x, dx, at, n) / n;
    const dc = -(c ** 3) * along;
    slopes[row] = dc;
    for (let i = at; i < at + n; i++) dy[i] = c * dx[i] + dc * x[i];
    if (!ddy) continue;
    const bent = (inner(dx, dx, at, n) + (ddx ? inner(x, ddx, at, n) : 0)) / n;
    const ddc = 3 * c ** 5 * along ** 2 - c ** 3 * bent;
    for (let i = at; i < at + n; i++) {
      ddy[i] = (ddx ? c * ddx[i] : 0) + 2 * dc * dx[i] + ddc * x[i];
    }
  }
  const like = (a: FloatArray | undefined): Tensor | undefined => a && tensorLike(input.value, a);
  return {
    output: { value: like(y)!, first: like(dy), second: like(ddy) },
    // δ_x = c δ + k x with k = −c³ x·δ/n.
    pull(signal) {
      const delta = toArray(signal.value);
      const moved = signal.first && toArray(signal.first);
      const down = zerosLike(input.value, x.length);
      const downMoved = moved || dx ? zerosLike(input.value, x.length) : undefined;
      for (let row = 0; row < rows; row++) {
        const at = row * n;
        const [c, dc] = [scales[row], slopes[row]];
        const overlap = inner(x, delta, at, n) / n;
        const k = -(c ** 3) * overlap;
        for (let i = at; i < at + n; i++) down[i] = c * delta[i] + k * x[i];
        if (!downMoved) continue;
        const turned = ((dx ? inner(dx, delta, at, n) : 0) + (moved ? inner(x, moved, at, n) : 0)) / n;
        const dk = -3 * c ** 2 * dc * overlap - c ** 3 * turned;
        for (let i = at; i < at + n; i++) {
          downMoved[i] = dc * delta[i] + (moved ? c * moved[i] : 0) + dk * x[i] + (dx ? k * dx[i] : 0);
        }
      }
      return { value: like(down)!, first: like(downMoved) };
    },
  };
}

/** The inner product of two rows of `n` entries from `at` on. */
function inner(a: FloatArray, b: FloatArray, at: number, n: number): number {
  let sum = 0;
  for (let i = at; i < at + n; i++) sum += a[i] * b[i];
  return sum;
}
