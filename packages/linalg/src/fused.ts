import type { FloatArray } from './tensor.ts';

/** An elementwise function and its derivative, for fused chains. */
export interface ChainActivation {
  /** A backend may have its own kernel for a name it knows (`relu`); others are called back. */
  readonly name: string;
  value(h: number): number;
  derivative(h: number): number;
}

/** One affine map `h = weightScale · W a + biasScale · β`, followed by an activation except on the last. */
export interface ChainLayer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weightScale: number;
  /** 0 leaves the bias out of the function; its parameters then stay as they are, whatever the rule. */
  readonly biasScale: number;
  readonly activation?: ChainActivation;
}

/** What a chain makes of a gradient `g` at the rate η, entry by entry, after `k` steps before. */
export type ChainRule =
  /** `v ← μ v + g + λ θ`, `θ ← θ − η v`, or with `nesterov` `θ ← θ − η (g + λ θ + μ v)`. One average unless μ is 0. */
  | {
      readonly kind: 'sgd';
      readonly momentum: number;
      readonly nesterov: boolean;
      readonly weightDecay: number;
    }
  /**
   * `m ← β₁ m + (1 − β₁) g`, `v ← β₂ v + (1 − β₂) g²`,
   * `θ ← θ − η m/(1 − β₁ᵏ⁺¹) / (√(v/(1 − β₂ᵏ⁺¹)) + ε) − η λ θ`. Two averages.
   */
  | {
      readonly kind: 'adam';
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number;
      readonly weightDecay: number;
    };

export interface DenseChainRequest {
  readonly layers: readonly ChainLayer[];
  /** For each layer in turn `W` row-major `[outputs, inputs]`, then `β` `[outputs]`. Copied. */
  readonly parameters: FloatArray;
  /** The most rows that one `forward` may have. */
  readonly maxRows: number;
  /** What `descend` does with a gradient; `θ ← θ − η g` unless told. */
  readonly rule?: ChainRule;
  /** The rule's averages, each in the layout and format of `parameters`, to go on from; zeros unless told. Copied. */
  readonly averages?: readonly FloatArray[];
  /** Steps taken before, which Adam corrects its averages by; 0 unless told. */
  readonly steps?: number;
}

/** A chain of affine maps and activations whose parameters stay where the backend computes. An owned resource. */
export interface DenseChain {
  /** Outputs `[rows, outputs of the last layer]` for inputs `x` `[rows, inputs of the first]`; remembers the pass. */
  forward(x: FloatArray, rows: number): FloatArray;
  /**
   * One step of the request's rule for the gradient `g = Σ_rows (∂f/∂θ)ᵀ gradient`, `θ ← θ − rate · g` unless told, for
   * `gradient` `[rows, outputs]` = ∂loss/∂f at the rows of the last `forward`. Arrays are of the parameters' format. A chain whose
   * step an error broke off half-way may refuse everything afterwards, rather than show parameters that are changed in part.
   */
  descend(gradient: FloatArray, rate: number): void;
  /** A copy of the parameters, in the layout of the request. */
  readParameters(): FloatArray;
  /** Copies of the rule's averages, in the layout of the request. */
  readAverages(): readonly FloatArray[];
  dispose(): void;
}

/** Pairs whose angles are lost to rounding in plain float64 formulas, and who computes them instead. */
export interface NearPairs {
  /** Pairs are near whose cosine is below `-cosine` before the first activation, or above `cosine` at the output. */
  readonly cosine: number;
  /** NNGP variances at the output, `[rows]` and `[columns]`. */
  readonly rowVariances: Float64Array;
  readonly columnVariances: Float64Array;
  /** Both kernels of a near pair. */
  pair(row: number, column: number): { readonly nngp: number; readonly ntk: number };
}

/** The ReLU NNGP and NTK recursion on a block of pairs, float64. */
export interface ReluRecursionRequest {
  readonly rows: number;
  readonly columns: number;
  /** First-layer NNGP of the pairs, `[rows, columns]`. Not changed, unless it is the same array as `nngp`. */
  readonly firstNngp: Float64Array;
  /** Makes `weight · entry + bias` of the entries of `firstNngp` before they count as that; as they are unless told. */
  readonly firstLayer?: { readonly weight: number; readonly bias: number };
  /** Per activation, the NNGP variances that enter it: `[layers, rows]` and `[layers, columns]`. */
  readonly rowVariances: Float64Array;
  readonly columnVariances: Float64Array;
  /** σ_w² and σ_b² of the affine layer after each activation. */
  readonly weightVariances: readonly number[];
  readonly biasVariances: readonly number[];
  /** None is treated apart unless told. */
  readonly near?: NearPairs;
  /**
   * Of points with themselves, as many rows as columns: what is below the diagonal is read and computed, what is above
   * becomes its mirror image, and the diagonal of the results is left as it is.
   */
  readonly mirrored?: boolean;
  /** Where the results go, `[rows, columns]`. */
  readonly nngp: Float64Array;
  readonly ntk: Float64Array;
}

/**
 * Paths of `a` `[N, O]`, zero at first, which a linear flow carries and noise on minibatches kicks. The residual of example
 * `i` is `Q[i, ·] · (c_0 + Λ a)`: with the eigenvectors `Q` of a kernel these are the modes of MATH (30b) and (31).
 */
export interface MinibatchPathsRequest {
  /** `N`. */
  readonly size: number;
  /** `O`. */
  readonly outputs: number;
  /** `P`. */
  readonly paths: number;
  /** `Q`, row-major `[N, N]`. Copied. */
  readonly matrix: Float64Array;
  /** The diagonal of `Λ`, `[N]`. Copied. */
  readonly values: Float64Array;
  /** `c_0`, `[N, O]`. Copied. */
  readonly start: Float64Array;
}

/** Steps that all paths take, of one flow and one size of minibatch. Nothing of it is changed or kept. */
export interface MinibatchSteps {
  readonly steps: number;
  /** `b`. */
  readonly batch: number;
  /** `E`, `[N]`, and `G`, `[N, O]`, of the flow `a ← E a − G` that a step begins with. */
  readonly kept: Float64Array;
  readonly pulled: Float64Array;
  /** The examples of each path's minibatches, `[P, steps, b]`. One may come twice. */
  readonly examples: Int32Array;
  /** `z` beside each of them: with all residuals taken before, `a ← a + Σ z r_i Q[i, ·]`, outputs sharing `z`. */
  readonly noise: Float64Array;
}

/** Paths whose coordinates stay where the backend computes. An owned resource. */
export interface MinibatchPaths {
  /**
   * Takes all paths some steps further, with the same bits however steps are cut into calls and paths into requests.
   * `meanwhile` is called once, beside the work of other threads where there are some; it must not use the backend, nor change
   * the arrays of `steps`.
   *
   * @returns the first path whose kicks stopped being finite, and the step of this call where they did
   */
  advance(
    steps: MinibatchSteps,
    meanwhile?: () => void,
  ): { readonly path: number; readonly step: number } | undefined;
  /** A copy of `a`, `[N, O, P]`. */
  read(): Float64Array;
  dispose(): void;
}

/** Fast paths a backend may have. A missing one is replaced by the plain composition. */
export interface FusedKernels {
  /** In the number formats of the backend's `dtypes`. */
  readonly denseChain?: (request: DenseChainRequest) => DenseChain;
  readonly reluRecursion?: (request: ReluRecursionRequest) => void;
  readonly minibatchPaths?: (request: MinibatchPathsRequest) => MinibatchPaths;
}
