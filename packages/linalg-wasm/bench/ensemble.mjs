import { scattered } from '../../testing/bench/inputs.mjs';

/** A call of `fused.minibatchPaths`: 64 steps of 64 paths, N = 500, b = 8. */
export function startEnsemble(backend) {
  const [size, paths, steps, batch] = [500, 64, 64, 8];
  const request = {
    ...{ size, outputs: 1, paths },
    matrix: scattered(size * size).map((q) => q / Math.sqrt(size)),
    values: new Float64Array(size).fill(0.5),
    start: scattered(size),
  };
  const noise = scattered(paths * steps * batch);
  const block = {
    ...{ steps, batch },
    kept: new Float64Array(size).fill(0.99),
    pulled: scattered(size),
    examples: Int32Array.from(noise, (z) => Math.floor(((z + 1) / 2) * size)),
    noise: noise.map((z) => z / 100),
  };
  const ensemble = backend.fused.minibatchPaths(request);
  return { advance: () => ensemble.advance(block), dispose: () => ensemble.dispose() };
}

/** Two passes over eight rows for each path and step. */
export const ENSEMBLE_FLOPS = 64 * 64 * 8 * 500 * 4;
