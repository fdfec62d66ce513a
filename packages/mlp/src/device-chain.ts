import type { Architecture } from '@sntk/architecture';
import { ArgumentError, checkFinite, checkNonNegative, UnavailableError } from '@sntk/errors';
import { add, type Backend, type ChainRule, type FloatArray, showShape, type Tensor } from '@sntk/linalg';
import { scope } from '@sntk/linalg/devices';
import type { Rng } from '@sntk/random';
import { type DeviceLayer, gather, placeLayers, stepLayer, tensorsOf } from './device-layers.ts';
import { type DevicePass, runOnDevice } from './device-pass.ts';
import { type DevicePlan, devicePlanOf } from './device-plan.ts';
import { checkSingleRule } from './device-rule.ts';
import { checkParameters } from './layout.ts';
import { PLAIN_SGD } from './optimizer.ts';
import { type Plan, planOf } from './plan.ts';

/** A network whose parameters stay on a backend, in tensors. An owned resource. */
export interface DeviceChain {
  /** Outputs `[N, O]` at `X` `[N, d]`; the caller's to dispose of. Remembers the pass. */
  forward(X: Tensor): Tensor;
  /**
   * One step of the chain's rule for the gradient `Σ_n (∂f/∂θ)ᵀ gradient`, for `gradient` `[N, O]` = ∂loss/∂f at the rows of the
   * last `forward`.
   */
  descend(gradient: Tensor, rate: number): void;
  /** A copy of the parameters, in the order of `parameterLayout`. Waits for the device. */
  readParameters(): Promise<Float32Array>;
  /** Copies of the rule's averages, in the same order. */
  readAverages(): Promise<readonly Float32Array[]>;
  dispose(): void;
}

export interface DeviceChainOptions {
  readonly backend: Backend;
  /** What `descend` does with a gradient; `θ ← θ − η g` unless told. */
  readonly rule?: ChainRule;
  /** To go on from: the rule's averages, in float32, and the steps taken before. */
  readonly averages?: readonly FloatArray[];
  readonly steps?: number;
  /** Draws the masks of dropout layers, others in each step. */
  readonly dropout?: Rng | undefined;
}

/**
 * The network, MATH (1), as a chain whose forward passes and gradient steps run by operations on tensors: on a device
 * nothing is read in between. It is what `networkChain` is on CPU backends, with tensors in place of arrays, and agrees
 * with it to float32. Call it outside of `scope`, which would take back what the chain keeps for itself.
 *
 * @throws UnavailableError for activations that a device does not have, listing those it has, and from a chain that has been
 * disposed of.
 * @throws ArgumentError for parameters that do not fit the architecture or are not finite, and for inputs and gradients of
 * the wrong shape.
 * @example
 * ```ts
 * import { fullyConnected } from '@sntk/architecture';
 * import { mul, ndarrayBackend, sub, tensor, toArray } from '@sntk/linalg';
 * import { initialize } from '@sntk/mlp';
 * import { deviceChain } from '@sntk/mlp/devices';
 * import { createRng } from '@sntk/random';
 *
 * const backend = ndarrayBackend(); // or a device
 * const network = fullyConnected({ inputs: 1, hidden: [32] });
 * const X = tensor([[-1], [0], [1]], { backend, dtype: 'float32' });
 * const Y = tensor([[1], [0], [1]], { backend, dtype: 'float32' });
 * const chain = deviceChain(network, initialize(network, { rng: createRng(1) }), { backend });
 * for (let step = 0; step < 300; step++) {
 *   const f = chain.forward(X);
 *   const residual = sub(f, Y);
 *   chain.descend(residual, 0.05); // the sum of ½|f − y|² over examples
 *   for (const t of [f, residual]) t.dispose();
 * }
 * console.log((await chain.forward(X).read()).data.map((f) => Math.round(f) + 0)); // Float32Array [1, 0, 1]
 * ```
 */
export function deviceChain(
  architecture: Architecture,
  theta: FloatArray,
  options: DeviceChainOptions,
): DeviceChain {
  const { dropout, rule } = options;
  if (rule) checkSingleRule('deviceChain', 'options.rule.epsilon', rule);
  const masks = (steps: number): Rng | undefined => dropout?.split(steps);
  return openDeviceChain('deviceChain', architecture, theta, { ...options, masks });
}

