import type { MinibatchPaths, MinibatchPathsRequest } from './fused.ts';
import { checkMinibatchPaths, checkMinibatchSteps } from './minibatch-checks.ts';
import { addRows, readRows } from './rows.ts';

/** Paths under noise on minibatches in loops of JavaScript: what fused kernels are compared against. */
export function plainMinibatchPaths(request: MinibatchPathsRequest): MinibatchPaths {
  checkMinibatchPaths(request);
  const { size: N, outputs: O, paths } = request;
  const [matrix, values, start] = [request.matrix, request.values, request.start].map((all) => all.slice());
  const states = Array.from({ length: paths }, () => new Float64Array(N * O));
  const c = new Float64Array(N * O);

  return {
    advance(block, meanwhile) {
      checkMinibatchSteps(request, block);
      const { steps, batch, kept, pulled, examples, noise } = block;
      const r = new Float64Array(batch * O);
      let failed: { path: number; step: number } | undefined;
      for (let path = 0; path < paths; path++) {
        const a = states[path];
        for (let step = 0; step < steps; step++) {
          for (let j = 0, q = 0; j < N; j++) {
            for (let o = 0; o < O; o++, q++) {
              a[q] = kept[j] * a[q] - pulled[q];
              c[q] = start[q] + values[j] * a[q];
            }
          }
          const at = (path * steps + step) * batch;
          const rows = examples.subarray(at, at + batch);
          readRows(matrix, rows, c, r);
          let sum = 0;
          for (let m = 0, q = 0; m < batch; m++) {
            for (let o = 0; o < O; o++, q++) {
              r[q] *= noise[at + m];
              sum += r[q];
            }
          }
          addRows(matrix, rows, r, a);
          if (!Number.isFinite(sum)) failed ??= { path, step };
        }
      }
      meanwhile?.();
      return failed;
    },
    read() {
      const out = new Float64Array(N * O * paths);
      states.forEach((a, p) => {
        for (let q = 0; q < a.length; q++) out[q * paths + p] = a[q];
      });
      return out;
    },
    dispose() {},
  };
}
