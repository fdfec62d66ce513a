import { UnavailableError } from '@sntk/errors';
import {
  add,
  type Backend,
  binary,
  matmul,
  mul,
  reduce,
  reshape,
  sub,
  type Tensor,
  tensor,
  unary,
} from '@sntk/linalg';
import { scope } from '@sntk/linalg/devices';
import { type DevicePairs, deviceDual } from './device-dual.ts';
import type { DenseStep, Step } from './plan.ts';

/** Differences of coordinates that are on the device at one time. */
const MOST_DIFFERENCES = 2 ** 22;

/** Lengths below this are those of zero vectors. */
const TINY = 1e-30;

/** Both kernels, on the device of the points. */
export interface DeviceKernels {
  readonly nngp: Tensor;
  readonly ntk: Tensor;
}

/**
 * Both kernels, MATH (3)–(5), by operations on tensors alone, so that nothing leaves the device: the recursion of
 * `pairRecursion` with a tensor in place of each number, and distance and determinant carried beside the covariance.
 */
export function deviceKernel(where: string, steps: readonly Step[], X: Tensor, Z: Tensor): DeviceKernels {
  checkSteps(where, steps, X);
  return runSteps(
    steps,
    scope(X.backend, () => inputPairs(X, Z)),
  );
}

/** The diagonals of both kernels, `[N]`: the recursion with each point as its own partner, at distance 0. */
export function deviceDiagonals(steps: readonly Step[], X: Tensor): DeviceKernels {
  checkSteps('kernelDiagonals', steps, X);
  const [N, d] = X.shape;
  const start = scope(X.backend, () => {
    const q = mul(reduce('sum', unary('square', X), 1), 1 / d);
    const nothing = mul(q, 0);
    return { rows: q, columns: q, covariance: q, distance: nothing, determinant: nothing, ntk: nothing };
  });
  const columns = runSteps(steps, start);
  const { nngp, ntk } = columns;
  const flat = { nngp: reshape(nngp, [N]), ntk: reshape(ntk, [N]) };
  for (const used of [nngp, ntk]) used.dispose();
  return flat;
}

/** The rows `start … stop` of a matrix, by a product with a part of the identity. */
export function deviceRows(X: Tensor, start: number, stop: number): Tensor {
  const { backend, shape } = X;
  return scope(backend, () => {
    return { rows: matmul(selection(backend, shape[0], start, stop - start), X, { transposeA: true }) };
  }).rows;
}

function runSteps(steps: readonly Step[], start: State): DeviceKernels {
  let state = start;
  for (const step of steps) {
    const next = scope(state.ntk.backend, () => advance(step, state));
    const kept = new Set(Object.values(next));
    for (const used of Object.values(state)) if (!kept.has(used)) used.dispose();
    state = next;
  }
  const { covariance, ntk } = state;
  for (const used of Object.values(state)) if (used !== covariance && used !== ntk) used.dispose();
  return { nngp: covariance, ntk };
}

function checkSteps(where: string, steps: readonly Step[], { backend }: Tensor): void {
  for (const step of steps) {
    if (step.kind === 'dense' || (step.kind === 'dual' && deviceDual(step.dual))) continue;
    const what =
      step.kind === 'dual' ? 'activations other than relu, erf and linear' : `steps of kind ${step.kind}`;
    throw new UnavailableError(
      where,
      `backend ${backend.name} has no ${what}; move X with await toBackend(X, ndarrayBackend())`,
    );
  }
}

type State = DevicePairs & Readonly<Record<string, Tensor>>;

function advance(step: Step, state: State): State {
  if (step.kind === 'dense') return denseLayer(step, state);
  // `checkSteps` has let nothing else through.
  const { dual } = step as Extract<Step, { kind: 'dual' }>;
  const { derivative, ...moments } = deviceDual(dual)!(state);
  return { ...moments, ntk: mul(state.ntk, derivative) };
}

/** As in `pairRecursion`: det of w·M + b gains w b E(u − v)² by the bias. */
function denseLayer(step: DenseStep, s: State): State {
  const { weightVariance: w, biasVariance: b } = step;
  return {
    ntk: add(add(mul(s.covariance, step.weightGain), step.biasGain), mul(s.ntk, w)),
    covariance: add(mul(s.covariance, w), b),
    determinant: add(mul(s.determinant, w * w), mul(s.distance, w * b)),
    distance: mul(s.distance, w),
    rows: add(mul(s.rows, w), b),
    columns: add(mul(s.columns, w), b),
  };
}

/**
 * Second moments of the inputs. Angles come from the differences and sums of unit vectors, which keep the digits of
 * nearly parallel and nearly opposite points that a product of matrices has not.
 */
function inputPairs(X: Tensor, Z: Tensor): State {
  const d = X.shape[1];
  const [x, z] = [normalized(X), normalized(Z)];
  const apart = squaredLengths(sub, x.directions, z.directions);
  const together = squaredLengths(add, x.directions, z.directions);
  const zLengths = reshape(z.lengths, [1, Z.shape[0]]);
  const scale = mul(mul(x.lengths, zLengths), 1 / d);
  return {
    covariance: mul(mul(scale, sub(together, apart)), 0.25),
    distance: add(mul(unary('square', sub(x.lengths, zLengths)), 1 / d), mul(scale, apart)),
    determinant: mul(mul(unary('square', scale), mul(apart, together)), 0.25),
    rows: mul(unary('square', x.lengths), 1 / d),
    columns: mul(unary('square', zLengths), 1 / d),
    ntk: mul(scale, 0),
  };
}

/** Lengths `[N, 1]` and unit vectors `[N, d]`; the direction of zero is zero. */
function normalized(X: Tensor): { readonly lengths: Tensor; readonly directions: Tensor } {
  const lengths = unary('sqrt', reduce('sum', unary('square', X), 1));
  return { lengths, directions: binary('div', X, binary('maximum', lengths, TINY)) };
}

/** `Σ_p (x_ip ± z_jp)²`, `[N, M]`, some coordinates at a time. */
function squaredLengths(combine: typeof add, x: Tensor, z: Tensor): Tensor {
  const { backend } = x;
  const [N, d] = x.shape;
  const M = z.shape[0];
  const width = Math.max(1, Math.min(d, Math.floor(MOST_DIFFERENCES / Math.max(1, N * M))));
  let total: Tensor | undefined;
  for (let first = 0; first < d; first += width) {
    const count = Math.min(width, d - first);
    const before = total;
    total = scope(backend, () => {
      const pick = (a: Tensor): Tensor => (count === d ? a : matmul(a, selection(backend, d, first, count)));
      const pairs = combine(reshape(pick(x), [N, 1, count]), reshape(pick(z), [1, M, count]));
      const part = reshape(reduce('sum', unary('square', pairs), 2), [N, M]);
      return { sum: before ? add(before, part) : part };
    }).sum;
    before?.dispose();
  }
  return total!;
}

/** The columns `first … first + count` of the identity of size `d`. */
function selection(backend: Backend, d: number, first: number, count: number): Tensor {
  const entries = new Float32Array(d * count);
  for (let p = 0; p < count; p++) entries[(first + p) * count + p] = 1;
  return tensor(entries, { backend, shape: [d, count] });
}
