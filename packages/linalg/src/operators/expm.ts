import { ArgumentError, checkFinite, NumericalError } from '@sntk/errors';
import { adopt, eye } from '../create.ts';
import { add, checkRank, matmul, mul, toArray, toFloat64 } from '../ops.ts';
import { showShape, type Tensor } from '../tensor.ts';
import { solveInPlace } from './lu.ts';

/** Coefficients of the numerators of the diagonal Padé approximants, lowest power first. */
const PADE: Readonly<Record<number, readonly number[]>> = {
  3: [120, 60, 12, 1],
  5: [30240, 15120, 3360, 420, 30, 1],
  7: [17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1],
  9: [17643225600, 8821612800, 2075673600, 302702400, 30270240, 2162160, 110880, 3960, 90, 1],
  13: [
    64764752532480000, 32382376266240000, 7771770303897600, 1187353796428800, 129060195264000, 10559470521600,
    670442572800, 33522128640, 1323241920, 40840800, 960960, 16380, 182, 1,
  ],
};

/** Largest 1-norms at which an approximant has a relative backward error below 2⁻⁵³ (Higham, table 2.3). */
const LIMITS: readonly (readonly [degree: number, norm: number])[] = [
  [3, 1.495585217958292e-2],
  [5, 2.53939833006323e-1],
  [7, 9.504178996162932e-1],
  [9, 2.097847961257068],
  [13, 5.371920351148152],
];

/**
 * The exponential of a square matrix `[n, n]`, symmetric or not, in float64, by Padé approximants with scaling and
 * squaring (Higham, The Scaling and Squaring Method for the Matrix Exponential Revisited).
 *
 * Products run on the tensor's CPU backend, the one linear solve as a plain loop. When only products with a few vectors
 * are wanted, `expmMultiply` is faster; for a symmetric matrix and many times, `eigh` is.
 *
 * @throws ArgumentError for a matrix that is not square or has entries that are not finite.
 * @throws NumericalError when the exponential overflows.
 * @example
 * ```ts
 * import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 * import { expm } from '@sntk/linalg/operators';
 *
 * const turn = tensor([[0, -Math.PI], [Math.PI, 0]], { backend: ndarrayBackend() });
 * console.log(toArray(expm(turn)).map((x) => Math.round(x) + 0)); // Float64Array [-1, 0, 0, -1]
 * ```
 */
export function expm(A: Tensor): Tensor {
  checkRank('expm', 'A', A, 2);
  const [n, columns] = A.shape;
  if (n !== columns) {
    throw new ArgumentError({
      where: 'expm',
      argument: 'A',
      wanted: 'a square matrix',
      got: showShape(A.shape),
    });
  }
  const { backend } = A;
  const entries = toFloat64(A);
  checkFinite('expm', 'A', entries);
  const norm = oneNorm(n, entries);
  if (!Number.isFinite(norm)) throw overflow();
  const [degree, limit] = LIMITS.find(([, most]) => norm <= most) ?? LIMITS[LIMITS.length - 1];
  const squarings = norm > limit ? Math.ceil(Math.log2(norm / limit)) : 0;
  // Two factors, because 2^−1024 is no normal number.
  const half = squarings >> 1;
  const [first, second] = [2 ** -half, 2 ** (half - squarings)];
  const scaled = entries.map((x) => x * first * second);
  let X = pade(degree, adopt(scaled, backend, [n, n]));
  for (let i = 0; i < squarings; i++) X = matmul(X, X);
  const bad = toArray(X).findIndex((x: number) => !Number.isFinite(x));
  if (bad >= 0) throw overflow();
  return X;
}

/** The approximant `(V − U)⁻¹ (V + U)`, with odd powers in U and even ones in V. */
function pade(degree: number, A: Tensor): Tensor {
  const { backend } = A;
  const n = A.shape[0];
  const b = PADE[degree];
  const one = eye(n, { backend });
  const powers = [one, matmul(A, A)];
  const top = degree === 13 ? 3 : (degree - 1) / 2;
  while (powers.length <= top) powers.push(matmul(powers[powers.length - 1], powers[1]));
  const even = (offset: number, count: number, first = 0): Tensor => {
    let sum = mul(powers[first], b[offset + 2 * first]);
    for (let i = first + 1; i < count; i++) sum = add(sum, mul(powers[i], b[offset + 2 * i]));
    return sum;
  };
  let U = even(1, top + 1);
  let V = even(0, top + 1);
  if (degree === 13) {
    // The powers 8 to 12 as A⁶ times powers 2 to 6: six products instead of eight.
    U = add(U, matmul(powers[3], even(7, 4, 1)));
    V = add(V, matmul(powers[3], even(6, 4, 1)));
  }
  const u = toFloat64(matmul(A, U));
  const v = toFloat64(V);
  const left = v.map((x, i) => x - u[i]);
  const right = v.map((x, i) => x + u[i]);
  const pivot = solveInPlace(n, left, right);
  if (pivot >= 0) throw overflow();
  return adopt(right, backend, [n, n]);
}

/** The largest sum of magnitudes in a column. */
function oneNorm(n: number, a: Float64Array): number {
  const sums = new Float64Array(n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) sums[j] += Math.abs(a[i * n + j]);
  return sums.reduce((most, x) => Math.max(most, x), 0);
}

function overflow(): NumericalError {
  return new NumericalError({
    where: 'expm',
    found: 'the exponential overflows',
    fix: 'subtract a multiple of the identity from A, and multiply its exponential back where it is used',
  });
}
