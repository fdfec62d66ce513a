import type { PlacedLayer } from './chain-layout.ts';
import { inPieces } from './cut.ts';
import type { Runtime } from './runtime.ts';
import type { Kernel, WorkSpace } from './thread.ts';

/** Multiplications of a call that are worth handing out, ten microseconds and more. */
const SHARED = 2 ** 18;
/** Groups of inputs that a call of a step has a multiple of: a kilobyte of each panel, which lie far apart. */
const GROUPS = 16;

/** The kernels of a chain in its parameters' number format. */
export interface ChainKernels {
  readonly forward: 'chainForward32' | 'chainForward64';
  readonly signal: 'chainSignal32' | 'chainSignal64';
  readonly descend: 'chainDescend32' | 'chainDescend64';
  readonly biases: 'chainBiases32' | 'chainBiases64';
}

/** A layer of a chain that lies at `at`, and the batch that passes through it. */
export interface LayerPass {
  readonly placed: PlacedLayer;
  readonly at: number;
  readonly rows: number;
  readonly stride: number;
}

/** The layer's affine map, and its ReLU when `relu` is set. Outputs are cut among threads. */
export function forwardLayer(runtime: Runtime, names: ChainKernels, pass: LayerPass, relu: boolean): void {
  const { placed, at, rows, stride } = pass;
  const { layer, panels, groups, weights, biases, inputs, affine } = placed;
  const perPanel = placed.outputGroups / panels;
  const argumentsOf = (from: number, end: number): number[] => [
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
  ];
  share(runtime, pass, { kernel: names.forward, extent: panels, unit: 1, argumentsOf });
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
export function descendLayer(runtime: Runtime, names: ChainKernels, pass: LayerPass, step: LayerStep): void {
  const { placed, at, rows, stride } = pass;
  const { panels, groups, outputGroups, weights, biases, inputs } = placed;
  const { above, below, weightStep, biasStep, rule, work } = step;
  const argumentsOf = (from: number, end: number): number[] => [
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
  ];
  share(runtime, pass, { kernel: names.descend, extent: groups, unit: GROUPS, argumentsOf, work });
  if (biasStep === 0) return;
  runtime.kernels[names.biases](outputGroups, rows, stride, at + biases, above, biasStep, rule, work.at);
}

/** A kernel over an extent, which may be cut at multiples of `unit`. */
interface Shared {
  readonly kernel: ChainKernels['forward' | 'descend'];
  readonly extent: number;
  readonly unit: number;
  readonly argumentsOf: (from: number, end: number) => number[];
  readonly work?: WorkSpace;
}

/** Runs it in calls for the team, four a thread to even out, or in one where that is not worth it. */
function share({ kernels, team }: Runtime, { placed, rows }: LayerPass, shared: Shared): void {
  const { kernel, extent, unit, argumentsOf, work } = shared;
  const { inputs, outputs } = placed.layer;
  const worth = Math.floor((inputs * outputs * rows) / SHARED);
  if (team.threads > 1 && worth > 1) {
    const cuts = inPieces(extent, Math.min(4 * team.threads, worth), unit);
    team.run({ kernel, calls: cuts.map(([from, end]) => argumentsOf(from, end)), ...(work ? { work } : {}) });
    return;
  }
  const all = argumentsOf(0, extent);
  if (work) all.push(work.at);
  (kernels[kernel] as Kernel)(...all);
}
