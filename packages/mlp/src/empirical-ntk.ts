import type { Architecture } from '@sntk/architecture';
import { ArgumentError, checkChoice, checkInteger } from '@sntk/errors';
import type { FloatArray, Tensor } from '@sntk/linalg';
import { mirrorLower } from '@sntk/linalg/extending';
import { tensorLike } from './jet.ts';
import { NTK_METHODS, type NtkMethod, type OutputPair } from './ntk-methods.ts';
import type { DropoutOption } from './pass.ts';
import { planOf } from './plan.ts';

export interface EmpiricalNtkOptions extends DropoutOption {
  readonly X: Tensor;
  /** Other points; `X` itself unless told. */
  readonly Z?: Tensor;
  /**
   * Which blocks of outputs: a pair, `[N, M]`, `[0, 0]` unless told; `trace`, the sum of the blocks `[o, o]`, `[N, M]`
   * (`O` times what the analytic kernel is compared with); `diagonal`, those blocks, `[N, M, O]`; `full`, `[N, M, O, O]`.
   */
  readonly outputs?: OutputPair | 'trace' | 'diagonal' | 'full';
  /**
   * `layerwise`, MATH (8), unless told: two products `[N, n] · [n, M]` a layer. The other two are checks on it: `jacobian` contracts
   * the Jacobian, which it writes out; `products` takes `J(X) (J(Z)ᵀ e)` for every unit vector `e`. All agree to rounding.
   */
  readonly method?: NtkMethod;
}

/**
 * The tangent kernel of a finite network, `Θ̂(x, z) = Σ_p ∂_p f(x) ∂_p f(z)`, MATH (7), `[N, M]` for a pair of outputs.
 *
 * Unless told, computed layer by layer without the Jacobian, MATH (8). `X` against itself is symmetric to the last bit. With
 * `dropout`, points of `X` and of `Z` have masks of their own.
 *
 * Source: Jacot, Gabriel and Hongler, "Neural Tangent Kernel"; the contraction as in Novak, Sohl-Dickstein and
 * Schoenholz, "Fast Finite Width Neural Tangent Kernel".
 *
 * @throws ArgumentError when points or outputs do not fit the architecture, or a Jacobian is too large.
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
  const { X, Z, outputs = [0, 0], method = 'layerwise', dropout } = options;
  checkChoice('empiricalNtk', 'options.method', method, Object.keys(NTK_METHODS) as NtkMethod[]);
  const plan = planOf(architecture);
  const pairs = pairsOf(outputs, plan.outputs, Z === undefined);
  const blocks = NTK_METHODS[method](architecture, theta, { X, Z, pairs, dropout });
  const [N, M, O] = [X.shape[0], (Z ?? X).shape[0], plan.outputs];
  if (!Z) {
    pairs.forEach(([o, p], at) => {
      if (o === p) mirrorLower(N, blocks[at]);
    });
  }
  const { kernel, shape } = arrange(blocks, pairs, { outputs, N, M, O });
  return tensorLike(X, kernel, shape);
}

/** The blocks to compute. Of a full symmetric kernel, the block `[p, o]` is the transpose of `[o, p]`. */
function pairsOf(
  outputs: OutputPair | 'trace' | 'diagonal' | 'full',
  O: number,
  symmetric: boolean,
): readonly OutputPair[] {
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
  const pairs: OutputPair[] = [];
  for (let o = 0; o < O; o++) {
    if (outputs !== 'full') pairs.push([o, o]);
    else for (let p = symmetric ? o : 0; p < O; p++) pairs.push([o, p]);
  }
  return pairs;
}

function arrange(
  blocks: readonly Float64Array[],
  pairs: readonly OutputPair[],
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
