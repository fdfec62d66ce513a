import type { Backend } from '../backend.ts';
import type { ReluRecursionRequest } from '../fused.ts';
import type { ConformanceCase } from './cases.ts';
import { close, demand, numbers, product, toleranceOf, when } from './support.ts';

const hasRecursion = (backend: Backend): boolean => backend.fused?.reluRecursion !== undefined;

/** MATH (4) and (5) for one pair with variances p, q before each activation. */
function scalar(
  first: number,
  p: readonly number[],
  q: readonly number[],
  weight: readonly number[],
  bias: readonly number[],
): { nngp: number; ntk: number } {
  let nngp = first;
  let ntk = first;
  weight.forEach((w, layer) => {
    const norm = Math.sqrt(p[layer] * q[layer]);
    const cosine = norm > 0 ? Math.min(1, Math.max(-1, nngp / norm)) : 1;
    const angle = Math.acos(cosine);
    const value = (norm / (2 * Math.PI)) * (Math.sin(angle) + (Math.PI - angle) * cosine);
    const derivative = (Math.PI - angle) / (2 * Math.PI);
    nngp = w * value + bias[layer];
    ntk = nngp + w * derivative * ntk;
  });
  return { nngp, ntk };
}

interface Problem {
  readonly request: ReluRecursionRequest;
  readonly expected: { nngp: Float64Array; ntk: Float64Array };
}

function problem(
  x: Float64Array,
  y: Float64Array,
  rows: number,
  columns: number,
  layers: number,
  bias: number,
): Problem {
  const d = 3;
  const weight = Array.from({ length: layers }, (_, l) => 2 - 0.25 * l);
  const biases = weight.map((_, l) => bias * (1 + l));
  const variances = (points: Float64Array, count: number) => {
    const out = new Float64Array(layers * count);
    for (let i = 0; i < count; i++) {
      const point = points.subarray(i * d, (i + 1) * d);
      let q = (2 / d) * point.reduce((sum, value) => sum + value * value, 0) + bias;
      for (let l = 0; l < layers; l++) {
        out[l * count + i] = q;
        q = (weight[l] * q) / 2 + biases[l];
      }
    }
    return out;
  };
  const firstNngp = product(rows, columns, d, x, y, { transposeB: true }).map((s) => (2 / d) * s + bias);
  const rowVariances = variances(x, rows);
  const columnVariances = variances(y, columns);
  const expected = { nngp: new Float64Array(rows * columns), ntk: new Float64Array(rows * columns) };
  const layersOf = (all: Float64Array, count: number, i: number) => weight.map((_, l) => all[l * count + i]);
  firstNngp.forEach((k, at) => {
    const p = layersOf(rowVariances, rows, Math.floor(at / columns));
    const q = layersOf(columnVariances, columns, at % columns);
    const { nngp, ntk } = scalar(k, p, q, weight, biases);
    expected.nngp[at] = nngp;
    expected.ntk[at] = ntk;
  });
  const request = {
    rows,
    columns,
    firstNngp,
    rowVariances,
    columnVariances,
    weightVariances: weight,
    biasVariances: biases,
    nngp: new Float64Array(rows * columns).fill(Number.NaN),
    ntk: new Float64Array(rows * columns).fill(Number.NaN),
  };
  return { request, expected };
}

/** Largest value of the kernels at these variances, which entries are measured against. */
function scales({ request }: Problem): { nngp: Float64Array; ntk: Float64Array } {
  const { rows, columns, rowVariances, columnVariances, weightVariances, biasVariances } = request;
  const nngp = new Float64Array(rows * columns);
  const ntk = new Float64Array(rows * columns);
  nngp.forEach((_, at) => {
    const i = Math.floor(at / columns);
    const j = at % columns;
    const norms = weightVariances.map((_, l) =>
      Math.sqrt(rowVariances[l * rows + i] * columnVariances[l * columns + j]),
    );
    const top = scalar(norms[0], norms, norms, weightVariances, biasVariances);
    nngp[at] = top.nngp;
    ntk[at] = top.ntk;
  });
  return { nngp, ntk };
}