/** The same in the name of another function, with the stream of each pass's masks. */
export function openDeviceChain(
  where: string,
  architecture: Architecture,
  theta: FloatArray,
  options: Omit<DeviceChainOptions, 'dropout'> & { readonly masks: (steps: number) => Rng | undefined },
): DeviceChain {
  const { backend, rule = PLAIN_SGD, masks } = options;
  checkParameters(where, architecture, theta);
  checkFinite(where, 'theta', theta);
  const { devicePlan, ...placed } = place(where, planOf(architecture), theta, { ...options, rule });
  const { plan, selections } = devicePlan;
  let { layers } = placed;
  let steps = options.steps ?? 0;
  let pass: DevicePass | undefined;
  let disposed = false;

  const live = (method: string): void => {
    if (disposed) throw new UnavailableError(`${where}(…).${method}`, 'the chain has been disposed of');
  };
  const forget = (): void => {
    for (const t of pass?.kept ?? []) t.dispose();
    pass = undefined;
  };

  return {
    forward(X: Tensor): Tensor {
      live('forward');
      checkMatrix('forward', 'X', X, [X.shape[0], plan.inputs]);
      forget();
      let found: DevicePass | undefined;
      const { output } = scope(backend, () => {
        const run = runOnDevice(devicePlan, X, { layers, dropout: masks(steps) });
        const kept = new Set(run.kept);
        // The input is the caller's, and so is the output, which may be the same or one that is kept.
        kept.delete(X);
        const own = run.output === X || kept.has(run.output) ? add(run.output, 0) : run.output;
        found = { ...run, kept };
        return { ...byName(kept), output: own };
      });
      pass = found;
      return output;
    },

    descend(gradient: Tensor, rate: number): void {
      live('descend');
      checkNonNegative(`${where}(…).descend`, 'rate', rate);
      if (!pass) throw new UnavailableError(`${where}(…).descend`, 'there has been no forward pass');
      const { output, pull } = pass;
      checkMatrix('descend', 'gradient', gradient, output.shape);
      const stepped = [...layers];
      scope(backend, () => {
        pull(gradient, (l, input, signal) => {
          // In a scope of its own, so that there is the gradient of one layer at a time.
          scope(backend, () => {
            stepped[l] = stepLayer(layers[l], { input, signal, rule, steps, rate });
            return byName(tensorsOf(stepped[l]));
          });
        });
        return byName(stepped.flatMap(tensorsOf));
      });
      const kept = new Set(stepped.flatMap(tensorsOf));
      for (const t of layers.flatMap(tensorsOf)) if (!kept.has(t)) t.dispose();
      layers = stepped;
      steps++;
      forget();
    },

    readParameters(): Promise<Float32Array> {
      live('readParameters');
      return gather(layers, plan.size, ({ value }) => value);
    },

    readAverages(): Promise<readonly Float32Array[]> {
      live('readAverages');
      const [{ W }] = layers;
      return Promise.all(W.averages.map((_, i) => gather(layers, plan.size, ({ averages }) => averages[i])));
    },

    dispose(): void {
      if (disposed) return;
      disposed = true;
      forget();
      for (const t of layers.flatMap(tensorsOf)) t.dispose();
      for (const t of [...selections.values()].flat()) t.dispose();
    },
  };

  function checkMatrix(method: string, argument: string, a: Tensor, wanted: readonly number[]): void {
    const fits = a.shape.length === 2 && a.shape[0] === wanted[0] && a.shape[1] === wanted[1];
    if (fits && a.backend === backend && a.dtype === 'float32') return;
    throw new ArgumentError({
      where: `${where}(…).${method}`,
      argument,
      wanted: `${showShape(wanted)} on backend ${backend.name} (float32)`,
      got: `${showShape(a.shape)} on ${a.backend.name} (${a.dtype})`,
    });
  }
}

/** Puts on the device what a chain keeps there, all of it or, where the device fails on the way, nothing. */
function place(
  where: string,
  plan: Plan,
  theta: FloatArray,
  options: { readonly backend: Backend; readonly rule: ChainRule; readonly averages?: readonly FloatArray[] },
): { readonly devicePlan: DevicePlan; readonly layers: readonly DeviceLayer[] } {
  const { backend } = options;
  let placed: ReturnType<typeof place> | undefined;
  scope(backend, () => {
    const devicePlan = devicePlanOf(where, plan, backend);
    const layers = placeLayers(plan, theta, options);
    placed = { devicePlan, layers };
    return byName([...devicePlan.selections.values(), layers.flatMap(tensorsOf)].flat());
  });
  return placed!;
}

/** Tensors as a `scope` returns them. */
function byName(tensors: Iterable<Tensor>): Readonly<Record<string, Tensor>> {
  return Object.fromEntries([...tensors].entries());
}
