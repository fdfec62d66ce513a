import { eachRow, NEAR, type Pairs, type Sides } from './spatial-state.ts';

const { PI } = Math;

/** ReLU's arc-cosine kernels for the pairs that are neither nearly equal nor nearly opposite; the others are left to `near`. */
export function reluPairs(
  pairs: Pairs,
  { before, after }: { readonly before: Sides; readonly after: Sides },
  near: (a: number, z: number, at: number) => void,
): void {
  const { covariance, gap, ntk } = pairs;
  const [rootsU, rootsV] = [before.u.roots, before.v.roots];
  const [afterU, afterV] = [after.u.roots, after.v.roots];
  eachRow(pairs, (a, from, to, start) => {
    const rootU = rootsU[a];
    const rootAfter = afterU[a];
    for (let z = from; z < to; z++) {
      const at = start + z;
      const scale = rootU * rootsV[z];
      const lost = gap[at] / scale;
      // Not so for a scale of 0.
      if (!(lost >= NEAR)) {
        near(a, z, at);
        continue;
      }
      const cosine = covariance[at] / scale;
      const sine = Math.sqrt(lost * (2 - lost));
      // π less the angle.
      const supplement = Math.acos(-cosine);
      const T = (scale * (sine + supplement * cosine)) / (2 * PI);
      covariance[at] = T;
      ntk[at] *= supplement / (2 * PI);
      gap[at] = rootAfter * afterV[z] - T;
    }
  });
}
