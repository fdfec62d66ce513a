import { gradientFlowPath, predict } from '@sntk/dynamics';
import { tensor } from '@sntk/linalg';
import { backendOf } from './shared/backends.mjs';
import { kernelProblem } from './shared/kernel-problem.mjs';

const TIMES = Array.from({ length: 50 }, (_, k) => 10 ** (-1 + (5 * k) / 49));

const closedForm =
  (name) =>
  async ({ K, Kx, r0 }, _setting, { threads }) => {
    const backend = await backendOf(name, threads);
    const [kernel, cross] = [K, Kx].map((one) => tensor(one.data, { backend, shape: one.shape }));
    return () => {
      const { alpha, residual } = gradientFlowPath(kernel, r0.data, { times: TIMES });
      return { residual, f: predict(cross, alpha, new Float64Array(cross.shape[0])) };
    };
  };

export default {
  title: 'Gradient flow in closed form: 50 times at training and 500 other points, from the kernel on',
  tolerance: 1e-11,
  ours: { wasm: closedForm('wasm'), blas: closedForm('blas') },
  peers: ['neural-tangents'],
  settings: [
    { name: 'N = 1000', N: 1000, times: TIMES, goals: { best: 0.8 }, threads: [1, 2] },
    ...[125, 250, 500, 1000].map((N) => ({ name: `N = ${N}`, curve: 'N', at: N, N, times: TIMES })),
  ],
  inputs: ({ N }) => kernelProblem(N, 500),
};
