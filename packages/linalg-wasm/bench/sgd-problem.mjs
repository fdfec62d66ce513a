// Training steps of 2-1024-1024-1024-1 at b = 8, for the benchmarks.
import { scattered } from '../../testing/bench/inputs.mjs';
import { relu } from './plain.mjs';

export function sgdProblem(Type) {
  const widths = [2, 1024, 1024, 1024, 1];
  const rows = 8;
  const layers = widths.slice(1).map((outputs, l) => ({
    inputs: widths[l],
    outputs,
    weightScale: Math.sqrt(2 / widths[l]),
    biasScale: 1,
    ...(l < 3 ? { activation: relu } : {}),
  }));
  const size = layers.reduce((sum, layer) => sum + (layer.inputs + 1) * layer.outputs, 0);
  const parameters = scattered(size, Type).map((x) => x / 2);
  const x = scattered(rows * 2, Type);
  const residual = (outputs) => Type.from(outputs, (f) => (f - 1) / rows);
  return { layers, rows, parameters, x, residual };
}

/** A chain on that problem, and its step. */
export function openSteps(backend, Type, rule) {
  const { layers, rows, parameters, x, residual } = sgdProblem(Type);
  const chain = backend.fused.denseChain({ layers, parameters, maxRows: rows, rule });
  return {
    step: () => chain.descend(residual(chain.forward(x, rows)), 1e-5),
    dispose: () => chain.dispose(),
  };
}
