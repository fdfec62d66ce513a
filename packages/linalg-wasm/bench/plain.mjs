// The fused kernels' jobs as plain loops over typed arrays, for comparison.

export const relu = { name: 'relu', value: (h) => Math.max(h, 0), derivative: (h) => (h > 0 ? 1 : 0) };

/** One gradient step of a dense network, in place. */
export function plainChainStep(layers, theta, x, rows, gradientOf, rate) {
  let start = 0;
  let a = x;
  const trace = layers.map(({ inputs, outputs, weightScale, biasScale, activation }) => {
    const own = start;
    start += (inputs + 1) * outputs;
    const from = a;
    a = new Float32Array(rows * outputs);
    for (let r = 0; r < outputs; r++) {
      const row = own + r * inputs;
      const bias = biasScale * theta[own + outputs * inputs + r];
      for (let j = 0; j < rows; j++) {
        const h = weightScale * dot(theta, row, from, j * inputs, inputs) + bias;
        a[j * outputs + r] = activation ? Math.max(h, 0) : h;
      }
    }
    return { own, from, to: a };
  });
  let signal = gradientOf(a);
  for (let l = layers.length - 1; l >= 0; l--) {
    const { inputs, outputs, weightScale, biasScale, activation } = layers[l];
    const { own, from, to } = trace[l];
    const below = new Float32Array(rows * inputs);
    for (let r = 0; r < outputs; r++) {
      const row = own + r * inputs;
      for (let j = 0; j < rows; j++) {
        if (activation && to[j * outputs + r] === 0) continue;
        const delta = weightScale * signal[j * outputs + r];
        if (l > 0) for (let k = 0; k < inputs; k++) below[j * inputs + k] += delta * theta[row + k];
      }
      for (let j = 0; j < rows; j++) {
        if (activation && to[j * outputs + r] === 0) continue;
        const step = rate * signal[j * outputs + r];
        for (let k = 0; k < inputs; k++) theta[row + k] -= step * weightScale * from[j * inputs + k];
        theta[own + outputs * inputs + r] -= step * biasScale;
      }
    }
    signal = below;
  }
}

/** Four sums side by side, since one alone waits for each addition to finish. */
function dot(x, xStart, y, yStart, length) {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 4 <= length; k += 4) {
    s0 += x[xStart + k] * y[yStart + k];
    s1 += x[xStart + k + 1] * y[yStart + k + 1];
    s2 += x[xStart + k + 2] * y[yStart + k + 2];
    s3 += x[xStart + k + 3] * y[yStart + k + 3];
  }
  for (; k < length; k++) s0 += x[xStart + k] * y[yStart + k];
  return s0 + s1 + (s2 + s3);
}

/** The recursion pair by pair, with the library's acos. */
export function plainReluRecursion(request) {
  const { rows, columns, firstNngp, rowVariances, columnVariances, weightVariances, biasVariances } = request;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let k = firstNngp[i * columns + j];
      let ntk = k;
      for (let l = 0; l < weightVariances.length; l++) {
        const size = Math.sqrt(rowVariances[l * rows + i] * columnVariances[l * columns + j]);
        const c = size > 0 ? Math.min(1, Math.max(-1, k / size)) : 0;
        const angle = Math.PI - Math.acos(c);
        const scale = weightVariances[l] / (2 * Math.PI);
        k = scale * size * (Math.sqrt((1 - c) * (1 + c)) + angle * c) + biasVariances[l];
        ntk = k + scale * angle * ntk;
      }
      request.nngp[i * columns + j] = k;
      request.ntk[i * columns + j] = ntk;
    }
  }
}
