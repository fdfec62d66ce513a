import type { Architecture } from '@sntk/architecture';
import { type FloatArray, matmul, type Tensor, toArray } from '@sntk/linalg';
import type { Rng } from '@sntk/random';
import { pickOutput, vjp } from './backward.ts';
import { jacobian } from './jacobian.ts';
import { type Jet, tensorLike } from './jet.ts';
import { jvp } from './jvp.ts';
import { addLayer } from './ntk-layer.ts';
import { backwardSignals, type Pass, runPass } from './pass.ts';
import { planOf } from './plan.ts';

export type OutputPair = readonly [number, number];

interface NtkRequest {
  readonly X: Tensor;
  /** `X` itself when absent. */
  readonly Z: Tensor | undefined;
  readonly pairs: readonly OutputPair[];
  readonly dropout: Rng | undefined;
}

/** A way to the blocks `[N, M]` of the tangent kernel for pairs of outputs. */
type Method = (architecture: Architecture, theta: FloatArray, request: NtkRequest) => readonly Float64Array[];

/** `X` and `Z` with their streams of masks; the same points have the same masks. */
export function pointsOf(options: {
  readonly X: Tensor;
  readonly Z?: Tensor | undefined;
  readonly dropout?: Rng | undefined;
}): { readonly left: Points; readonly right: Points } {
  const { X, Z, dropout } = options;
  const left = { X, dropout };
  return { left, right: Z ? { X: Z, dropout: dropout?.split('Z') } : left };
}

interface Points {
  readonly X: Tensor;
  readonly dropout: Rng | undefined;
}

/** MATH (8): inputs and signals of each layer, two products a layer and pair. Parameters are in one layer each, so this holds for any network. */
const layerwise: Method = (architecture, theta, { pairs, ...points }) => {
  const where = 'empiricalNtk';
  const { left, right } = pointsOf(points);
  const passX = runPass(architecture, theta, left.X, { ...left, where });
  const passZ = points.Z
    ? runPass(architecture, theta, right.X, { ...right, where, argument: 'options.Z' })
    : passX;
  const signals = (pass: Pass, X: Tensor, side: 0 | 1): (readonly Jet[])[] =>
    Array.from({ length: pass.plan.outputs }, (_, o) =>
      pairs.some((pair) => pair[side] === o)
        ? backwardSignals(pass, pickOutput(X, pass.plan.outputs, o))
        : [],
    );
  const signalsX = signals(passX, left.X, 0);
  // The right outputs of a symmetric kernel may be others than its left ones.
  const same = !points.Z && pairs.every(([, right]) => signalsX[right].length > 0);
  const signalsZ = same ? signalsX : signals(passZ, right.X, 1);
  const blocks = pairs.map(() => new Float64Array(left.X.shape[0] * right.X.shape[0]));
  passX.plan.blocks.forEach(({ weightScale, biasScale, sites }, l) => {
    const parts = pairs.map(([o, p], at) => ({
      signals: [signalsX[o][l].value, signalsZ[p][l].value] as const,
      kernel: blocks[at],
    }));
    const inputs = [passX.inputs[l].value, passZ.inputs[l].value] as const;
    addLayer(inputs, parts, { w: weightScale ** 2, b: biasScale ** 2, sites });
  });
  return blocks;
};

/** MATH (7) as it stands, with the Jacobian written out. */
const byJacobian: Method = (architecture, theta, { pairs, ...points }) => {
  const { left, right } = pointsOf(points);
  const JX = jacobian(architecture, theta, left);
  const JZ = points.Z ? jacobian(architecture, theta, right) : JX;
  return pairs.map(([o, p]) => {
    const block = matmul(rowsOf(JX, o), rowsOf(JZ, p), { transposeB: true });
    return Float64Array.from(toArray(block));
  });
};

/** The rows `[N, P]` of one output in a Jacobian `[N, O, P]`. */
function rowsOf(J: Tensor, output: number): Tensor {
  const [N, O, P] = J.shape;
  if (O === 1) return tensorLike(J, toArray(J), [N, P]);
  const from = toArray(J);
  const out = from.slice(0, N * P);
  for (let n = 0; n < N; n++) out.set(from.subarray((n * O + output) * P, (n * O + output + 1) * P), n * P);
  return tensorLike(J, out, [N, P]);
}

/** Column by column, `J(X) (J(Z)ᵀ e)`. */
const byProducts: Method = (architecture, theta, { pairs, ...points }) => {
  const { left, right } = pointsOf(points);
  const [N, M] = [left.X.shape[0], right.X.shape[0]];
  const blocks = pairs.map(() => new Float64Array(N * M));
  const rights = [...new Set(pairs.map(([, p]) => p))];
  const O = planOf(architecture).outputs;
  for (const p of rights) {
    for (let m = 0; m < M; m++) {
      const unit = new Float64Array(M * O);
      unit[m * O + p] = 1;
      const cotangent = tensorLike(right.X, unit, [M, O]);
      const tangent = vjp(architecture, theta, { ...right, cotangent });
      const column = toArray(jvp(architecture, theta, { ...left, tangent }));
      pairs.forEach((pair, at) => {
        if (pair[1] !== p) return;
        for (let n = 0; n < N; n++) blocks[at][n * M + m] = column[n * O + pair[0]];
      });
    }
  }
  return blocks;
};

export type NtkMethod = 'layerwise' | 'jacobian' | 'products';

export const NTK_METHODS: Readonly<Record<NtkMethod, Method>> = {
  layerwise,
  jacobian: byJacobian,
  products: byProducts,
};
