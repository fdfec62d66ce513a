import { type Backend, cholesky, eigh, matmul, solveTriangular, syrk, tensor, toFloat64 } from '@sntk/linalg';

/** FNV-1a over the bytes. */
function hash(entries: Float64Array): number {
  let state = 0x811c9dc5;
  for (const byte of new Uint8Array(entries.buffer, entries.byteOffset, entries.byteLength)) {
    state = Math.imul(state ^ byte, 0x01000193);
  }
  return state >>> 0;
}

/** A number for the bits of each of some results, large enough to be cut for threads. */
export function fingerprints(backend: Backend): readonly number[] {
  const n = 261;
  const entries = Float64Array.from({ length: n * n }, (_, i) => ((i * 7919) % 1009) / 1009 - 0.5);
  const A = tensor(entries, { backend, shape: [n, n] });
  const G = syrk(A);
  const { L } = cholesky(G, { jitter: 1 });
  const { values, vectors } = eigh(G);
  const ntk = new Float64Array(n * n);
  backend.fused!.reluRecursion!({
    rows: n,
    columns: n,
    firstNngp: entries,
    rowVariances: new Float64Array(n).fill(1.5),
    columnVariances: new Float64Array(n).fill(1.25),
    weightVariances: [2],
    biasVariances: [0.25],
    nngp: new Float64Array(n * n),
    ntk,
  });
  const tensors = [matmul(A, A, { transposeB: true }), G, L, solveTriangular(L, A), vectors];
  return [...tensors.map(toFloat64), values, ntk].map(hash);
}
