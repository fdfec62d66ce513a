import type { Architecture } from '@sntk/architecture';
import { ArgumentError, checkChoice, NumericalError, UnavailableError } from '@sntk/errors';
import { tensor } from '@sntk/linalg';
import type { KernelOptions, KernelPair } from './analytic-kernel.ts';
import { diagonalTangent, type Rates, type TapeTangent } from './diagonal-tangent.ts';
import { clearTangent, emptyTangent, tangentRecursion } from './pair-tangent.ts';
import { type DenseStep, planOf, type Step } from './plan.ts';
import { checkTensors, inputPair, type Points, readPoints } from './points.ts';
import { emptyState } from './state.ts';

/** A scale of a network: of all its dense layers together, or of one of them. */
export interface ScaleName {
  readonly name: 'weightVariance' | 'biasVariance';
  /** Which dense layer, counted from 0 in the order in which they stand; all of them together unless told. */
  readonly layer?: number;
}

export interface KernelGradientOptions extends KernelOptions {
  /** The scales; σ_w² and σ_b² of all layers unless told. */
  readonly withRespectTo?: readonly ScaleName[];
}

/** Both kernels and their derivatives. */
export interface KernelGradient extends KernelPair {
  /** `∂Σ/∂s` and `∂Θ/∂s` `[N, M]` for each scale asked for, in that order. */
  readonly derivatives: readonly KernelPair[];
}

/**
 * Both kernels with their derivatives by σ_w² and σ_b², per layer or shared: what a marginal likelihood's gradient needs.
 *
 * The recursions MATH (3)–(6) are differentiated exactly, with `∂T/∂c = Ṫ` and `∂T/∂q = ½ E[φ''(u) φ(v)]` (Price's theorem)
 * and the same of Ṫ. In parameterization 'ntk' the gains of Θ move with the variances; in the others they are fixed. Equal
 * points stay equal in these directions, so kinks do no harm there. For two scales a pair costs 3 to 6
 * times that of {@link analyticKernel}, and some ms a layer for activations by quadrature.
 *
 * Source: Price, "A Useful Theorem for Nonlinear Devices Having Gaussian Inputs".
 *
 * @throws ArgumentError as analyticKernel, for names of no scale and for layers that are not there.
 * @throws UnavailableError for an activation without `dual.slopes`.
 * @throws NumericalError where a derivative does not exist: a zero input at a kink when no bias is there yet.
 * @example
 * ```ts
 * import { fullyConnected } from '@sntk/architecture';
 * import { kernelGradient } from '@sntk/kernels';
 * import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
 *
 * const network = fullyConnected({ inputs: 1, hidden: [1], biasVariance: 0 });
 * const X = tensor([[1]], { backend: ndarrayBackend() });
 * const { ntk, derivatives } = kernelGradient(network, { X, withRespectTo: [{ name: 'weightVariance' }] });
 * // Θ = σ_w⁴ |x|², so dΘ/dσ_w² = 2 σ_w² |x|².
 * console.log(toArray(ntk)[0], toArray(derivatives[0].ntk)[0]); // 4 4
 * ```
 */
