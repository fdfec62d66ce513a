import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eigh, matmul, ndarrayBackend, type Tensor, tensor, toFloat64 } from '../../src/index.ts';
import { dense, diagonal, expm, expmMultiply, kroneckerIdentity } from '../../src/operators.ts';

const backend = ndarrayBackend();

function waves(n: number, scale: number, seed = 1): Tensor {
  const entries = Float64Array.from(
    { length: n * n },
    (_, i) => scale * Math.sin(seed + 3.7 * i + 0.01 * i * i),
  );
  return tensor(entries, { backend, shape: [n, n] });
}

/** The largest difference relative to the largest entry of `b`. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [worst, largest] = [0, 0];
  expect(a.length).toBe(b.length);
  for (let i = 0; i < b.length; i++) {
    worst = Math.max(worst, Math.abs(a[i] - b[i]));
    largest = Math.max(largest, Math.abs(b[i]));
  }
  return worst / (largest || 1);
}

/** 0 on and below the diagonal. */
const shift = (n: number, size: number): Tensor =>
  tensor(
    Float64Array.from({ length: n * n }, (_, i) => (i % n === Math.floor(i / n) + 1 ? size : 0)),
    { backend, shape: [n, n] },
  );

describe('expm', () => {
  it('is b (eᵃ − eᶜ)/(a − c) above the diagonal of a triangle, at norms for every degree and for squaring', () => {
    for (const scale of [1e-9, 0.005, 0.05, 0.3, 0.8, 2, 9, 60]) {
      const [a, b, c] = [scale, -1.25 * scale, -0.5 * scale];
      const E = toFloat64(
        expm(
          tensor(
            [
              [a, b],
              [0, c],
            ],
            { backend },
          ),
        ),
      );
      const above = (b * Math.exp(c) * Math.expm1(a - c)) / (a - c);
      // The exponential is as sensitive as the norm says.
      const bound = 20 * 2 ** -52 * Math.max(1, scale);
      expect(Math.abs(E[0] / Math.exp(a) - 1)).toBeLessThan(bound);
      expect(Math.abs(E[1] / above - 1)).toBeLessThan(bound);
      expect(E[2]).toBe(0);
    }
  });

  it('agrees with the Taylor series in rational arithmetic', () => {
    const A = [
      [1, 2, 3],
      [4, -5, 6],
      [-7, 8, 9],
    ];
    const exact = [
      -5843.478578358035, 4665.104347440642, 10220.495816790915, -6783.987783268475, 5406.782861754663,
      11846.753511901958, -13105.025920412296, 10424.272523152691, 22843.549953364385,
    ];
    expect(distance(toFloat64(expm(tensor(A, { backend }))), exact)).toBeLessThan(1e-13);
  });

  it('is Q diag(e^λ) Qᵀ of a symmetric matrix', () => {
    const n = 40;
    const B = waves(n, 0.3);
    const A = matmul(B, B, { transposeB: true });
    const negative = tensor(
      toFloat64(A).map((x) => -x),
      { backend, shape: [n, n] },
    );
    const { values, vectors } = eigh(negative);
    const q = toFloat64(vectors);
    const scaled = tensor(
      q.map((x, i) => x * Math.exp(values[i % n])),
      { backend, shape: [n, n] },
    );
    const expected = toFloat64(matmul(scaled, vectors, { transposeB: true }));
    expect(distance(toFloat64(expm(negative)), expected)).toBeLessThan(1e-12);
  });

  it('multiplies with its inverse, exp(−A), to the identity', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.double({ min: 0, max: 3, noNaN: true }), (n, scale) => {
        const A = waves(n, scale / n);
        const minus = tensor(
          toFloat64(A).map((x) => -x),
          { backend, shape: [n, n] },
        );
        const one = toFloat64(matmul(expm(A), expm(minus)));
        // ‖e^A‖ ‖e^−A‖ ≤ e⁶, times rounding of n terms.
        one.forEach((x, i) => {
          expect(Math.abs(x - (i % (n + 1) === 0 ? 1 : 0))).toBeLessThan(
            Math.exp(2 * scale) * n * n * 2 ** -48,
          );
        });
      }),
      { numRuns: 40 },
    );
  });

  it('is a polynomial of a nilpotent matrix', () => {
    const E = toFloat64(expm(shift(5, 3)));
    const entry = [1, 3, 4.5, 4.5, 3.375];
    const expected = Float64Array.from({ length: 25 }, (_, i) => entry[(i % 5) - Math.floor(i / 5)] ?? 0);
    expect(distance(E, expected)).toBeLessThan(1e-14);
  });

  it('gives float64 for float32, and nothing for nothing', () => {
    const E = expm(tensor(new Float32Array([0]), { backend, shape: [1, 1] }));
    expect([E.dtype, ...toFloat64(E)]).toEqual(['float64', 1]);
    expect(expm(tensor(new Float64Array(0), { backend, shape: [0, 0] })).shape).toEqual([0, 0]);
  });

  it('refuses what is not square or not finite, and says when the result overflows', () => {
    expect(() => expm(tensor([[1, 2]], { backend }))).toThrow('A must be a square matrix, got "[1, 2]"');
    expect(() => expm(tensor([[Number.NaN]], { backend }))).toThrow('finite numbers');
    expect(() => expm(tensor([[800]], { backend }))).toThrow('the exponential overflows');
    expect(() =>
      expm(
        tensor(
          [
            [1.7e308, 1.7e308],
            [1.7e308, 1.7e308],
          ],
          { backend },
        ),
      ),
    ).toThrow('overflows');
    expect(toFloat64(expm(tensor([[-1e300]], { backend })))[0]).toBe(0);
  });
});

