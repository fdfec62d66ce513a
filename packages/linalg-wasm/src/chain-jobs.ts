import type { PlacedLayer } from './chain-layout.ts';
import { inPieces } from './cut.ts';
import type { Kernels, Runtime } from './runtime.ts';
import type { WorkSpace } from './thread.ts';

/** The kernels of a chain in its parameters' number format. */
export type ChainSuffix = 32 | 64;

/** A layer of a chain that lies at `at`, and the batch that passes through it. */
export interface LayerPass {
  readonly placed: PlacedLayer;
  readonly at: number;
  readonly rows: number;
  readonly stride: number;
}

/** The layer's affine map, and its ReLU when `relu` is set. Outputs are cut among threads. */
export function forwardLayer({ team }: Runtime, suffix: ChainSuffix, pass: LayerPass, relu: boolean): void {
  const { placed, at, rows, stride } = pass;
  const { layer, panels, groups, weights, biases, inputs, affine } = placed;
  const perPanel = placed.outputGroups / panels;
  const calls = inPieces(panels, callsFor(team.threads, pass), 1).map(([from, end]) => [
    end - from,
    groups,
    rows,
    stride,
    at + weights + from * groups * 64,
    at + biases + from * perPanel * 16,
    at + inputs,
    at + affine + from * perPanel * stride * 16,
    layer.weightScale,
    layer.biasScale,
    Number(relu),
  ]);
  team.run({ kernel: `chainForward${suffix}`, calls });
}

/** What a gradient step of a layer is told. */
export interface LayerStep {
  /** Where the signal from above lies, and where the one to the layer below goes; 0 for the first layer, which sends none. */
  readonly above: number;
  readonly below: number;
  readonly weightStep: number;
  readonly biasStep: number;
  /** Address of the rule, 0 for steps without one. */
  readonly rule: number;
  readonly work: WorkSpace;
}

/**
 * The layer's step in place, and the signal to the layer below. Inputs are cut among threads. The bias stays as it is when its
 * step is 0.
 */
export function descendLayer(runtime: Runtime, suffix: ChainSuffix, pass: LayerPass, step: LayerStep): void {
  const { team, kernels } = runtime;
  const { placed, at, rows, stride } = pass;
  const { panels, groups, outputGroups, weights, biases, inputs } = placed;
  const { above, below, weightStep, biasStep, rule, work } = step;
  const calls = inPieces(groups, callsFor(team.threads, pass), GROUPS).map(([from, end]) => [
    panels,
    groups,
    from,
    end - from,
    rows,
    stride,
    at + weights,
    at + inputs,
    above,
    below,
    weightStep,
    rule,
  ]);
  team.run({ kernel: `chainDescend${suffix}`, calls, work });
  if (biasStep === 0) return;
  const kernel: Kernels['chainBiases32'] = kernels[`chainBiases${suffix}`];
  kernel(outputGroups, rows, stride, at + biases, above, biasStep, rule, work.at);
}

/** Groups of inputs that a call of a step has a multiple of: a kilobyte of each panel, which lie far apart. */
const GROUPS = 16;

/** Multiplications of a call that are worth handing out, ten microseconds and more. */
const SHARED = 2 ** 18;

/** How many calls a pass is cut into: four a thread, to even out, or as many as it is worth. */
function callsFor(threads: number, { placed, rows }: LayerPass): number {
  const { inputs, outputs } = placed.layer;
  return threads === 1
    ? 1
    : Math.max(1, Math.min(4 * threads, Math.floor((inputs * outputs * rows) / SHARED)));
}
