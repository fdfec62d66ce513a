import { activate, convolution, dense, globalPooling, network, relu } from '@sntk/architecture';
import { ndarrayBackend, tensor, toArray } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import { meanAndStandardError } from '@sntk/testing';
import { describe, expect, it } from 'vitest';
import { analyticKernel } from '../src/index.ts';

const [SITES, INPUTS, WINDOW, STRIDE, CHANNELS, DRAWS] = [6, 2, 3, 2, 8, 4000];
const [w, b] = [1.6, 0.3];
const OUT = SITES / STRIDE;
const backend = ndarrayBackend();

/** The two sequences, `[2, SITES, INPUTS]`. */
const sequences = new Float64Array(2 * SITES * INPUTS);
createRng('sequences').fillNormal(sequences);

/** What output site `p` of sequence `i` sees, place by place and channel by channel: its window, centred and circular. */
function seen(i: number, p: number): number[] {
  const values: number[] = [];
  for (let k = 0; k < WINDOW; k++) {
    // Of one padded site all is at the end: strides of 2 leave ((3 − 1)·2 + 3) − 6 = 1 site to pad.
    const site = (p * STRIDE + k) % SITES;
    for (let c = 0; c < INPUTS; c++) values.push(sequences[(i * SITES + site) * INPUTS + c]);
  }
  return values;
}
const windows = [0, 1].map((i) => Array.from({ length: OUT }, (_, p) => seen(i, p)));
const inner = (a: readonly number[], c: readonly number[]): number =>
  a.reduce((sum, value, k) => sum + value * c[k], 0);

/**
 * One draw of the network with CHANNELS channels, a strided circular convolution, ReLU, average over sites and a dense
 * layer: its outputs at both sequences and its two tangent kernels between them, from the gradients of each parameter.
 */
function draw(seed: string): { readonly nngp: number; readonly ntk: number; readonly standard: number } {
  const fanIn = WINDOW * INPUTS;
  const theta = new Float64Array(CHANNELS * (fanIn + 2) + 1);
  createRng(seed).fillNormal(theta);
  const f = [Math.sqrt(b) * theta[theta.length - 1], Math.sqrt(b) * theta[theta.length - 1]];
  let [ntk, standard] = [b, 1];
  for (let c = 0; c < CHANNELS; c++) {
    const at = c * (fanIn + 2);
    const weights = [...theta.subarray(at, at + fanIn)];
    const [bias, out] = [theta[at + fanIn], theta[at + fanIn + 1]];
    const h = windows.map((each) =>
      each.map((x) => Math.sqrt(w / fanIn) * inner(weights, x) + Math.sqrt(b) * bias),
    );
    const a = h.map((each) => each.reduce((sum, value) => sum + Math.max(0, value), 0) / OUT);
    for (const i of [0, 1]) f[i] += Math.sqrt(w / CHANNELS) * out * a[i];
    ntk += (w / CHANNELS) * a[0] * a[1];
    standard += a[0] * a[1];
    for (let p = 0; p < OUT; p++) {
      for (let q = 0; q < OUT; q++) {
        if (h[0][p] <= 0 || h[1][q] <= 0) continue;
        const product = inner(windows[0][p], windows[1][q]);
        const back = ((w / CHANNELS) * out * out) / OUT ** 2;
        ntk += back * ((w / fanIn) * product + b);
        standard += back * (product + 1);
      }
    }
  }
  return { nngp: f[0] * f[1], ntk, standard };
}

describe('a finite convolutional network', () => {
  const draws = Array.from({ length: DRAWS }, (_, k) => draw(`draw ${k}`));
  const X = tensor(sequences.slice(0, SITES * INPUTS), { backend, shape: [1, SITES, INPUTS] });
  const Z = tensor(sequences.slice(SITES * INPUTS), { backend, shape: [1, SITES, INPUTS] });
  const limit = (parameterization: 'ntk' | 'standard') => {
    const options = { weightVariance: w, biasVariance: b, parameterization };
    const windowed = { ...options, strides: [STRIDE], padding: 'circular' as const };
    const first = convolution(CHANNELS, [WINDOW], windowed);
    const layers = [first, activate(relu), globalPooling('average'), dense(1, options)];
    return analyticKernel(network([SITES, INPUTS], ...layers), { X, Z });
  };

  // With one hidden layer both kernels are means over draws at any number of channels.
  it.each([
    ['nngp', () => toArray(limit('ntk').nngp)[0]],
    ['ntk', () => toArray(limit('ntk').ntk)[0]],
    ['standard', () => toArray(limit('standard').ntk)[0]],
  ] as const)('has the analytic kernel as its mean, within 4 standard errors: %s', (name, exact) => {
    const { mean, standardError } = meanAndStandardError(draws.map((each) => each[name]));
    expect(Math.abs(mean - exact())).toBeLessThan(4 * standardError);
    // The check means something: three kernels that differ by more than that.
    expect(standardError).toBeLessThan(0.1 * Math.abs(exact()));
  });
});
