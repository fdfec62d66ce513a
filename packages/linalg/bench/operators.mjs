// Jobs by products alone beside factorizations of the same matrix, on the plain backend: shortest of several times, as a
// Markdown table. Build first; run: node bench/operators.mjs
import { cholesky, eigh, matmul, ndarrayBackend, solveCholesky, syrk, tensor } from '../dist/index.js';
import { conjugateGradient, dense, expm, expmMultiply, topEigenpairs } from '../dist/operators.js';

const N = 400;
const ROUNDS = 3;
const backend = ndarrayBackend();

let state = 1;
/** A number in (−1, 1), the next in the same sequence in every run. */
function next() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 31 - 1;
}

const matrix = (rows, columns) =>
  tensor(
    Float64Array.from({ length: rows * columns }, () => next() / Math.sqrt(columns)),
    { backend, shape: [rows, columns] },
  );
// Eigenvalues spread as those of a kernel are: a few large ones and many near 1.
const low = syrk(matrix(N, 20));
const A = tensor(
  low.storage.map((x, at) => 40 * x + (at % (N + 1) === 0 ? 1 : 0)),
  { backend, shape: [N, N] },
);
const B = matrix(N, 4);
const operator = dense(A);
const half = tensor(
  A.storage.map((x) => x / 40),
  { backend, shape: [N, N] },
);

const jobs = [
  ['A X = B, 4 columns', () => solveCholesky(cholesky(A), B), () => conjugateGradient(operator, B)],
  [
    '10 largest eigenpairs',
    () => eigh(A),
    () => topEigenpairs(operator, { count: 10, rng: { normal: next } }),
  ],
  ['e^A X, 4 columns', () => matmul(expm(half), B), () => expmMultiply(dense(half), B)],
];

function shortest(job) {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const before = performance.now();
    job();
    best = Math.min(best, performance.now() - before);
  }
  return best;
}

console.log(`| ${N} × ${N} | factorization, ms | products, ms | ratio |\n| --- | --- | --- | --- |`);
for (const [name, factored, products] of jobs) {
  const [slow, fast] = [shortest(factored), shortest(products)];
  console.log(`| ${name} | ${slow.toPrecision(3)} | ${fast.toPrecision(3)} | ${(fast / slow).toFixed(2)} |`);
}
