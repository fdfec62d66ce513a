import {
  type ActivationDual,
  type Architecture,
  checkLayer,
  type DenseLayer,
  type Layer,
  type Merge,
  resolveDense,
} from '@sntk/architecture';
import { ArgumentError, checkInteger, UnavailableError } from '@sntk/errors';

/** A dense layer's factors in the recursions, MATH (3)–(6). */
export interface DenseStep {
  readonly kind: 'dense';
  readonly weightVariance: number;
  readonly biasVariance: number;
  /** What the layer's own weights add to Θ for each unit of its inputs' second moment: `weightScale² n_in`. */
  readonly weightGain: number;
  /** What its own biases add: `biasScale²`. */
  readonly biasGain: number;
  /** Whether the two gains are the variances themselves, and move with them: parameterization 'ntk'. */
  readonly gainsAreVariances: boolean;
}

/** One step of the recursions. */
export type Step =
  | DenseStep
  | { readonly kind: 'dual'; readonly dual: ActivationDual }
  | { readonly kind: 'norm'; readonly epsilon: number }
  | { readonly kind: 'dropout'; readonly keep: number }
  | {
      readonly kind: 'branches';
      readonly merge: Merge;
      readonly branches: readonly (readonly Step[])[];
      /** Each branch's share of the merged units; 1 unless concatenated. */
      readonly shares: readonly number[];
    };

/** What is known of the units at a place in the network. */
interface Status {
  readonly width: number;
  /** Jointly Gaussian over units and points: what an activation's expectations are taken over. */
  readonly gaussian: boolean;
  /** Up to this nesting of branches, weights of this branch's own make it uncorrelated to its siblings. */
  readonly fresh: number;
}

interface Built {
  readonly steps: readonly Step[];
  readonly status: Status;
}

/**
 * Turns an architecture into steps, and refuses what has no kernel: activations and normalization of units that are
 * not Gaussian, and sums and products of branches that are correlated.
 */
export function planOf(architecture: Architecture, where: string): readonly Step[] {
  const inputs = checkInteger(where, 'architecture.inputs', architecture.inputs, 1);
  const status = { width: inputs, gaussian: false, fresh: 0 };
  const { steps } = series(architecture.layers, status, { where, path: 'architecture.layers', level: 0 });
  if (!steps.some(hasDense)) {
    throw new ArgumentError({
      where,
      argument: 'architecture.layers',
      wanted: 'at least one dense layer',
      got: 'none',
    });
  }
  return steps;
}

function hasDense(step: Step): boolean {
  return step.kind === 'dense' || (step.kind === 'branches' && step.branches.some((b) => b.some(hasDense)));
}

/** Where in the architecture a layer stands: for messages, who asks and its path; and how many branches it is in. */
interface Place {
  readonly where: string;
  readonly path: string;
  readonly level: number;
}

function series(layers: readonly Layer[], start: Status, place: Place): Built {
  const steps: Step[] = [];
  let status = start;
  layers.forEach((layer, i) => {
    const built = build(layer, status, { ...place, path: `${place.path}[${i}]` });
    steps.push(...built.steps);
    status = built.status;
  });
  return { steps, status };
}

function build(layer: Layer, status: Status, place: Place): Built {
  checkLayer(place.where, place.path, layer);
  switch (layer.kind) {
    case 'identity':
      return { steps: [], status };
    case 'serial':
      return series(layer.layers, status, { ...place, path: `${place.path}.layers` });
    case 'dense':
      return {
        steps: [denseStep(layer, status.width)],
        status: { width: layer.outputs, gaussian: true, fresh: place.level },
      };
    case 'activation': {
      needGaussian(status, place, `an activation (${layer.activation.name})`);
      const { dual, name } = layer.activation;
      if (!dual) {
        throw new UnavailableError(
          place.where,
          `activation ${name} (${place.path}) has no Gaussian moments; withQuadrature(activation, { kinks }) of @sntk/architecture/activations gives them to any φ that is analytic between its kinks, as to tanh, sigmoid, softplus, silu, elu and selu, or set activation.dual to closed forms`,
        );
      }
      return { steps: [{ kind: 'dual', dual }], status: { ...status, gaussian: false, fresh: 0 } };
    }
    case 'layerNorm':
      needGaussian(status, place, 'layer normalization');
      return { steps: [{ kind: 'norm', epsilon: layer.epsilon }], status };
    case 'dropout':
      return { steps: [{ kind: 'dropout', keep: layer.keep }], status: { ...status, gaussian: false } };
    case 'branches':
      return branch(layer, status, place);
  }
}

function needGaussian(status: Status, place: Place, what: string): void {
  if (status.gaussian) return;
  throw new ArgumentError({
    where: place.where,
    argument: place.path,
    wanted: 'a layer that takes any units',
    got: `${what} of units that are not Gaussian`,
    fix: 'an affine layer is missing: put a dense layer before it',
  });
}

function branch(layer: Extract<Layer, { kind: 'branches' }>, status: Status, place: Place): Built {
  const level = place.level + 1;
  const built = layer.branches.map((each, i) =>
    build(each, status, { ...place, path: `${place.path}.branches[${i}]`, level }),
  );
  const widths = built.map((each) => each.status.width);
  const joined = layer.merge === 'concatenate';
  const correlated = built.filter((each) => each.status.fresh < level).length;
  if (!joined && correlated > 1) {
    throw new ArgumentError({
      where: place.where,
      argument: place.path,
      wanted: `a ${layer.merge} with at most one branch that does not end in a dense layer of its own`,
      got: `${correlated}, which are correlated`,
      fix: 'end the others in dense layers',
    });
  }
  if (!joined && widths.some((width) => width !== widths[0])) {
    throw new ArgumentError({
      where: place.where,
      argument: place.path,
      wanted: `a ${layer.merge} of branches of one width`,
      got: widths,
    });
  }
  const width = joined ? widths.reduce((a, b) => a + b) : widths[0];
  const alone = built.length === 1;
  return {
    steps: [
      {
        kind: 'branches',
        merge: layer.merge,
        branches: built.map((each) => each.steps),
        shares: widths.map((each) => (joined ? each / width : 1)),
      },
    ],
    status: {
      width,
      // Concatenated units have several variances, products are not normal.
      gaussian: built.every((each) => each.status.gaussian) && (layer.merge === 'sum' || alone),
      fresh: Math.min(place.level, ...built.map((each) => each.status.fresh)),
    },
  };
}

function denseStep(layer: DenseLayer, inputs: number): DenseStep {
  const { weightVariance, biasVariance, parameterization } = layer;
  const { weightScale, biasScale } = resolveDense(layer, inputs);
  const ntk = parameterization === 'ntk';
  return {
    kind: 'dense',
    weightVariance,
    biasVariance,
    weightGain: ntk ? weightVariance : weightScale * weightScale * inputs,
    biasGain: ntk ? biasVariance : biasScale * biasScale,
    gainsAreVariances: ntk,
  };
}