export const reluRecursionCases: readonly ConformanceCase[] = [
  when(hasRecursion, 'fused.reluRecursion agrees with the scalar recursion', (backend) => {
    const tolerance = toleranceOf(backend, 'float64');
    for (const [rows, columns] of [
      [1, 1],
      [1, 7],
      [3, 5],
      [17, 33],
      [64, 65],
      [2, 1030],
      [40, 1030],
      [0, 3],
      [3, 0],
    ]) {
      for (const layers of [1, 2, 4]) {
        for (const bias of [0, 0.7]) {
          const one = problem(numbers(rows * 3, 60), numbers(columns * 3, 61), rows, columns, layers, bias);
          const before = one.request.firstNngp.slice();
          backend.fused!.reluRecursion!(one.request);
          const name = `[${rows}, ${columns}], ${layers} layers, bias ${bias}`;
          const scale = scales(one);
          close(`${name}: NNGP`, one.request.nngp, one.expected.nngp, tolerance, scale.nngp);
          close(`${name}: NTK`, one.request.ntk, one.expected.ntk, tolerance, scale.ntk);
          close(`${name}: firstNngp`, one.request.firstNngp, before, 0);
        }
      }
    }
  }),

  when(hasRecursion, 'fused.reluRecursion stands equal, opposite and zero inputs', (backend) => {
    const v = [0.3, -0.8, 0.5];
    const points = Float64Array.from([...v, ...v.map((x) => -x), ...v.map((x) => 1e-8 * x), 0, 0, 0]);
    for (const bias of [0, 0.7]) {
      for (const layers of [1, 3]) {
        const one = problem(points, points, 4, 4, layers, bias);
        backend.fused!.reluRecursion!(one.request);
        const { nngp, ntk } = one.request;
        demand([...nngp, ...ntk].every(Number.isFinite), `bias ${bias}: not finite: ${nngp} ${ntk}`);
        // At equal and opposite inputs the angle is known to the square root of the precision, and Ṫ with it.
        const scale = scales(one);
        const root = Math.sqrt(toleranceOf(backend, 'float64'));
        close('NNGP', nngp, one.expected.nngp, root, scale.nngp);
        close('NTK', ntk, one.expected.ntk, root, scale.ntk);
      }
    }
  }),

  when(
    hasRecursion,
    'fused.reluRecursion asks for near pairs, and mirrors in place what it is told to',
    (backend) => {
      // More rows than are copied in at once, a point twice, and its opposite.
      const [n, d, bias] = [300, 3, 0.25];
      const points = numbers(n * d, 62);
      for (let p = 0; p < d; p++) {
        points[280 * d + p] = points[7 * d + p];
        points[281 * d + p] = -points[7 * d + p];
      }
      const products = product(n, n, d, points, points, { transposeB: true });
      for (const [mirrored, own] of [
        [false, 0],
        [true, bias],
      ] as const) {
        const { request, expected } = problem(points, points, n, n, 2, own);
        const scale = scales({ request, expected });
        // σ_w² = 2 for the first layer; opposite points are near only where there is no bias.
        const first = (at: number): number => (2 / d) * products[at] + own;
        const { rowVariances: p, weightVariances: w, biasVariances: b } = request;
        const output = Float64Array.from({ length: n }, (_, i) => (w[1] * p[n + i]) / 2 + b[1]);
        const cosine = 0.99999;
        const asked = new Set<number>();
        const near = { cosine, rowVariances: output, columnVariances: output };
        const nngp = mirrored ? products.slice() : new Float64Array(n * n);
        const ntk = new Float64Array(n * n).fill(7);
        backend.fused!.reluRecursion!({
          ...request,
          firstNngp: mirrored ? nngp : products,
          firstLayer: { weight: 2 / d, bias: own },
          near: {
            ...near,
            pair(i, j) {
              asked.add(i * n + j);
              return { nngp: 100 + i, ntk: 200 + j };
            },
          },
          mirrored,
          nngp,
          ntk,
        });
        for (let at = 0; at < n * n; at++) {
          const [i, j] = [Math.floor(at / n), at % n];
          if (mirrored && i <= j) {
            const same = i === j ? [products[at], 7] : [nngp[j * n + i], ntk[j * n + i]];
            demand(
              nngp[at] === same[0] && ntk[at] === same[1],
              `entry [${i}, ${j}] is ${nngp[at]}, ${ntk[at]}`,
            );
            expected.nngp[at] = nngp[at];
            expected.ntk[at] = ntk[at];
            continue;
          }
          const start = first(at) / Math.sqrt(p[i] * p[j]);
          const end = expected.nngp[at] / Math.sqrt(output[i] * output[j]);
          const wanted = start < -cosine || end > cosine;
          // Who is near to a few digits only may count as either.
          const sure = Math.abs(start + cosine) > 1e-9 && Math.abs(end - cosine) > 1e-9;
          demand(!sure || asked.has(at) === wanted, `pair [${i}, ${j}] is ${wanted ? '' : 'not '}near`);
          if (!asked.has(at)) continue;
          demand(
            nngp[at] === 100 + i && ntk[at] === 200 + j,
            `pair [${i}, ${j}] is not what was given for it`,
          );
          expected.nngp[at] = nngp[at];
          expected.ntk[at] = ntk[at];
        }
        demand(asked.size > 0, 'no pair was near');
        const tolerance = toleranceOf(backend, 'float64') / (1 - cosine);
        close(`mirrored ${mirrored}: NNGP`, nngp, expected.nngp, tolerance, scale.nngp);
        close(`mirrored ${mirrored}: NTK`, ntk, expected.ntk, tolerance, scale.ntk);
      }
    },
  ),
];