export function kernelGradient(architecture: Architecture, options: KernelGradientOptions): KernelGradient {
  const where = 'kernelGradient';
  const { X, Z, withRespectTo = [{ name: 'weightVariance' }, { name: 'biasVariance' }] } = options;
  checkTensors(where, X, Z);
  const steps = differentiablePlan(where, architecture);
  const reader = { where, architecture, steps };
  const x = readPoints('options.X', X, reader);
  const z = Z ? readPoints('options.Z', Z, reader) : x;
  const layers = denseSteps(steps);
  const rates = withRespectTo.map((scale, i) =>
    ratesOf(where, scale, { layers, at: `options.withRespectTo[${i}]` }),
  );
  const dx = motions(steps, x, rates);
  const dz = Z ? motions(steps, z, rates) : dx;

  const shape = [x.count, z.count];
  const blank = (): { nngp: Float64Array; ntk: Float64Array } => ({
    nngp: new Float64Array(x.count * z.count),
    ntk: new Float64Array(x.count * z.count),
  });
  const kernels = blank();
  const derivatives = rates.map(blank);
  const recursion = tangentRecursion(steps, rates);
  const [du, dv] = [dx, dz].map((all) => all.map((point) => point.map(({ variances }) => variances)));
  const state = emptyState();
  const tangents = rates.map(emptyTangent);
  const write = (at: number): void => {
    kernels.nngp[at] = state.covariance;
    kernels.ntk[at] = state.ntk;
    for (let k = 0; k < tangents.length; k++) {
      derivatives[k].nngp[at] = tangents[k].covariance;
      derivatives[k].ntk[at] = tangents[k].ntk;
    }
  };
  for (let i = 0; i < x.count; i++) {
    const u = x.tapes[i].variances;
    for (let j = 0; j < (Z ? z.count : i); j++) {
      inputPair(x, i, z, j, state);
      tangents.forEach(clearTangent);
      recursion({ state, tangents, u, v: z.tapes[j].variances, du: du[i], dv: dv[j] });
      write(i * z.count + j);
      if (!Z) write(j * x.count + i);
    }
    if (Z) continue;
    const at = i * x.count + i;
    [kernels.nngp[at], kernels.ntk[at]] = [x.tapes[i].nngp, x.tapes[i].ntk];
    dx[i].forEach(({ nngp, ntk }, k) => {
      [derivatives[k].nngp[at], derivatives[k].ntk[at]] = [nngp, ntk];
    });
  }
  for (const { nngp, ntk } of derivatives) {
    for (const values of [nngp, ntk]) {
      checkDerivatives(where, values, { columns: z.count, what: 'the derivative of entry' });
    }
  }
  const wrap = (each: { readonly nngp: Float64Array; readonly ntk: Float64Array }): KernelPair => ({
    nngp: tensor(each.nngp, { backend: X.backend, shape }),
    ntk: tensor(each.ntk, { backend: X.backend, shape }),
  });
  return { ...wrap(kernels), derivatives: derivatives.map(wrap) };
}

/** The steps of an architecture, all of whose activations can be differentiated once more. */
export function differentiablePlan(where: string, architecture: Architecture): readonly Step[] {
  const steps = planOf(architecture, where);
  const check = (plan: readonly Step[]): void => {
    for (const step of plan) {
      if (step.kind === 'branches') step.branches.forEach(check);
      if (step.kind === 'dual' && !step.dual.slopes) {
        throw new UnavailableError(
          where,
          'an activation has no dual.slopes, the derivatives of its moments; give it some, or wrap a continuous φ with kinks at 0 at most in withQuadrature',
        );
      }
    }
  };
  check(steps);
  return steps;
}

/** Throws where a derivative is not a number, naming its place in a matrix of so many columns. */
export function checkDerivatives(
  where: string,
  values: Float64Array,
  { columns, what }: { readonly columns: number; readonly what: string },
): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  const [i, j] = [Math.floor(at / columns), at % columns];
  throw new NumericalError({
    where,
    found: `${what} (${i}, ${j}) is ${values[at]}`,
    fix: 'a variance of 0 has no derivative at a kink: leave out zero inputs, or give the first layer a bias',
    details: { row: i, column: j },
  });
}

function denseSteps(steps: readonly Step[]): readonly DenseStep[] {
  return steps.flatMap((step) => {
    if (step.kind === 'dense') return [step];
    return step.kind === 'branches' ? step.branches.flatMap(denseSteps) : [];
  });
}

function ratesOf(
  where: string,
  scale: ScaleName,
  { layers, at }: { readonly layers: readonly DenseStep[]; readonly at: string },
): Rates {
  checkChoice(where, `${at}.name`, scale.name, ['weightVariance', 'biasVariance'] as const);
  const { layer } = scale;
  if (layer !== undefined && !layers[layer]) {
    throw new ArgumentError({
      where,
      argument: `${at}.layer`,
      wanted: `one of the dense layers 0 to ${layers.length - 1}`,
      got: layer,
    });
  }
  const rateOf = ({ carriesBias }: DenseStep): { readonly weight: number; readonly bias: number } => ({
    weight: scale.name === 'weightVariance' ? 1 : 0,
    bias: scale.name === 'biasVariance' && carriesBias ? 1 : 0,
  });
  return new Map((layer === undefined ? layers : [layers[layer]]).map((step) => [step, rateOf(step)]));
}

/** How the points' variances move, for each point in each direction. */
function motions(steps: readonly Step[], points: Points, rates: readonly Rates[]): readonly TapeTangent[][] {
  return Array.from(points.moments, (input) =>
    rates.map((rate) => diagonalTangent(steps, { input, seed: 0 }, rate)),
  );
}
