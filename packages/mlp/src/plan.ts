import {
  type Activation,
  type Architecture,
  type BranchesLayer,
  type ConvolutionLayer,
  checkLayer,
  type DenseLayer,
  type Layer,
  type Merge,
  type ResolvedLayer,
  resolveDense,
  type Window,
} from '@sntk/architecture';
import { everySite, slideWindow, type Taps } from '@sntk/architecture/extending';
import { ArgumentError, checkInteger } from '@sntk/errors';
import type { ChainLayer } from '@sntk/linalg';
import { sizeOf } from '@sntk/linalg/extending';

/** A dense layer, or a convolution, with the place of its parameters in the flat vector. */
export interface ParameterBlock extends ResolvedLayer {
  /** Where the layer is in the architecture, for example `layers[2].branches[1].layers[0]`. */
  readonly name: string;
  /** Of `W`: `[outputs, inputs]`, of a convolution `[outputs, …window, channels]`. */
  readonly shape: readonly number[];
  /** Sites of an example that share the layer; 1 without spatial axes. */
  readonly sites: number;
  /** Start of `W`, row-major `[outputs, inputs]`. */
  readonly weights: number;
  /** Start of `β`, `[outputs]`. */
  readonly bias: number;
}

/** What a finite network does, one after the other. `leaf` says that no parameters come before: no signal goes further down. */
export type Step =
  | { readonly kind: 'dense'; readonly block: number; readonly leaf: boolean }
  | { readonly kind: 'activation'; readonly activation: Activation }
  | { readonly kind: 'layerNorm'; readonly epsilon: number }
  | { readonly kind: 'dropout'; readonly keep: number; readonly index: number }
  | {
      readonly kind: 'branches';
      readonly merge: Merge;
      readonly branches: readonly (readonly Step[])[];
      readonly widths: readonly number[];
    }
  | SpatialStep;

/** A step that takes units from site to site. Units on sites are `[N · sites, channels]`. */
export type SpatialStep =
  /** What each window sees, its places side by side: a convolution is this and a dense layer. */
  | { readonly kind: 'windows'; readonly taps: Taps; readonly words: string }
  /** Sums over windows, times a scale. */
  | { readonly kind: 'pooling'; readonly taps: Taps; readonly scale: number; readonly words: string }
  /** The same units over another number of sites an example, in the same order. */
  | { readonly kind: 'sites'; readonly from: number; readonly to: number };

/** An architecture as a finite network reads it. */
export interface Plan {
  readonly inputs: number;
  /** Dense layers in the order of the flat parameters. */
  readonly blocks: readonly ParameterBlock[];
  /** Number of parameters. */
  readonly size: number;
  readonly outputs: number;
  readonly steps: readonly Step[];
  /** Number of dropout layers. */
  readonly dropouts: number;
}

interface Builder {
  readonly blocks: ParameterBlock[];
  size: number;
  dropouts: number;
}

/** A place in the network: its units at a site, and whether parameters come before it. */
interface Place {
  readonly width: number;
  /** Sizes of the spatial axes; none for flat units. */
  readonly spatial: readonly number[];
  readonly leaf: boolean;
}

/** The function that errors of architectures name. */
const WHERE = 'parameterLayout';

const plans = new WeakMap<Architecture, Plan>();

/** Works out a network's sizes, scales and order of parameters, once: depth first, branches in their order. */
export function planOf(architecture: Architecture): Plan {
  const plan = plans.get(architecture) ?? buildPlan(architecture);
  plans.set(architecture, plan);
  return plan;
}

function buildPlan(architecture: Architecture): Plan {
  const { inputs, inputShape = [inputs], layers } = architecture;
  checkInteger(WHERE, 'architecture.inputs', inputs, 1);
  if (sizeOf(inputShape) !== inputs) {
    const wanted = `of ${inputs} entries, as architecture.inputs says`;
    throw new ArgumentError({ where: WHERE, argument: 'architecture.inputShape', wanted, got: inputShape });
  }
  const builder: Builder = { blocks: [], size: 0, dropouts: 0 };
  const steps: Step[] = [];
  const spatial = inputShape.slice(0, -1);
  const target = { builder, steps, path: 'layers' };
  const start: Place = { width: inputShape[inputShape.length - 1], spatial, leaf: true };
  regroup(steps, 1, sizeOf(spatial));
  const end = series(layers, start, target);
  regroup(steps, sizeOf(end.spatial), 1);
  if (builder.blocks.length === 0) {
    throw new ArgumentError({
      where: WHERE,
      argument: 'architecture.layers',
      wanted: 'at least one dense layer or convolution',
      got: 'none',
    });
  }
  const { blocks, size, dropouts } = builder;
  return { inputs, blocks, size, outputs: end.width * sizeOf(end.spatial), steps, dropouts };
}

function regroup(steps: Step[], from: number, to: number): void {
  if (from !== to) steps.push({ kind: 'sites', from, to });
}

interface Target {
  readonly builder: Builder;
  readonly steps: Step[];
  readonly path: string;
}

function series(layers: readonly Layer[], from: Place, target: Target): Place {
  let at = from;
  layers.forEach((layer, i) => {
    at = add(layer, at, { ...target, path: `${target.path}[${i}]` });
  });
  return at;
}

