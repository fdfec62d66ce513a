import { type Architecture, type ResolvedLayer, resolveLayers } from '@sntk/architecture';
import { ArgumentError, checkFinite, checkPositive, UnavailableError } from '@sntk/errors';
import {
  add,
  type Backend,
  type FloatArray,
  matmul,
  mul,
  reduce,
  showShape,
  sub,
  type Tensor,
  tensor,
} from '@sntk/linalg';
import { scope } from '@sntk/linalg/devices';
import { deviceActivation } from './device-activations.ts';
import { checkParameters } from './layout.ts';
import { type ParameterBlock, planOf } from './plan.ts';

/** A network whose parameters stay on a backend, in tensors. An owned resource. */
export interface DeviceChain {
  /** Outputs `[N, O]` at `X` `[N, d]`; the caller's to dispose of. Remembers the pass. */
  forward(X: Tensor): Tensor;
  /**
   * One gradient step `θ ← θ − rate · Σ_n (∂f/∂θ)ᵀ gradient`, for `gradient` `[N, O]` = ∂loss/∂f at the rows of the last
   * `forward`.
   */
  descend(gradient: Tensor, rate: number): void;
  /** A copy of the parameters, in the order of `parameterLayout`. Waits for the device. */
  readParameters(): Promise<Float32Array>;
  dispose(): void;
}

interface Layer extends ParameterBlock {
  readonly W: Tensor;
  /** `[1, outputs]`. */
  readonly beta: Tensor;
}

/** What a forward pass leaves for the backward one: the input of each layer and its pre-activation. */
interface Pass {
  readonly inputs: readonly Tensor[];
  readonly preactivations: readonly Tensor[];
}

/**
 * The network, MATH (1), as a chain whose forward passes and gradient steps run by operations on tensors: on a device
 * nothing is read in between. It is what `networkChain` is on CPU backends, with tensors in place of arrays, and agrees
 * with it to float32. Call it outside of `scope`, which would take back what the chain keeps for itself.
 *
 * @throws UnavailableError for activations other than relu, linear, tanh and sigmoid, and from a chain that has been
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
  options: { readonly backend: Backend },
): DeviceChain {
  const where = 'deviceChain';
  const { backend } = options;
  checkParameters(where, architecture, theta);
  checkFinite(where, 'theta', theta);
  const { blocks, size } = planOf(architecture);
  const activations = chainOf(where, architecture).map(({ activation }) =>
    activation ? deviceActivation(where, activation) : undefined,
  );
  let layers: readonly Layer[] = blocks.map((block) => ({
    ...block,
    W: place(backend, theta.subarray(block.weights, block.bias), [block.outputs, block.inputs]),
    beta: place(backend, theta.subarray(block.bias, block.bias + block.outputs), [1, block.outputs]),
  }));
  let pass: Pass | undefined;
  let disposed = false;

  const live = (method: string): void => {
    if (disposed) throw new UnavailableError(`${where}(…).${method}`, 'the chain has been disposed of');
  };
  const forget = (): void => {
    // The first input is the caller's.
    for (const t of pass ? [...pass.inputs.slice(1), ...pass.preactivations] : []) t.dispose();
    pass = undefined;
  };

  return {
    forward(X: Tensor): Tensor {
      live('forward');
      checkMatrix('forward', 'X', X, [X.shape[0], architecture.inputs]);
      forget();
      const inputs = [X];
      const preactivations: Tensor[] = [];
      for (const [l, { W, beta, weightScale, biasScale }] of layers.entries()) {
        const activation = activations[l];
        const { h, a } = scope(backend, () => {
          const h = add(mul(matmul(inputs[l], W, { transposeB: true }), weightScale), mul(beta, biasScale));
          // A tensor of its own, also when the activation is none: each is disposed of once.
          return { h, a: activation ? activation.value(h) : add(h, 0) };
        });
        preactivations.push(h);
        inputs.push(a);
      }
      const f = inputs.pop()!;
      pass = { inputs, preactivations };
      return f;
    },

    descend(gradient: Tensor, rate: number): void {
      live('descend');
      checkPositive(`${where}(…).descend`, 'rate', rate);
      if (!pass) throw new UnavailableError(`${where}(…).descend`, 'there has been no forward pass');
      const { inputs, preactivations } = pass;
      checkMatrix('descend', 'gradient', gradient, preactivations[preactivations.length - 1].shape);
      const stepped: Layer[] = [];
      let signal = gradient;
      for (let l = layers.length - 1; l >= 0; l--) {
        const layer = layers[l];
        const last = signal;
        const next = scope(backend, () => {
          const { W, beta, weightScale, biasScale } = layer;
          const dW = matmul(last, inputs[l], { transposeA: true });
          const moved = {
            W: sub(W, mul(dW, rate * weightScale)),
            beta: sub(beta, mul(reduce('sum', last, 0), rate * biasScale)),
          };
          if (l === 0) return moved;
          const back = mul(matmul(last, W), weightScale);
          const slope = activations[l - 1]?.derivative(preactivations[l - 1]);
          return { ...moved, signal: slope ? mul(back, slope) : back };
        });
        if (last !== gradient) last.dispose();
        stepped.unshift({ ...layer, W: next.W, beta: next.beta });
        if ('signal' in next) signal = next.signal;
      }
      for (const { W, beta } of layers) for (const t of [W, beta]) t.dispose();
      layers = stepped;
      forget();
    },

    async readParameters(): Promise<Float32Array> {
      live('readParameters');
      const now = layers;
      const parts = await Promise.all(now.flatMap(({ W, beta }) => [W.read(), beta.read()]));
      const out = new Float32Array(size);
      now.forEach(({ weights, bias }, l) => {
        out.set(parts[2 * l].data, weights);
        out.set(parts[2 * l + 1].data, bias);
      });
      return out;
    },

    dispose(): void {
      if (disposed) return;
      disposed = true;
      forget();
      for (const { W, beta } of layers) for (const t of [W, beta]) t.dispose();
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

/** The layers of a network that is a plain chain and ends in an affine map. */
function chainOf(where: string, architecture: Architecture): readonly ResolvedLayer[] {
  const layers = resolveLayers(architecture);
  const { activation } = layers[layers.length - 1];
  if (!activation) return layers;
  throw new ArgumentError({
    where,
    argument: 'architecture.layers',
    wanted: 'a dense layer at the end',
    got: `activation ${activation.name}`,
    fix: 'append a dense layer',
  });
}

function place(backend: Backend, entries: FloatArray, shape: readonly number[]): Tensor {
  return tensor(entries, { backend, dtype: 'float32', shape });
}
