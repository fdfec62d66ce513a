import type { Taps } from '@sntk/architecture/extending';
import { reshape, type Tensor, toArray } from '@sntk/linalg';
import { type Applied, type Jet, mapJet, tensorLike, zerosLike } from '../jet.ts';

/** How a layer over sites makes its units from those that its windows see. */
interface Slide {
  readonly taps: Taps;
  /** Whether the places of a window stay apart, side by side, or are summed. */
  readonly apart: boolean;
  readonly scale: number;
}

/** `[N · inputs, C]` → `[N · outputs, size · C]`: what each window sees, its places in order, zeros in the padding. */
export function applyWindows(taps: Taps, input: Jet): Applied {
  return slideLinear({ taps, apart: true, scale: 1 }, input);
}

/** `[N · inputs, C]` → `[N · outputs, C]`: sums over windows, times `scale`. */
export function applyPooling(taps: Taps, scale: number, input: Jet): Applied {
  return slideLinear({ taps, apart: false, scale }, input);
}

/** `[N · from, C]` → `[N · to, C · from/to]`, the same entries. */
export function applySites(from: number, to: number, input: Jet): Applied {
  const regroup = (a: Tensor, was: number, is: number): Tensor =>
    reshape(a, [(a.shape[0] / was) * is, (a.shape[1] / is) * was]);
  return {
    output: mapJet(input, (a) => regroup(a, from, to)),
    pull: (signal) => mapJet(signal, (a) => regroup(a, to, from)),
  };
}

/** A linear map, whose way back is its transpose. */
function slideLinear(slide: Slide, input: Jet): Applied {
  const channels = input.value.shape[1];
  return {
    output: mapJet(input, (a) => collect(slide, a)),
    pull: (signal) => mapJet(signal, (a) => spread(slide, a, channels)),
  };
}

function collect(slide: Slide, a: Tensor): Tensor {
  const { taps, apart, scale } = slide;
  const [rows, C] = a.shape;
  const N = rows / taps.inputs;
  const shape = [N * taps.outputs, apart ? taps.size * C : C];
  const out = zerosLike(a, shape[0] * shape[1]);
  const from = toArray(a);
  walk(slide, N, C, (site, place) => {
    for (let c = 0; c < C; c++) out[place + c] += scale * from[site + c];
  });
  return tensorLike(a, out, shape);
}

function spread(slide: Slide, signal: Tensor, C: number): Tensor {
  const { taps, scale } = slide;
  const N = signal.shape[0] / taps.outputs;
  const shape = [N * taps.inputs, C];
  const out = zerosLike(signal, shape[0] * shape[1]);
  const from = toArray(signal);
  walk(slide, N, C, (site, place) => {
    for (let c = 0; c < C; c++) out[site + c] += scale * from[place + c];
  });
  return tensorLike(signal, out, shape);
}

/** Visits every place of every window: where the channels of its site start, and where those of its output do. */
function walk(
  { taps: { inputs, outputs, size, sites }, apart }: Slide,
  N: number,
  C: number,
  visit: (site: number, place: number) => void,
): void {
  for (let n = 0; n < N; n++) {
    for (let o = 0; o < outputs; o++) {
      const row = n * outputs + o;
      for (let k = 0; k < size; k++) {
        const site = sites[o * size + k];
        if (site >= 0) visit((n * inputs + site) * C, apart ? (row * size + k) * C : row * C);
      }
    }
  }
}
