import { type FloatArray, matmul, type Tensor, tensor, toFloat64 } from '@sntk/linalg';
import type { DualEnsemble } from './kernel-sgd.ts';
import type { KernelSpectrum } from './spectrum.ts';

/**
 * The drift of function-space training in the eigenbasis: `a = Qᵀα` decays by itself, `da = −(s/N)(c_0 + Λ a) dt`
 * with `c = Qᵀr`, and over a step has the exact flow `a ← E a − G c_0`. `s` is 1 for mean reduction, `N` for sums.
 */
export interface ModeFlow {
  /** `e^{−sλh/N}`. */
  readonly kept: Float64Array;
  /** `(1 − e^{−sλh/N})/λ`, and its limit `sh/N` at zero, times `c_0`, `[N, O]`. */
  readonly pulled: Float64Array;
}

/** What a mode keeps of its residual after `time`, in units of 1/N, and what it has gathered in `−α` for each unit of it. */
export function flowOfMode(
  value: number,
  time: number,
): { readonly kept: number; readonly gathered: number } {
  const gathered = value > 0 ? -Math.expm1(-value * time) / value : time;
  return { kept: Math.exp(-value * time), gathered };
}

/** Rotates vectors of the example basis, row-major `[N, columns]`, into the eigenbasis. */
export function toModes(spectrum: KernelSpectrum, entries: FloatArray, columns: number): Float64Array {
  const { Q, samples } = spectrum;
  const block: Tensor = tensor(entries, { backend: Q.backend, dtype: 'float64', shape: [samples, columns] });
  return toFloat64(matmul(Q, block, { transposeA: true }));
}

/** The exact flow of the drift over `step` time units, from `c0 = Qᵀr_0`, `[N, O]`. */
export function modeFlow(
  spectrum: KernelSpectrum,
  c0: Float64Array,
  options: { readonly step: number; readonly reduction: 'mean' | 'sum' },
): ModeFlow {
  const { values, samples: N } = spectrum;
  const time = options.reduction === 'mean' ? options.step / N : options.step;
  const modes = Array.from(values, (value) => flowOfMode(value, time));
  return {
    kept: Float64Array.from(modes, ({ kept }) => kept),
    pulled: c0.map((start, q) => modes[Math.floor((q * N) / c0.length)].gathered * start),
  };
}

/** Flows of the drift by their length; a schedule of many lengths keeps the latest alone. */
export function flowCache(
  spectrum: KernelSpectrum,
  c0: Float64Array,
  reduction: 'mean' | 'sum',
): (length: number) => ModeFlow {
  let lengths = [Number.NaN, Number.NaN];
  let flows: ModeFlow[] = [];
  return (length) => {
    const known = lengths.indexOf(length);
    if (known >= 0) return flows[known];
    const flow = modeFlow(spectrum, c0, { step: length, reduction });
    lengths = [length, lengths[0]];
    flows = [flow, flows[0]];
    return flow;
  };
}

/** `a ← E a − G c_0` for a block `[N, O, P]`. */
export function applyFlow({ kept, pulled }: ModeFlow, a: Float64Array): void {
  if (a.length === kept.length) {
    for (let j = 0; j < a.length; j++) a[j] = kept[j] * a[j] - pulled[j];
    return;
  }
  const outputs = pulled.length / kept.length;
  const paths = a.length / pulled.length;
  for (let row = 0; row < pulled.length; row++) {
    const decay = kept[Math.floor(row / outputs)];
    for (let q = row * paths; q < (row + 1) * paths; q++) a[q] = decay * a[q] - pulled[row];
  }
}

/**
 * `a ← E (a + moved) − G c_0` and `c ← c_0 + Λ a`, the residual in the eigenbasis, for blocks `[N, O, P]`: all that a step does
 * to each entry between two products, in one pass.
 */
export function stepModes(
  { kept, pulled }: ModeFlow,
  { values, c0 }: { readonly values: Float64Array; readonly c0: Float64Array },
  blocks: { readonly a: Float64Array; readonly moved: Float64Array; readonly c: Float64Array },
): void {
  const { a, moved, c } = blocks;
  const outputs = c0.length / values.length;
  const paths = a.length / c0.length;
  for (let row = 0; row < c0.length; row++) {
    const mode = Math.floor(row / outputs);
    const decay = kept[mode];
    const value = values[mode];
    const pull = pulled[row];
    const start = c0[row];
    for (let q = row * paths; q < (row + 1) * paths; q++) {
      const x = decay * (a[q] + moved[q]) - pull;
      a[q] = x;
      c[q] = start + value * x;
    }
  }
}

/** `c = c_0 + Λ a`, the residual in the eigenbasis, for a block `[N, O, P]`, written to `out`. */
export function residualModes(
  values: Float64Array,
  c0: Float64Array,
  a: Float64Array,
  out: Float64Array,
): void {
  if (a.length === values.length) {
    for (let j = 0; j < a.length; j++) out[j] = c0[j] + values[j] * a[j];
    return;
  }
  const outputs = c0.length / values.length;
  const paths = a.length / c0.length;
  for (let row = 0; row < c0.length; row++) {
    const value = values[Math.floor(row / outputs)];
    for (let q = row * paths; q < (row + 1) * paths; q++) out[q] = c0[row] + value * a[q];
  }
}

/** Dual coordinates and residuals of an ensemble from `a` row-major `[N, O, P]`. */
export function fromModes(
  spectrum: KernelSpectrum,
  c0: Float64Array,
  a: Float64Array,
  paths: number,
): DualEnsemble {
  const { Q, values, samples: N } = spectrum;
  const c = new Float64Array(a.length);
  residualModes(values, c0, a, c);
  const back = (modes: Float64Array): Float64Array =>
    toFloat64(matmul(Q, tensor(modes, { backend: Q.backend, shape: [N, a.length / N] })));
  return { alpha: back(a), residual: back(c), paths };
}
