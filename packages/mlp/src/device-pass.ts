import { UnavailableError } from '@sntk/errors';
import { add, matmul, mul, reduce, sub, type Tensor, tensor, unary } from '@sntk/linalg';
import type { Rng } from '@sntk/random';
import type { DeviceLayer } from './device-layers.ts';
import { mergeOnDevice } from './device-merge.ts';
import type { DevicePlan } from './device-plan.ts';
import type { Step } from './plan.ts';
import { dropoutMask } from './steps/dropout.ts';

/** Told the input of each dense layer and `∂loss/∂h` at its output, on the way back. */
export type OnDense = (layer: number, input: Tensor, signal: Tensor) => void;

/** Takes `∂loss/∂output` to `∂loss/∂input`, where parameters come before. */
type Pull = (signal: Tensor, onDense: OnDense) => Tensor | undefined;

interface Applied {
  readonly output: Tensor;
  readonly pull: Pull;
}

export interface DevicePass extends Applied {
  /** What `pull` needs beside parameters: tensors of this pass, and `X`. */
  readonly kept: ReadonlySet<Tensor>;
}

/** Runs the network on `X` `[N, d]` by operations on tensors, in a `scope` that returns the output and what is kept. */
export function runOnDevice(
  { plan, activations, selections }: DevicePlan,
  X: Tensor,
  options: { readonly layers: readonly DeviceLayer[]; readonly dropout: Rng | undefined },
): DevicePass {
  const { layers, dropout } = options;
  const kept = new Set<Tensor>();
  const keep = (t: Tensor): Tensor => {
    kept.add(t);
    return t;
  };

  const apply = (step: Step, input: Tensor): Applied => {
    switch (step.kind) {
      case 'dense': {
        const { block, W, beta } = layers[step.block];
        keep(input);
        const h = mul(matmul(input, W.value, { transposeB: true }), block.weightScale);
        return {
          output: block.biasScale === 0 ? h : add(h, mul(beta.value, block.biasScale)),
          pull(signal, onDense) {
            onDense(step.block, input, signal);
            return step.leaf ? undefined : mul(matmul(signal, W.value), block.weightScale);
          },
        };
      }
      case 'activation': {
        const known = activations.get(step.activation);
        if (!known) return same(input);
        keep(input);
        return { output: known.value(input), pull: (signal) => mul(signal, known.derivative(input)) };
      }
      case 'layerNorm':
        return normalize(step.epsilon, input, keep);
      case 'dropout': {
        if (!dropout) return same(input);
        const { backend, shape } = input;
        const entries = new Float32Array(shape[0] * shape[1]);
        dropoutMask(step.keep, dropout.split(step.index), entries);
        const mask = keep(tensor(entries, { backend, shape }));
        return { output: mul(mask, input), pull: (signal) => mul(mask, signal) };
      }
      case 'windows':
      case 'pooling':
      case 'sites':
        throw new UnavailableError('deviceChain', `devices have no step ${step.kind}`);
      case 'branches': {
        const applied = step.branches.map((branch) => series(branch, input));
        const outputs = applied.map(({ output }) => output);
        if (step.merge === 'product') outputs.forEach(keep);
        const { output, share } = mergeOnDevice(step.merge, outputs, selections.get(step));
        return {
          output,
          pull(signal, onDense) {
            const below = applied.map(({ pull }, i) => pull(share(signal, i), onDense));
            return below.reduce((a, b) => (a && b ? add(a, b) : (a ?? b)));
          },
        };
      }
    }
  };
  const series = (steps: readonly Step[], input: Tensor): Applied => {
    const pulls: Pull[] = [];
    let output = input;
    for (const step of steps) {
      const applied = apply(step, output);
      pulls.push(applied.pull);
      output = applied.output;
    }
    return {
      output,
      pull: (signal, onDense) =>
        pulls.reduceRight<Tensor | undefined>((below, pull) => below && pull(below, onDense), signal),
    };
  };
  return { ...series(plan.steps, X), kept };
}

function same(input: Tensor): Applied {
  return { output: input, pull: (signal) => signal };
}

/** `y = c x` with `c = (|x|²/n + ε)^{−1/2}` of each row; back `δ_x = c δ − c³ x (x·δ)/n`. */
function normalize(epsilon: number, x: Tensor, keep: (t: Tensor) => Tensor): Applied {
  const n = x.shape[1];
  keep(x);
  const square = mul(reduce('sum', unary('square', x), 1), 1 / n);
  const c = keep(unary('reciprocal', unary('sqrt', add(square, epsilon))));
  return {
    output: mul(x, c),
    pull(signal) {
      const overlap = mul(reduce('sum', mul(x, signal), 1), 1 / n);
      // c (δ − c² x (x·δ)/n): c³ would overflow first.
      return mul(sub(signal, mul(x, mul(unary('square', c), overlap))), c);
    },
  };
}
