// What the benchmarks of the backends share.

/** Numbers in (−1, 1), the same in every run. */
export function scattered(length, Type = Float64Array) {
  let state = 1;
  return Type.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** The ReLU recursion of all pairs of `n` points through three activations. */
export function reluRequest(n) {
  const ones = new Float64Array(3 * n).fill(1);
  return {
    rows: n,
    columns: n,
    firstNngp: scattered(n * n),
    rowVariances: ones,
    columnVariances: ones,
    weightVariances: [2, 2, 2],
    biasVariances: [0, 0, 0],
    nngp: new Float64Array(n * n),
    ntk: new Float64Array(n * n),
  };
}

/** The shortest of several runs, in milliseconds: three at least, and for `budget` milliseconds. */
export function shortest(run, budget) {
  let best = Number.POSITIVE_INFINITY;
  const start = performance.now();
  for (let runs = 0; runs < 3 || performance.now() - start < budget; runs++) {
    const before = performance.now();
    run();
    best = Math.min(best, performance.now() - before);
  }
  return best;
}
