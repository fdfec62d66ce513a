import { checkChoice, checkFinite, checkLength, NumericalError } from '@sntk/errors';
import {
  add,
  type Backend,
  mul,
  prepare,
  reduce,
  sub,
  type Tensor,
  tensor,
  toFloat64,
  transpose,
} from '@sntk/linalg';
import { scope } from '@sntk/linalg/devices';
import { rateAdvice } from './advice.ts';
import { checkEnsembleMemory } from './checks.ts';
import { type EpochOptions, exampleNoise } from './epoch-noise.ts';
import type { DualEnsemble } from './kernel-sgd.ts';
import { fromModes, modeFlow, toModes } from './modes.ts';
import { checkRun, type SdeOptions } from './sde-run.ts';
import type { KernelSpectrum } from './spectrum.ts';

/** An ensemble of SNTK paths, and where its steps run. */
export interface DeviceSntkOptions extends SdeOptions, EpochOptions {
  readonly learningRate: number;
  readonly batch: number;
  /** `leading`, MATH (30), unless told; `exact` is MATH (29). */
  readonly noise?: 'leading' | 'exact';
  /** A device, or any backend with float32. */
  readonly backend: Backend;
}

/** Steps between two numbers that are read to see that all is finite; a device works ahead by so many at most. */
const AHEAD = 64;

/**
 * `sntkPaths` with its steps on a device, in float32: the same paths from the same `rng`, to rounding. The spectrum is
 * that of a CPU backend, because factorizations are float64.
 *
 * The state of all paths stays on the device from the first step to the last. The noise is drawn in JavaScript and sent
 * there, so that a path does not depend on where it runs. One number is read every 64 steps, and the state at the end.
 *
 * @throws ArgumentError as `sntkPaths` does.
 * @throws NumericalError when a path stops being finite.
 * @example
 * ```ts
 * import { kernelSpectrum } from '@sntk/dynamics';
 * import { deviceSntkPaths } from '@sntk/dynamics/devices';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { createRng } from '@sntk/random';
 *
 * const backend = ndarrayBackend(); // or a device
 * const spectrum = kernelSpectrum(tensor([[2, 1], [1, 2]], { backend: ndarrayBackend() }));
 * const options = { backend, learningRate: 0.1, steps: 20, batch: 1, paths: 3, rng: createRng(1) };
 * const { alpha } = await deviceSntkPaths(spectrum, new Float64Array([1, -1]), options);
 * console.log(alpha.length); // 6
 * ```
 */
export async function deviceSntkPaths(
  spectrum: KernelSpectrum,
  r0: Float64Array,
  options: DeviceSntkOptions,
): Promise<DualEnsemble> {
  const where = 'deviceSntkPaths';
  const { backend, learningRate, steps, paths, onProgress, signal } = options;
  const N = spectrum.samples;
  checkLength(where, 'r0', r0, N, 'one per training point');
  checkFinite(where, 'r0', r0);
  const kind = checkChoice(where, 'options.noise', options.noise ?? 'leading', ['leading', 'exact']);
  const run = checkRun(where, N, options);
  checkEnsembleMemory(where, { samples: N, outputs: 1, paths, copies: 6 });
  const { draw, factor } = exampleNoise(where, N, options, run);
  const euler = options.epochs === true;
  const fix = rateAdvice(learningRate, spectrum.values[N - 1], N);
  const c0 = toModes(spectrum, r0, 1);
  const flow = modeFlow(spectrum, c0, { step: learningRate / 2, reduction: 'mean' });

  const put = (entries: Float64Array, columns: number): Tensor =>
    tensor(entries, { backend, dtype: 'float32', shape: [N, columns] });
  const Q = put(toFloat64(spectrum.Q), N);
  const Qt = transpose(Q);
  const [forth, back] = [prepare(Q), prepare(Qt)];
  const kept = put(flow.kept, 1);
  const pulled = put(flow.pulled, 1);
  const start = put(c0, 1);
  const rates = put(spectrum.values, 1);
  const drift = (a: Tensor): Tensor => sub(mul(kept, a), pulled);
  const dW = new Float64Array(N * paths);
  let a = put(new Float64Array(N * paths), paths);
  try {
    for (let step = 0; step < steps; step++) {
      signal?.throwIfAborted();
      draw(step, dW);
      const intensity = learningRate * Math.sqrt(factor(step) / N);
      const before = a;
      a = scope(backend, () => {
        const middle = euler ? before : drift(before);
        const drawn = put(dW, paths);
        const kicks = kind === 'exact' ? sub(drawn, mul(reduce('sum', drawn, 0), 1 / N)) : drawn;
        const c = add(start, mul(rates, middle));
        const kicked = add(middle, back.times(mul(mul(forth.times(c), kicks), intensity)));
        return { a: euler ? sub(kicked, mul(c, learningRate / N)) : drift(kicked) };
      }).a;
      before.dispose();
      if ((step + 1) % AHEAD === 0) {
        const { total } = scope(backend, () => ({ total: reduce('sum', reduce('sum', a, 0), 1) }));
        const { data } = await total.read().finally(() => total.dispose());
        if (!Number.isFinite(data[0])) throw divergence(where, step + 1, fix);
        onProgress?.({ done: step + 1, total: steps });
      }
    }
    const state = Float64Array.from((await a.read()).data);
    if (!state.every(Number.isFinite)) throw divergence(where, steps, fix);
    onProgress?.({ done: steps, total: steps });
    return fromModes(spectrum, c0, state, paths);
  } finally {
    for (const held of [forth, back, Q, Qt, kept, pulled, start, rates, a]) held.dispose();
  }
}

function divergence(where: string, step: number, fix: string): NumericalError {
  return new NumericalError({
    where,
    found: `a path is not finite at or before step ${step}`,
    fix,
    details: { step },
  });
}
