import type { Architecture } from '@sntk/architecture';
import { ArgumentError, checkChoice, checkInteger } from '@sntk/errors';
import { type FloatArray, matmul, type Tensor, tensor, toArray } from '@sntk/linalg';
import { backwardSignals, pickOutput } from './backward.ts';
import { forwardPass } from './forward.ts';
import type { ParameterBlock } from './layout.ts';

export interface EmpiricalNtkOptions {
  readonly X: Tensor;
  /** Other points; `X` itself unless told. */
  readonly Z?: Tensor;
  /**
   * Which blocks of outputs: a pair, `[N, M]`, `[0, 0]` unless told; `trace`, the sum of the blocks `[o, o]`, `[N, M]`
   * (`O` times what the analytic kernel is compared with); `diagonal`, those blocks, `[N, M, O]`; `full`, `[N, M, O, O]`.
   */
  readonly outputs?: readonly [number, number] | 'trace' | 'diagonal' | 'full';
}

/**
 * The tangent kernel of a finite network, `Θ̂(x, z) = Σ_p ∂_p f(x) ∂_p f(z)`, MATH (7), `[N, M]` for a pair of outputs.
 *
 * Computed layer by layer without the Jacobian, MATH (8): two products `[N, n] · [n, M]` for each layer. `X` against
 * itself is symmetric to the last bit.
 *
 * Source: Jacot, Gabriel and Hongler, "Neural Tangent Kernel"; the contraction as in Novak, Sohl-Dickstein and
 * Schoenholz, "Fast Finite Width Neural Tangent Kernel".
 *
 * @throws ArgumentError when points or outputs do not fit the architecture.
 * @example
 * ```ts
 * import { fullyConnected } from '@sntk/architecture';
 * import { ndarrayBackend, tensor } from '@sntk/linalg';
 * import { empiricalNtk, initialize } from '@sntk/mlp';
 * import { createRng } from '@sntk/random';
 *
 * const network = fullyConnected({ inputs: 2, hidden: [256, 256] });
 * const theta = initialize(network, { rng: createRng(1) });
 * const X = tensor([[1, 0], [0, 1]], { backend: ndarrayBackend() });
 * console.log(empiricalNtk(network, theta, { X }).shape); // [2, 2]
 * ```
 */
export function empiricalNtk(
  architecture: Architecture,
  theta: FloatArray,
  options: EmpiricalNtkOptions,
): Tensor {
  const { X, Z, outputs = [0, 0] } = options;
  const passX = forwardPass(architecture, theta, X);
  const passZ = Z ? forwardPass(architecture, theta, Z) : passX;
  const O = passX.blocks.at(-1)!.outputs;
  const pairs = pairsOf(outputs, O, Z === undefined);
  const signalsX = Array.from({ length: O }, (_, o) =>
    pairs.some(([left]) => left === o) ? backwardSignals(passX, pickOutput(X, O, o)) : [],
  );
  const signalsZ = Array.from({ length: O }, (_, o) => {
    if (!Z && signalsX[o].length > 0) return signalsX[o];
    return pairs.some(([, right]) => right === o) ? backwardSignals(passZ, pickOutput(Z ?? X, O, o)) : [];
  });
  const N = X.shape[0];
  const M = (Z ?? X).shape[0];
  const blocks = pairs.map(() => new Float64Array(N * M));
  passX.blocks.forEach((_, l) => {
    const products = toArray(matmul(passX.inputs[l], passZ.inputs[l], { transposeB: true }));
    pairs.forEach(([o, p], at) => {
      addLayer(blocks[at], passX.blocks[l], products, { left: signalsX[o][l], right: signalsZ[p][l] });
    });
  });
  if (!Z) {
    pairs.forEach(([o, p], at) => {
      if (o === p) mirror(blocks[at], N);
    });
  }
  const { kernel, shape } = arrange(blocks, pairs, { outputs, N, M, O });
  return tensor(kernel, { backend: X.backend, dtype: X.dtype, shape });
}

type Pair = readonly [number, number];

/** The blocks to compute. Of a full symmetric kernel, the block `[p, o]` is the transpose of `[o, p]`. */
function pairsOf(
  outputs: Pair | 'trace' | 'diagonal' | 'full',
  O: number,
  symmetric: boolean,
): readonly Pair[] {
  if (typeof outputs !== 'string') {
    for (const output of outputs) {
      checkInteger('empiricalNtk', 'options.outputs', output);
      if (output >= O) {
        throw new ArgumentError({
          where: 'empiricalNtk',
          argument: 'options.outputs',
          wanted: `outputs below ${O}`,
          got: [...outputs],
        });
      }
    }
    return [outputs];
  }
  checkChoice('empiricalNtk', 'options.outputs', outputs, ['trace', 'diagonal', 'full']);
  const pairs: Pair[] = [];
  for (let o = 0; o < O; o++) {
    if (outputs !== 'full') pairs.push([o, o]);
    else for (let p = symmetric ? o : 0; p < O; p++) pairs.push([o, p]);
  }
  return pairs;
}

function arrange(
  blocks: readonly Float64Array[],
  pairs: readonly Pair[],
  at: { outputs: EmpiricalNtkOptions['outputs']; N: number; M: number; O: number },
): { kernel: Float64Array; shape: readonly number[] } {
  const { outputs, N, M, O } = at;
  if (outputs === 'trace') {
    const kernel = new Float64Array(N * M);
    for (const block of blocks) for (let i = 0; i < kernel.length; i++) kernel[i] += block[i];
    return { kernel, shape: [N, M] };
  }
  if (outputs === 'diagonal') {
    const kernel = new Float64Array(N * M * O);
    blocks.forEach((block, o) => {
      for (let i = 0; i < block.length; i++) kernel[i * O + o] = block[i];
    });
    return { kernel, shape: [N, M, O] };
  }
  if (outputs !== 'full') return { kernel: blocks[0], shape: [N, M] };
  const kernel = new Float64Array(N * M * O * O);
  const mirrored = pairs.length < O * O;
  pairs.forEach(([o, p], b) => {
    for (let i = 0; i < N; i++) {
      for (let j = 0; j < M; j++) {
        const value = blocks[b][i * M + j];
        kernel[((i * M + j) * O + o) * O + p] = value;
        if (mirrored && o !== p) kernel[((j * M + i) * O + p) * O + o] = value;
      }
    }
  });
  return { kernel, shape: [N, M, O, O] };
}

function addLayer(
  kernel: Float64Array,
  block: ParameterBlock,
  products: FloatArray,
  signals: { left: Tensor; right: Tensor },
): void {
  const overlaps = toArray(matmul(signals.left, signals.right, { transposeB: true }));
  const w = block.weightScale * block.weightScale;
  const b = block.biasScale * block.biasScale;
  for (let i = 0; i < kernel.length; i++) kernel[i] += (w * products[i] + b) * overlaps[i];
}

function mirror(a: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) a[j * n + i] = a[i * n + j];
}
