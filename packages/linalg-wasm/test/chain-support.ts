import type { ChainActivation, ChainLayer } from '@sntk/linalg/extending';

export const relu: ChainActivation = {
  name: 'relu',
  value: (h) => Math.max(h, 0),
  derivative: (h) => (h > 0 ? 1 : 0),
};
export const tanh: ChainActivation = {
  name: 'tanh',
  value: Math.tanh,
  derivative: (h) => 1 - Math.tanh(h) ** 2,
};

/** Affine maps between layers of these widths, with an activation after each but the last. */
export function network(
  widths: readonly number[],
  activation: ChainActivation,
  biasScale = 0.7,
): ChainLayer[] {
  return widths.slice(1).map((outputs, l) => ({
    inputs: widths[l],
    outputs,
    weightScale: Math.sqrt(2 / widths[l]),
    biasScale,
    ...(l < widths.length - 2 ? { activation } : {}),
  }));
}

/** How many parameters they have. */
export const sizeOf = (layers: readonly ChainLayer[]): number =>
  layers.reduce((sum, { inputs, outputs }) => sum + (inputs + 1) * outputs, 0);
