import {
  type Activation,
  type Architecture,
  type BranchesLayer,
  type Layer,
  type Merge,
  type ResolvedLayer,
  resolveDense,
} from '@sntk/architecture';
import { ArgumentError } from '@sntk/errors';
import type { ChainLayer } from '@sntk/linalg';

/** A dense layer with the place of its parameters in the flat vector. */
export interface ParameterBlock extends ResolvedLayer {
  /** Where the layer is in the architecture, for example `layers[2].branches[1].layers[0]`. */
  readonly name: string;
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
    };

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

/** A place in the network: its units, and whether parameters come before it. */
interface Place {
  readonly width: number;
  readonly leaf: boolean;
}

const plans = new WeakMap<Architecture, Plan>();

/** Works out a network's sizes, scales and order of parameters, once: depth first, branches in their order. */
export function planOf(architecture: Architecture): Plan {
  const plan = plans.get(architecture) ?? buildPlan(architecture);
  plans.set(architecture, plan);
  return plan;
}

function buildPlan(architecture: Architecture): Plan {
  if (architecture.inputShape) {
    throw new ArgumentError({
      where: 'parameterLayout',
      argument: 'architecture.inputShape',
      wanted: 'absent: finite networks take flat inputs, and a dense layer would act on every site alone',
      got: architecture.inputShape,
      fix: `make the network of ${architecture.inputs} inputs`,
    });
  }
  const builder: Builder = { blocks: [], size: 0, dropouts: 0 };
  const steps: Step[] = [];
  const start: Place = { width: architecture.inputs, leaf: true };
  const end = series(architecture.layers, start, { builder, steps, path: 'layers' });
  if (builder.blocks.length === 0) {
    throw new ArgumentError({
      where: 'parameterLayout',
      argument: 'architecture.layers',
      wanted: 'at least one dense layer',
      got: 'none',
    });
  }
  const { blocks, size, dropouts } = builder;
  return { inputs: architecture.inputs, blocks, size, outputs: end.width, steps, dropouts };
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
  const { builder, steps, path } = target;
  switch (layer.kind) {
    case 'identity':
      return from;
    case 'serial':
      return series(layer.layers, from, { ...target, path: `${path}.layers` });
    case 'dense': {
      const resolved = resolveDense(layer, from.width);
      const weights = builder.size;
      const bias = weights + resolved.inputs * resolved.outputs;
      builder.size = bias + resolved.outputs;
      steps.push({ kind: 'dense', block: builder.blocks.length, leaf: from.leaf });
      builder.blocks.push({ ...resolved, name: path, weights, bias });
      return { width: layer.outputs, leaf: false };
    }
    case 'activation':
      steps.push({ kind: 'activation', activation: layer.activation });
      return from;
    case 'layerNorm':
      steps.push({ kind: 'layerNorm', epsilon: layer.epsilon });
      return from;
    case 'dropout':
      steps.push({ kind: 'dropout', keep: layer.keep, index: builder.dropouts++ });
      return from;
    case 'branches':
      return addBranches(layer, from, target);
    default:
      throw new ArgumentError({
        where: 'parameterLayout',
        argument: `architecture.${path}`,
        wanted: 'a layer that finite networks have',
        got: (layer as Layer).kind,
      });
  }
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
      where: 'parameterLayout',
      argument: `architecture.${target.path}`,
      wanted: `a ${merge} of branches of one width`,
      got: widths,
    });
  }
  target.steps.push({ kind: 'branches', merge, branches, widths });
  const width = merge === 'concatenate' ? widths.reduce((a, b) => a + b) : widths[0];
  return { width, leaf: ends.every(({ leaf }) => leaf) };
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

/** Sizes, layers and scales in words: what must agree for parameters to mean the same. */
export function planName(plan: Plan): string {
  const scales = plan.blocks.map(({ weightScale, biasScale }) => `${weightScale}/${biasScale}`);
  return `${plan.inputs} → ${wordsOf(plan, plan.steps)}, scales ${scales.join(' ')}`;
}

function wordsOf(plan: Plan, steps: readonly Step[]): string {
  const words: string[] = [];
  for (const step of steps) {
    switch (step.kind) {
      case 'dense':
        words.push(`${plan.blocks[step.block].outputs}`);
        break;
      case 'activation':
        words.push(`${words.pop() ?? ''} ${step.activation.name}`.trim());
        break;
      case 'layerNorm':
        words.push(`layerNorm(${step.epsilon})`);
        break;
      case 'dropout':
        words.push(`dropout(${step.keep})`);
        break;
      case 'branches': {
        const inside = step.branches.map((branch) => wordsOf(plan, branch) || 'identity');
        words.push(`${step.merge}(${inside.join(' | ')})`);
      }
    }
  }
  return words.join(' → ');
}
