import {
  type ActivationDual,
  type Architecture,
  checkLayer,
  type DenseLayer,
  type Layer,
  type Merge,
  resolveDense,
} from '@sntk/architecture';
import { everySite, slideWindow, type Taps } from '@sntk/architecture/extending';
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
  /** Whether σ_b² acts at all: not where the layer's own `biasScale` is 0. */
  readonly carriesBias: boolean;
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

/** One step of the recursions over images. */
export type ImageStep =
  | Exclude<Step, { readonly kind: 'branches' }>
  | SpatialStep
  | (Omit<Extract<Step, { readonly kind: 'branches' }>, 'branches'> & {
      readonly branches: readonly (readonly ImageStep[])[];
    });

/** A step that takes units from site to site of an image. */
export type SpatialStep =
  /** A dense layer over windows: a convolution, or flattening, which has no weights of its own. */
  | { readonly kind: 'windows'; readonly taps: Taps; readonly affine: Affine }
  /** Sums over windows, times a scale. */
  | { readonly kind: 'pooling'; readonly taps: Taps; readonly scale: number };

/** The factors of a dense layer. */
export type Affine = Pick<DenseStep, 'weightVariance' | 'biasVariance' | 'weightGain' | 'biasGain'>;

/** What is known of the units at a place in the network. */
interface Status {
  readonly width: number;
  /** Sizes of the spatial axes; none for flat units. */
  readonly spatial: readonly number[];
  /** Jointly Gaussian over units and points: what an activation's expectations are taken over. */
  readonly gaussian: boolean;
  /** Up to this nesting of branches, weights of this branch's own make it uncorrelated to its siblings. */
  readonly fresh: number;
}

interface Built {
  readonly steps: readonly ImageStep[];
  readonly status: Status;
}

/**
 * Turns an architecture into steps, and refuses what has no kernel: activations and normalization of units that are
 * not Gaussian, and sums and products of branches that are correlated.
 */
export function planOf(architecture: Architecture, where: string): readonly Step[] {
  if (architecture.inputShape) {
    throw new ArgumentError({
      where,
      argument: 'architecture.inputShape',
      wanted: 'absent here: this takes networks of flat inputs',
      got: architecture.inputShape,
      fix: 'images are for analyticKernel, kernelDiagonals and kernelBlocks',
    });
  }
  // Layers over sites have refused flat units.
  const width = checkInteger(where, 'architecture.inputs', architecture.inputs, 1);
  return planned(architecture, { where, width, spatial: [] }).steps as readonly Step[];
}

/** The steps of a network of images, which has to end in flat units. Refuses as {@link planOf}. */
export function spatialPlanOf(
  architecture: Architecture,
  shape: readonly number[],
  where: string,
): readonly ImageStep[] {
  const { steps, status } = planned(architecture, {
    where,
    width: shape[shape.length - 1],
    spatial: shape.slice(0, -1),
  });
  if (status.spatial.length > 0) {
    throw new ArgumentError({
      where,
      argument: 'architecture.layers',
      wanted: 'a network that ends in units without spatial axes',
      got: `${status.spatial.join(' × ')} sites`,
      fix: 'end it with flatten or globalPooling, and a dense layer',
    });
  }
  return steps;
}

function planned(
  architecture: Architecture,
  start: { readonly where: string; readonly width: number; readonly spatial: readonly number[] },
): Built {
  const { where, width, spatial } = start;
  const status = { width, spatial, gaussian: false, fresh: 0 };
  const built = series(architecture.layers, status, { where, path: 'architecture.layers', level: 0 });
  if (!built.steps.some(hasDense)) {
    throw new ArgumentError({
      where,
      argument: 'architecture.layers',
      wanted: 'at least one dense layer or convolution',
      got: 'none',
    });
  }
  return built;
}

function hasDense(step: ImageStep): boolean {
  if (step.kind === 'windows') return step.affine.weightGain > 0;
  return step.kind === 'dense' || (step.kind === 'branches' && step.branches.some((b) => b.some(hasDense)));
}

/** Where in the architecture a layer stands: for messages, who asks and its path; and how many branches it is in. */
interface Place {
  readonly where: string;
  readonly path: string;
  readonly level: number;
}

function series(layers: readonly Layer[], start: Status, place: Place): Built {
  const steps: ImageStep[] = [];
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
        status: { ...status, width: layer.outputs, gaussian: true, fresh: place.level },
      };
    case 'convolution': {
      const { taps, spatial } = slideWindow(layer, status.spatial, place);
      const affine = denseStep(layer, status.width * taps.size);
      return {
        steps: [{ kind: 'windows', taps, affine }],
        status: { width: layer.outputs, spatial, gaussian: true, fresh: place.level },
      };
    }
    case 'pooling': {
      const { taps, spatial } = slideWindow(layer, status.spatial, place);
      const scale = layer.reduce === 'average' ? 1 / taps.size : 1;
      return { steps: [{ kind: 'pooling', taps, scale }], status: { ...status, spatial } };
    }
    case 'globalPooling':
    case 'flatten':
      return collapse(layer, status, place);
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

/** Layers that leave no spatial axes. */
function collapse(
  layer: Extract<Layer, { kind: 'globalPooling' | 'flatten' }>,
  status: Status,
  place: Place,
): Built {
  if (status.spatial.length === 0) {
    throw new ArgumentError({
      where: place.where,
      argument: place.path,
      wanted: 'a layer for units without spatial axes',
      got: layer.kind,
      fix: 'leave it out, or give network() the sizes of an image, channels last',
    });
  }
  const taps = everySite(status.spatial);
  if (layer.kind === 'globalPooling') {
    const scale = layer.reduce === 'average' ? 1 / taps.size : 1;
    return { steps: [{ kind: 'pooling', taps, scale }], status: { ...status, spatial: [] } };
  }
  return {
    steps: [{ kind: 'windows', taps, affine: BARE }],
    // Units of several variances, as many as sites.
    status: { ...status, width: status.width * taps.size, spatial: [], gaussian: false },
  };
}

/** Averages second moments, and adds nothing of its own. */
const BARE: Affine = { weightVariance: 1, biasVariance: 0, weightGain: 0, biasGain: 0 };

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
  const spaces = built.map((each) => each.status.spatial);
  if (spaces.some((each) => each.join() !== spaces[0].join())) {
    throw new ArgumentError({
      where: place.where,
      argument: place.path,
      wanted: 'branches of the same spatial axes',
      got: spaces,
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
      spatial: spaces[0],
      // Concatenated units have several variances, products are not normal.
      gaussian: built.every((each) => each.status.gaussian) && (layer.merge === 'sum' || alone),
      fresh: Math.min(place.level, ...built.map((each) => each.status.fresh)),
    },
  };
}

function denseStep(layer: Omit<DenseLayer, 'kind'>, inputs: number): DenseStep {
  const { weightVariance, parameterization } = layer;
  const { weightScale, biasScale, biasVariance } = resolveDense(layer, inputs);
  const ntk = parameterization === 'ntk';
  return {
    kind: 'dense',
    weightVariance,
    biasVariance,
    weightGain: ntk ? weightVariance : weightScale * weightScale * inputs,
    biasGain: ntk ? biasVariance : biasScale * biasScale,
    carriesBias: typeof parameterization === 'string' || parameterization.biasScale !== 0,
    gainsAreVariances: ntk,
  };
}
