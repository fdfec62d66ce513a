import type { Backend } from '../backend.ts';
import type { MinibatchPathsRequest, MinibatchSteps } from '../fused.ts';
import type { ConformanceCase } from './cases.ts';
import { close, demand, numbers, thrown, toleranceOf, when } from './support.ts';

const hasPaths = (backend: Backend): boolean => backend.fused?.minibatchPaths !== undefined;

function request(size: number, outputs: number, paths: number): MinibatchPathsRequest {
  return {
    size,
    outputs,
    paths,
    matrix: numbers(size * size, 70).map((x) => x / Math.sqrt(size)),
    values: numbers(size, 71).map((x) => 2 + x),
    start: numbers(size * outputs, 72),
  };
}

function block(of: MinibatchPathsRequest, steps: number, batch: number, seed: number): MinibatchSteps {
  const { size, outputs, paths } = of;
  const draws = numbers(paths * steps * batch, seed);
  return {
    steps,
    batch,
    kept: numbers(size, seed + 1).map((x) => 0.9 + 0.1 * x),
    pulled: numbers(size * outputs, seed + 2).map((x) => 0.1 * x),
    examples: Int32Array.from(draws, (x) => Math.floor(((x + 1) / 2) * size)),
    noise: numbers(draws.length, seed + 3).map((x) => 0.3 * x),
  };
}

/** All steps of all paths by their definition, `[N, O, P]`. */
function byDefinition(of: MinibatchPathsRequest, blocks: readonly MinibatchSteps[]): Float64Array {
  const { size: N, outputs: O, paths, matrix, values, start } = of;
  const out = new Float64Array(N * O * paths);
  for (let p = 0; p < paths; p++) {
    for (let o = 0; o < O; o++) {
      let a = new Float64Array(N);
      for (const { steps, batch, kept, pulled, examples, noise } of blocks) {
        for (let step = 0; step < steps; step++) {
          const flown = a.map((x, j) => kept[j] * x - pulled[j * O + o]);
          a = flown.slice();
          for (let m = 0; m < batch; m++) {
            const at = (p * steps + step) * batch + m;
            const row = matrix.subarray(examples[at] * N, (examples[at] + 1) * N);
            const r = row.reduce((sum, q, j) => sum + q * (start[j * O + o] + values[j] * flown[j]), 0);
            a.forEach((_x, j) => {
              a[j] += noise[at] * r * row[j];
            });
          }
        }
      }
      a.forEach((x, j) => {
        out[(j * O + o) * paths + p] = x;
      });
    }
  }
  return out;
}

function run(backend: Backend, of: MinibatchPathsRequest, blocks: readonly MinibatchSteps[]): Float64Array {
  const paths = backend.fused!.minibatchPaths!(of);
  try {
    for (const steps of blocks)
      demand(paths.advance(steps) === undefined, 'finite kicks were called not finite');
    return paths.read();
  } finally {
    paths.dispose();
  }
}

/** The part of a block from step `from` to `to`, of paths `first` to `last`. */
function part(
  of: MinibatchPathsRequest,
  steps: MinibatchSteps,
  [from, to]: readonly [number, number],
  [first, last] = [0, of.paths],
): MinibatchSteps {
  const kicks = (all: Int32Array | Float64Array) =>
    Array.from({ length: last - first }, (_, p) => {
      const start = (first + p) * steps.steps;
      return [...all.subarray((start + from) * steps.batch, (start + to) * steps.batch)];
    }).flat();
  const [examples, noise] = [Int32Array.from(kicks(steps.examples)), Float64Array.from(kicks(steps.noise))];
  return { ...steps, steps: to - from, examples, noise };
}

export const minibatchPathsCases: readonly ConformanceCase[] = [
  when(hasPaths, 'fused.minibatchPaths agrees with its definition', (backend) => {
    const tolerance = toleranceOf(backend, 'float64');
    for (const [size, outputs, paths] of [
      [1, 1, 1],
      [3, 2, 5],
      [8, 1, 2],
      [37, 3, 3],
      [130, 1, 70],
    ]) {
      const of = request(size, outputs, paths);
      const before = structuredClone(of);
      const blocks = [1, 3, 4, 9].map((batch, at) => block(of, at + 1, batch, 80 + 10 * at));
      const given = structuredClone(blocks);
      const a = run(backend, of, blocks);
      const expected = byDefinition(of, blocks);
      const scale = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
      close(`[${size}, ${outputs}, ${paths}]`, a, expected, tolerance, scale);
      close('matrix', of.matrix, before.matrix, 0);
      blocks.forEach((steps, at) => {
        close('kept', steps.kept, given[at].kept, 0);
        close('noise', steps.noise, given[at].noise, 0);
      });
    }
  }),

  when(hasPaths, 'fused.minibatchPaths has the same bits however steps and paths are cut', (backend) => {
    const of = request(45, 2, 6);
    const whole = block(of, 7, 6, 90);
    const a = run(backend, of, [whole]);
    const pieces = [part(of, whole, [0, 1]), part(of, whole, [1, 5]), part(of, whole, [5, 7])];
    close('steps in three calls', run(backend, of, pieces), a, 0);
    const some = run(backend, { ...of, paths: 2 }, [part(of, whole, [0, 7], [3, 5])]);
    const same = a.filter((_x, q) => q % 6 === 3 || q % 6 === 4);
    close('two of the paths', some, same, 0);
  }),

  when(
    hasPaths,
    'fused.minibatchPaths calls back once, and tells where paths stop being finite',
    (backend) => {
      const of = request(20, 2, 4);
      const steps = block(of, 5, 4, 100);
      let calls = 0;
      const fine = backend.fused!.minibatchPaths!(of);
      fine.advance(steps, () => calls++);
      fine.dispose();
      demand(calls === 1, `called back ${calls} times`);
      const bad = { ...steps, noise: steps.noise.slice() };
      bad.noise[(2 * 5 + 3) * 4] = Number.MAX_VALUE;
      bad.noise[(2 * 5 + 3) * 4 + 1] = Number.POSITIVE_INFINITY;
      bad.noise[(3 * 5 + 1) * 4] = Number.NaN;
      const paths = backend.fused!.minibatchPaths!(of);
      const failed = paths.advance(bad);
      paths.dispose();
      demand(
        failed?.path === 2 && failed.step === 3,
        `found ${JSON.stringify(failed)}, not path 2 at step 3`,
      );
    },
  ),

  when(hasPaths, 'fused.minibatchPaths refuses what does not fit', (backend) => {
    const of = request(4, 1, 2);
    const start = backend.fused!.minibatchPaths!;
    const short = thrown('matrix', () => start({ ...of, matrix: of.matrix.slice(1) }));
    demand(/matrix/.test(short.message), short.message);
    const paths = start(of);
    const steps = block(of, 2, 3, 110);
    for (const example of [-1, 4]) {
      const examples = steps.examples.slice();
      examples[7] = example;
      const error = thrown('examples', () => paths.advance({ ...steps, examples }));
      demand(/examples\[7\] must be a row of the matrix, 0 to 3/.test(error.message), error.message);
    }
    const few = thrown('noise', () => paths.advance({ ...steps, noise: steps.noise.slice(1) }));
    demand(/noise/.test(few.message), few.message);
    paths.dispose();
  }),
];