describe('expmMultiply', () => {
  it('is the product with expm, for any time, direction and norm', () => {
    for (const [scale, time] of [
      [0.02, 1],
      [1, 1],
      [1, -0.7],
      [4, 2],
      [0, 5],
      [3, 0],
    ]) {
      const n = 30;
      const A = waves(n, scale);
      const X = tensor(toFloat64(waves(n, 1, 5)).slice(0, 3 * n), { backend, shape: [n, 3] });
      const { x } = expmMultiply(dense(A), X, { time });
      const whole = expm(
        tensor(
          toFloat64(A).map((a) => a * time),
          { backend, shape: [n, n] },
        ),
      );
      expect(distance(toFloat64(x), toFloat64(matmul(whole, X)))).toBeLessThan(
        1e-12 * Math.max(1, scale * time),
      );
    }
  });

  it('keeps decays to the last digits: diag(λ), entry by entry e^(−λt)', () => {
    const rates = Float64Array.from({ length: 50 }, (_, i) => i);
    const A = diagonal(
      tensor(
        rates.map((x) => -x),
        { backend, shape: [50] },
      ),
    );
    const ones = tensor(new Float64Array(50).fill(1), { backend, shape: [50, 1] });
    const { x, info } = expmMultiply(A, ones, { time: 2 });
    // Each step errs by its growth times 2⁻⁵³ of the start, and later steps shrink what was left.
    toFloat64(x).forEach((y, i) => {
      expect(Math.abs(y - Math.exp(-2 * rates[i]))).toBeLessThan(64 * 100 * 2 ** -53);
    });
    expect(info.applications).toBeLessThan(12 * 98);
    expect(info.steps).toBeGreaterThan(10);
  });

  it('is exact where the series ends, and takes columns of any scale on their own', () => {
    const X = tensor(
      [
        [0, 1, 1e-200],
        [0, 2, 0],
        [0, 4, 1e200],
      ],
      { backend },
    );
    const { x } = expmMultiply(dense(shift(3, 1)), X);
    expect([...toFloat64(x)]).toEqual([0, 5, 0.5e200, 0, 6, 1e200, 0, 4, 1e200]);
  });

  it('sees fast modes that the first products do not show', () => {
    // The slow mode alone would allow a step of any length; rounding brings in the fast one.
    const c = Math.cos(0.3);
    const s = Math.sin(0.3);
    const [slow, fast] = [-1e-3, -500];
    const A = tensor(
      [
        [slow * c * c + fast * s * s, (slow - fast) * c * s],
        [(slow - fast) * c * s, slow * s * s + fast * c * c],
      ],
      { backend },
    );
    const { x } = expmMultiply(dense(A), tensor([[c], [s]], { backend }));
    const decay = Math.exp(slow);
    expect(distance(toFloat64(x), [c * decay, s * decay])).toBeLessThan(1e-11);
  });

  it('works in float32 to its precision, over Kronecker products, and on empty blocks', () => {
    const A = dense(tensor([[-1]], { backend, dtype: 'float32' }));
    const { x } = expmMultiply(kroneckerIdentity(A, 2), tensor([[1], [2]], { backend, dtype: 'float32' }));
    expect(x.dtype).toBe('float32');
    expect(Math.abs(toFloat64(x)[1] - 2 / Math.E)).toBeLessThan(1e-6);
    const none = tensor(new Float64Array(0), { backend, shape: [3, 0] });
    expect(expmMultiply(dense(waves(3, 1)), none).x.shape).toEqual([3, 0]);
  });

  it('says why when it cannot', () => {
    const A = dense(waves(3, 1));
    const X = tensor([[1], [2], [3]], { backend });
    expect(() => expmMultiply(A, tensor([[1]], { backend }))).toThrow('X must be 3 rows, as A has');
    expect(() => expmMultiply(A, X, { time: Number.NaN })).toThrow('options.time must be a finite number');
    const turn = tensor(
      [
        [0, 1e9],
        [-1e9, 0],
      ],
      { backend },
    );
    expect(() => expmMultiply(dense(turn), tensor([[1], [0]], { backend }))).toThrow(
      /% of the time is done after 10000 products/,
    );
    expect(() => expmMultiply(diagonal(tensor([800], { backend })), tensor([[1]], { backend }))).toThrow(
      'not finite',
    );
    expect(() => expmMultiply(A, tensor([[1], [Number.NaN], [1]], { backend }))).toThrow('finite numbers');
  });
});
