import { type FusedRequest, fusedRelu } from './fused-relu.ts';
import type { Step } from './plan.ts';
import { inputPair } from './points.ts';
import { pairRecursion } from './recursion.ts';
import { emptyState, type PairState } from './state.ts';

/** From this number of pairs on, tables of moments cost less than the quadratures they replace. */
const MANY = 2000;

/** Fills both kernels; of `X` against itself (no Z) one half, mirrored, and the diagonal from its closed form. */
export function fill(steps: readonly Step[], request: Omit<FusedRequest, 'careful'>): void {
  const { Z, x, z, nngp, ntk } = request;
  const pairs = Z ? x.count * z.count : (x.count * (x.count - 1)) / 2;
  const recursion = pairRecursion(steps, pairs >= MANY);
  const state = emptyState();
  const careful = (i: number, j: number): PairState => {
    inputPair(x, i, z, j, state);
    recursion(state, x.tapes[i].variances, z.tapes[j].variances);
    return state;
  };
  const fused = fusedRelu(steps, { ...request, careful });
  for (let i = 0; i < x.count; i++) {
    for (let j = 0; !fused && j < (Z ? z.count : i); j++) {
      const { covariance, ntk: theta } = careful(i, j);
      const at = i * z.count + j;
      nngp[at] = covariance;
      ntk[at] = theta;
      if (Z) continue;
      nngp[j * x.count + i] = covariance;
      ntk[j * x.count + i] = theta;
    }
    if (Z) continue;
    nngp[i * x.count + i] = x.tapes[i].nngp;
    ntk[i * x.count + i] = x.tapes[i].ntk;
  }
}
