import type { ReluRecursionRequest } from '@sntk/linalg/extending';
import { describe, expect, test } from 'vitest';
import { threadedWasmBackend, wasmBackend, wasmMemoryInUse } from '../src/index.ts';
import { distance, numbers } from './support.ts';

const recursion = wasmBackend().fused!.reluRecursion!;

interface Pairs {
  readonly rows: number;
  readonly columns: number;
  readonly first: ArrayLike<number>;
  readonly rowVariances: ArrayLike<number>;
  readonly columnVariances: ArrayLike<number>;
  readonly weights: readonly number[];
  readonly biases: readonly number[];
}

function run(pairs: Pairs): { nngp: Float64Array; ntk: Float64Array } {
  const firstNngp = Float64Array.from(pairs.first);
  const request: ReluRecursionRequest = {
    rows: pairs.rows,
    columns: pairs.columns,
    firstNngp,
    rowVariances: Float64Array.from(pairs.rowVariances),
    columnVariances: Float64Array.from(pairs.columnVariances),
    weightVariances: pairs.weights,
    biasVariances: pairs.biases,
    nngp: new Float64Array(pairs.rows * pairs.columns).fill(Number.NaN),
    ntk: new Float64Array(pairs.rows * pairs.columns).fill(Number.NaN),
  };
  recursion(request);
  expect(firstNngp).toEqual(Float64Array.from(pairs.first));
  return request;
}

/** MATH (4) and (5) for one pair, with the library's acos. */
function scalar(pairs: Pairs, i: number, j: number): [number, number] {
  let k = pairs.first[i * pairs.columns + j];
  let t = k;
  pairs.weights.forEach((w, l) => {
    const size = Math.sqrt(
      pairs.rowVariances[l * pairs.rows + i] * pairs.columnVariances[l * pairs.columns + j],
    );
    const c = size > 0 ? Math.min(1, Math.max(-1, k / size)) : 0;
    const angle = Math.acos(c);
    const dual = (size / (2 * Math.PI)) * (Math.sqrt((1 - c) * (1 + c)) + (Math.PI - angle) * c);
    k = w * dual + pairs.biases[l];
    t = k + w * ((Math.PI - angle) / (2 * Math.PI)) * t;
  });
  return [k, t];
}

/** Pairs of inputs with given angles and squared lengths, and the variances that the recursion gives along the diagonal. */
function inputs(rows: number, columns: number, weights: readonly number[], biases: readonly number[]): Pairs {
  const variances = (seed: number, count: number): number[][] => {
    let q = [...numbers(count, seed)].map((x) => 1.1 + x);
    return weights.map((w, l) => {
      const present = q;
      q = q.map((value) => (w * value) / 2 + biases[l]);
      return present;
    });
  };
  const rowVariances = variances(1, rows);
  const columnVariances = variances(2, columns);
  const angles = numbers(rows * columns, 3);
  const first = angles.map((x, at) => {
    const size = Math.sqrt(rowVariances[0][Math.floor(at / columns)] * columnVariances[0][at % columns]);
    return size * Math.cos(Math.PI / 2 + 1.55 * x);
  });
  return {
    rows,
    columns,
    first,
    rowVariances: rowVariances.flat(),
    columnVariances: columnVariances.flat(),
    weights,
    biases,
  };
}