function add(layer: Layer, from: Place, target: Target): Place {
  const { steps, path } = target;
  checkLayer(WHERE, `architecture.${path}`, layer);
  switch (layer.kind) {
    case 'identity':
      return from;
    case 'serial':
      return series(layer.layers, from, { ...target, path: `${path}.layers` });
    case 'dense':
      return addDense(layer, from, target);
    case 'convolution': {
      const { words, taps, spatial } = windowOf(layer, from, target);
      steps.push({ kind: 'windows', taps, words });
      const window = { width: from.width * taps.size, spatial, leaf: from.leaf };
      return addDense(layer, window, target, [...layer.window, from.width]);
    }
    case 'pooling': {
      const { words, taps, spatial } = windowOf(layer, from, target);
      const scale = layer.reduce === 'average' ? 1 / taps.size : 1;
      steps.push({ kind: 'pooling', taps, scale, words: `${layer.reduce} of ${words}` });
      return { ...from, spatial };
    }
    case 'globalPooling': {
      checkSpatial(layer, from, target);
      const taps = everySite(from.spatial);
      const scale = layer.reduce === 'average' ? 1 / taps.size : 1;
      steps.push({ kind: 'pooling', taps, scale, words: `${layer.reduce} of all sites` });
      return { ...from, spatial: [] };
    }
    case 'flatten': {
      checkSpatial(layer, from, target);
      const sites = sizeOf(from.spatial);
      regroup(steps, sites, 1);
      return { ...from, width: from.width * sites, spatial: [] };
    }
    case 'activation':
      steps.push({ kind: 'activation', activation: layer.activation });
      return from;
    case 'layerNorm':
      steps.push({ kind: 'layerNorm', epsilon: layer.epsilon });
      return from;
    case 'dropout':
      steps.push({ kind: 'dropout', keep: layer.keep, index: target.builder.dropouts++ });
      return from;
    case 'branches':
      return addBranches(layer, from, target);
  }
}

/** A dense layer at every site. `fanIn` is the shape of a unit's weights. */
function addDense(
  layer: DenseLayer | ConvolutionLayer,
  from: Place,
  { builder, steps, path }: Target,
  fanIn: readonly number[] = [from.width],
): Place {
  const resolved = resolveDense(layer, from.width);
  const weights = builder.size;
  const bias = weights + resolved.inputs * resolved.outputs;
  builder.size = bias + resolved.outputs;
  steps.push({ kind: 'dense', block: builder.blocks.length, leaf: from.leaf });
  const shape = [resolved.outputs, ...fanIn];
  builder.blocks.push({ ...resolved, name: path, shape, sites: sizeOf(from.spatial), weights, bias });
  return { ...from, width: layer.outputs, leaf: false };
}

/** The taps of a window, the axes that it leaves, and its settings in words. */
function windowOf(
  layer: Window,
  from: Place,
  { path }: Target,
): { readonly taps: Taps; readonly spatial: readonly number[]; readonly words: string } {
  const { window, strides, padding } = layer;
  const place = { where: WHERE, path: `architecture.${path}` };
  const words = `${window.join('×')} windows by ${strides.join('×')}, ${padding}, over ${from.spatial.join('×')}`;
  return { ...slideWindow(layer, from.spatial, place), words };
}

function checkSpatial(layer: Layer, from: Place, { path }: Target): void {
  if (from.spatial.length > 0) return;
  throw new ArgumentError({
    where: WHERE,
    argument: `architecture.${path}`,
    wanted: 'a layer for units without spatial axes',
    got: layer.kind,
    fix: 'leave it out, or give network() the sizes of an image, channels last',
  });
}

function addBranches(layer: BranchesLayer, from: Place, target: Target): Place {
  const { merge } = layer;
  const branches: Step[][] = [];
  const ends = layer.branches.map((branch, i) => {
    const steps: Step[] = [];
    branches.push(steps);
    return add(branch, from, { ...target, steps, path: `${target.path}.branches[${i}]` });
  });
  const widths = ends.map(({ width }) => width);
  if (merge !== 'concatenate' && widths.some((width) => width !== widths[0])) {
    throw new ArgumentError({
      where: WHERE,
      argument: `architecture.${target.path}`,
      wanted: `a ${merge} of branches of one width`,
      got: widths,
    });
  }
  const axes = ends.map(({ spatial }) => spatial);
  if (axes.some((spatial) => spatial.join() !== axes[0].join())) {
    throw new ArgumentError({
      where: WHERE,
      argument: `architecture.${target.path}`,
      wanted: 'branches of the same spatial axes',
      got: axes,
    });
  }
  target.steps.push({ kind: 'branches', merge, branches, widths });
  const width = merge === 'concatenate' ? widths.reduce((a, b) => a + b) : widths[0];
  return { width, spatial: axes[0], leaf: ends.every(({ leaf }) => leaf) };
}

/** The layers of a plain chain of dense layers with activations between them, which backends may fuse. */
export function chainLayers(plan: Plan): readonly ChainLayer[] | undefined {
  const layers: ChainLayer[] = [];
  let open = false;
  for (const step of plan.steps) {
    if (step.kind === 'dense') {
      const { inputs, outputs, weightScale, biasScale } = plan.blocks[step.block];
      layers.push({ inputs, outputs, weightScale, biasScale });
      open = true;
    } else if (step.kind === 'activation' && open) {
      layers.push({ ...layers.pop()!, activation: step.activation });
      open = false;
    } else return undefined;
  }
  // A chain ends in an affine map.
  return open ? layers : undefined;
}
