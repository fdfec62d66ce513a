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
  /** 0 leaves the bias out of the function; its parameters then stay as they are. */
  readonly biasScale: number;
  readonly activation?: ChainActivation;
}

export interface DenseChainRequest {
  readonly layers: readonly ChainLayer[];
  /** For each layer in turn `W` row-major `[outputs, inputs]`, then `β` `[outputs]`. Copied. */
  readonly parameters: Float32Array;
  /** The most rows that one `forward` may have. */
  readonly maxRows: number;
}

/** A chain of affine maps and activations whose parameters stay where the backend computes. An owned resource. */
export interface DenseChain {
  /** Outputs `[rows, outputs of the last layer]` for inputs `x` `[rows, inputs of the first]`; remembers the pass. */
  forward(x: FloatArray, rows: number): FloatArray;
  /**
   * One gradient step `θ ← θ − rate · Σ_rows (∂f/∂θ)ᵀ gradient`, for `gradient` `[rows, outputs]` = ∂loss/∂f at
   * the rows of the last `forward`. Arrays are of the parameters' format, float32 for a backend's fused chain.
   */
  descend(gradient: FloatArray, rate: number): void;
  /** A copy of the parameters, in the layout of the request. */
  readParameters(): FloatArray;
  dispose(): void;
}

/** The ReLU NNGP and NTK recursion on a block of pairs, float64. */
export interface ReluRecursionRequest {
  readonly rows: number;
  readonly columns: number;
  /** First-layer NNGP of the pairs, `[rows, columns]`. Not changed. */
  readonly firstNngp: Float64Array;
  /** Per activation, the NNGP variances that enter it: `[layers, rows]` and `[layers, columns]`. */
  readonly rowVariances: Float64Array;
  readonly columnVariances: Float64Array;
  /** σ_w² and σ_b² of the affine layer after each activation. */
  readonly weightVariances: readonly number[];
  readonly biasVariances: readonly number[];
  /** Where the results go, `[rows, columns]`. */
  readonly nngp: Float64Array;
  readonly ntk: Float64Array;
}

/** Fast paths a backend may have. A missing one is replaced by the plain composition. */
export interface FusedKernels {
  readonly denseChain?: (request: DenseChainRequest) => DenseChain;
  readonly reluRecursion?: (request: ReluRecursionRequest) => void;
}