describe('the ReLU recursion', () => {
  test('gives the known NTK of orthogonal and opposite unit inputs', () => {
    const ntk = (first: number, layers: number): number =>
      run({
        rows: 1,
        columns: 1,
        first: [first],
        rowVariances: new Array(layers).fill(1),
        columnVariances: new Array(layers).fill(1),
        weights: new Array(layers).fill(2),
        biases: new Array(layers).fill(0),
      }).ntk[0];
    [1 / Math.PI, 0.6857086362829429, 1.0603881068025838].forEach((truth, l) => {
      expect(Math.abs(ntk(0, l + 1) - truth)).toBeLessThan(1e-15);
    });
    [0, 0.3183098861837909, 0.6857086362829431].forEach((truth, l) => {
      expect(Math.abs(ntk(-1, l + 1) - truth)).toBeLessThan(1e-15);
    });
    [1, 2, 3].forEach((layers) => {
      expect(ntk(1, layers)).toBe(layers + 1);
    });
  });

  test('has angles right to a few units in the last place', () => {
    // With unit variances, σ_w² = 2π and σ_b = 0 the NNGP is sin θ + (π − θ) cos θ, and the NTK exceeds it by (π − θ) cos θ.
    const count = 20001;
    const first = Float64Array.from({ length: count }, (_, i) => -1 + (2 * i) / (count - 1));
    const { nngp, ntk } = run({
      rows: 1,
      columns: count,
      first,
      rowVariances: [1],
      columnVariances: new Float64Array(count).fill(1),
      weights: [2 * Math.PI],
      biases: [0],
    });
    const term = first.map((c) => (Math.PI - Math.acos(c)) * c);
    const sine = first.map((c) => Math.sqrt((1 - c) * (1 + c)));
    expect(
      distance(
        ntk.map((t, i) => t - nngp[i]),
        term,
      ),
    ).toBeLessThan(3e-15);
    expect(
      distance(
        nngp,
        sine.map((s, i) => s + term[i]),
      ),
    ).toBeLessThan(1.5e-15);
  });

  test.each([
    [1, 1],
    [3, 7],
    [70, 9],
    [5, 600],
    [2, 17001],
  ])('agrees with a scalar recursion on %i × %i pairs', (rows, columns) => {
    const pairs = inputs(rows, columns, [2, 1.7, 2.3], [0.1, 0, 0.4]);
    const { nngp, ntk } = run(pairs);
    const truth = Array.from({ length: rows * columns }, (_, at) =>
      scalar(pairs, Math.floor(at / columns), at % columns),
    );
    expect(
      distance(
        nngp,
        truth.map(([k]) => k),
      ),
    ).toBeLessThan(1e-13);
    expect(
      distance(
        ntk,
        truth.map(([, t]) => t),
      ),
    ).toBeLessThan(1e-13);
  });

  test('of no activation is the first kernel', () => {
    const first = [0.3, -0.2, 5];
    const { nngp, ntk } = run({
      rows: 1,
      columns: 3,
      first,
      rowVariances: [],
      columnVariances: [],
      weights: [],
      biases: [],
    });
    expect([...nngp]).toEqual(first);
    expect([...ntk]).toEqual(first);
  });

  test('takes a variance of 0 as a right angle', () => {
    const { nngp, ntk } = run({
      rows: 2,
      columns: 2,
      first: [0, 0, 0, 0.5],
      rowVariances: [0, 1],
      columnVariances: [0, 1],
      weights: [3],
      biases: [0.25],
    });
    // E φφ = 0 and E φ'φ' = 1/4 wherever one input is zero; the first NTK there is 0.
    expect([...nngp.slice(0, 3)]).toEqual([0.25, 0.25, 0.25]);
    expect([...ntk.slice(0, 3)]).toEqual([0.25, 0.25, 0.25]);
    const half = run({
      rows: 1,
      columns: 1,
      first: [2],
      rowVariances: [0],
      columnVariances: [0],
      weights: [3],
      biases: [0],
    });
    expect(half.nngp[0]).toBe(0);
    expect(half.ntk[0]).toBeCloseTo((3 / 4) * 2, 15);
  });

  test('clips correlations that rounding has put beyond 1', () => {
    const { nngp, ntk } = run({
      rows: 1,
      columns: 2,
      first: [1 + 2 ** -50, -1 - 2 ** -50],
      rowVariances: [1],
      columnVariances: [1, 1],
      weights: [2],
      biases: [0],
    });
    expect([...nngp]).toEqual([1, 0]);
    expect(ntk[0]).toBeCloseTo(2, 14);
    expect(ntk[1]).toBeCloseTo(0, 14);
  });

  test('works at the ends of the number range', () => {
    const { ntk } = run({
      rows: 2,
      columns: 2,
      first: [0, 0, 0, 0],
      rowVariances: [1e-300, 1e300],
      columnVariances: [1e-300, 1e300],
      weights: [2],
      biases: [0],
    });
    [1e-300, 1, 1, 1e300].forEach((size, at) => {
      expect(ntk[at] / size).toBeCloseTo(1 / Math.PI, 14);
    });
  });

  test('passes NaN on to its own pair only', () => {
    const pairs = inputs(3, 10, [2], [0]);
    const first = Float64Array.from(pairs.first);
    first[14] = Number.NaN;
    const { nngp, ntk } = run({ ...pairs, first });
    nngp.forEach((k, at) => {
      expect(Number.isNaN(k)).toBe(at === 14);
      expect(Number.isNaN(ntk[at])).toBe(at === 14);
    });
  });

  test('gives a pair the same bits in any block', () => {
    const rows = 7;
    const columns = 530;
    const pairs = inputs(rows, columns, [2, 2], [0.1, 0.1]);
    const whole = run(pairs);
    for (const [i, j] of [
      [0, 0],
      [3, 511],
      [3, 512],
      [6, 529],
    ]) {
      const alone = run({
        ...pairs,
        rows: 1,
        columns: 1,
        first: [pairs.first[i * columns + j]],
        rowVariances: [pairs.rowVariances[i], pairs.rowVariances[rows + i]],
        columnVariances: [pairs.columnVariances[j], pairs.columnVariances[columns + j]],
      });
      expect(alone.nngp[0]).toBe(whole.nngp[i * columns + j]);
      expect(alone.ntk[0]).toBe(whole.ntk[i * columns + j]);
    }
  });

  test('leaves no WASM memory in use', () => {
    const before = wasmMemoryInUse();
    run(inputs(20, 30, [2, 2], [0, 0]));
    expect(wasmMemoryInUse()).toBe(before);
  });
});

test('an error from a near pair ends the recursion, and the next one works', async () => {
  const backend = await threadedWasmBackend({ threads: 2 });
  const size = 400;
  const variances = new Float64Array(size).fill(1);
  const request: ReluRecursionRequest = {
    rows: size,
    columns: size,
    firstNngp: new Float64Array(size * size).fill(-1),
    rowVariances: variances,
    columnVariances: variances,
    weightVariances: [2],
    biasVariances: [0],
    nngp: new Float64Array(size * size),
    ntk: new Float64Array(size * size),
  };
  const near = {
    cosine: 0.999,
    rowVariances: variances,
    columnVariances: variances,
    pair(): never {
      throw new RangeError('no such pair');
    },
  };
  const before = wasmMemoryInUse();
  expect(() => backend.fused!.reluRecursion!({ ...request, near })).toThrow('no such pair');
  expect(wasmMemoryInUse()).toBe(before);
  backend.fused!.reluRecursion!(request);
  // Opposite inputs of unit variance: no covariance, and an angle of π.
  expect(request.nngp.every((value) => Math.abs(value) < 1e-15)).toBe(true);
  expect(request.ntk.every((value) => Math.abs(value) < 1e-7)).toBe(true);
  backend.dispose();
});
