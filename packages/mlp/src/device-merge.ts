import type { Merge } from '@sntk/architecture';
import { add, matmul, mul, type Tensor } from '@sntk/linalg';

/** What branches made of one input, and the part of a signal that belongs to a branch. */
interface Merged {
  readonly output: Tensor;
  readonly share: (signal: Tensor, branch: number) => Tensor;
}

/** Puts the outputs of branches together, concatenations by the matrices of a `DevicePlan`. */
export function mergeOnDevice(
  merge: Merge,
  outputs: readonly Tensor[],
  selections: readonly Tensor[] = [],
): Merged {
  switch (merge) {
    case 'sum':
      return { output: outputs.reduce((a, b) => add(a, b)), share: (signal) => signal };
    case 'product':
      return {
        output: outputs.reduce((a, b) => mul(a, b)),
        share: (signal, branch) =>
          outputs.reduce((all, output, i) => (i === branch ? all : mul(all, output)), signal),
      };
    case 'concatenate': {
      const spread = outputs.map((output, i) => matmul(output, selections[i], { transposeB: true }));
      return {
        output: spread.reduce((a, b) => add(a, b)),
        share: (signal, branch) => matmul(signal, selections[branch]),
      };
    }
  }
}
