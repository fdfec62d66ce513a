import {
  type Backend,
  type ChainRule,
  type FloatArray,
  matmul,
  reduce,
  type Tensor,
  tensor,
} from '@sntk/linalg';
import { checkChainAverages } from '@sntk/linalg/extending';
import { type DeviceParameter, stepOnDevice } from './device-rule.ts';
import type { ParameterBlock, Plan } from './plan.ts';

/** A dense layer on a device: `W` `[outputs, inputs]` and `β` `[1, outputs]`. */
export interface DeviceLayer {
  readonly block: ParameterBlock;
  readonly W: DeviceParameter;
  readonly beta: DeviceParameter;
}

/** Puts flat parameters on a device, with a rule's averages: zeros unless given. */
export function placeLayers(
  plan: Plan,
  theta: FloatArray,
  options: {
    readonly backend: Backend;
    readonly rule: ChainRule;
    readonly averages?: readonly FloatArray[] | undefined;
  },
): readonly DeviceLayer[] {
  const { backend, rule } = options;
  const averages = checkChainAverages(options.averages, rule, Float32Array.from(theta));
  return plan.blocks.map((block) => {
    const place = (start: number, shape: readonly [number, number]): DeviceParameter => {
      const part = (all: FloatArray): Tensor =>
        tensor(all.subarray(start, start + shape[0] * shape[1]), { backend, dtype: 'float32', shape });
      return { value: part(theta), averages: averages.map(part) };
    };
    const { weights, bias, inputs, outputs } = block;
    return { block, W: place(weights, [outputs, inputs]), beta: place(bias, [1, outputs]) };
  });
}

/** A layer after a step of a rule, for `signal` `[N, outputs]` = ∂loss/∂h at `input` `[N, inputs]`. */
export function stepLayer(
  { block, W, beta }: DeviceLayer,
  options: {
    readonly input: Tensor;
    readonly signal: Tensor;
    readonly rule: ChainRule;
    readonly steps: number;
    readonly rate: number;
  },
): DeviceLayer {
  const { input, signal, rule, steps, rate } = options;
  const { weightScale, biasScale } = block;
  const dW = matmul(signal, input, { transposeA: true });
  return {
    block,
    W: stepOnDevice(rule, W, dW, { scale: weightScale, steps, rate }),
    // A bias that is not in the function stays as it is, whatever the rule.
    beta:
      biasScale === 0
        ? beta
        : stepOnDevice(rule, beta, reduce('sum', signal, 0), { scale: biasScale, steps, rate }),
  };
}

export function tensorsOf({ W, beta }: DeviceLayer): readonly Tensor[] {
  return [W.value, ...W.averages, beta.value, ...beta.averages];
}

/** Reads a tensor of each parameter, in the order of the flat vector. */
export async function gather(
  layers: readonly DeviceLayer[],
  size: number,
  pick: (parameter: DeviceParameter) => Tensor,
): Promise<Float32Array> {
  const parts = await Promise.all(layers.flatMap(({ W, beta }) => [pick(W).read(), pick(beta).read()]));
  const out = new Float32Array(size);
  layers.forEach(({ block: { weights, bias } }, l) => {
    out.set(parts[2 * l].data, weights);
    out.set(parts[2 * l + 1].data, bias);
  });
  return out;
}
