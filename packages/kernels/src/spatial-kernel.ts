import type { Architecture } from '@sntk/architecture';
import { type Backend, type Tensor, tensor } from '@sntk/linalg';
import { sizeOf } from '@sntk/linalg/extending';
import type { KernelPair } from './analytic-kernel.ts';
import { type Images, imagePairs, imageRun, readImages } from './images.ts';
import type { KernelBlock } from './kernel-blocks.ts';
import type { KernelDiagonals } from './kernel-diagonals.ts';
import { spatialPlanOf } from './plan.ts';
import { type SpatialPlan, spatialNodes } from './spatial-nodes.ts';
import { pairRun, type SpatialTape } from './spatial-recursion.ts';
import { checkSize } from './spatial-size.ts';
import { type Buffers, createBuffers } from './spatial-state.ts';

/** A network of images. */
export interface ImageArchitecture extends Architecture {
  readonly inputShape: readonly number[];
}

/** Whether inputs are images: the recursions then go over pairs of sites. */
export function takesImages(architecture: Architecture): architecture is ImageArchitecture {
  return architecture.inputShape !== undefined;
}

export interface SpatialRequest {
  /** The public function that asks. */
  readonly where: string;
  readonly X: Tensor;
  readonly Z?: Tensor | undefined;
}

/** `analyticKernel` of a network of images. */
export function spatialKernel(architecture: ImageArchitecture, request: SpatialRequest): KernelPair {
  const job = prepare(architecture, request);
  const { nngp, ntk } = fillRows(job, 0, job.x.count);
  return { nngp, ntk };
}

/** `kernelBlocks` of a network of images. */
export function* spatialBlocks(
  architecture: ImageArchitecture,
  request: SpatialRequest & { readonly rows: number },
): Generator<KernelBlock, void, undefined> {
  const job = prepare(architecture, request);
  for (let start = 0; start < job.x.count; start += request.rows) {
    yield fillRows(job, start, Math.min(start + request.rows, job.x.count));
  }
}

/** `kernelDiagonals` of a network of images. */
export function spatialDiagonals(architecture: ImageArchitecture, request: SpatialRequest): KernelDiagonals {
  const { where, X } = request;
  const { inputShape: shape } = architecture;
  const plan = planOfImages(architecture, where);
  const x = readImages('options.X', X, { where, shape });
  checkSize(where, plan, { examples: 1, entries: x.count });
  const buffers = createBuffers();
  const both = { nngp: new Float64Array(x.count), ntk: new Float64Array(x.count) };
  const run = imageRun(x, { plan, buffers, where, argument: 'options.X' });
  for (let i = 0; i < x.count; i++) ({ nngp: both.nngp[i], ntk: both.ntk[i] } = run(i));
  const of = (name: 'nngp' | 'ntk'): Tensor => tensor(both[name], { backend: X.backend, shape: [x.count] });
  return { nngp: of('nngp'), ntk: of('ntk') };
}

function planOfImages(architecture: ImageArchitecture, where: string): SpatialPlan {
  const { inputShape: shape } = architecture;
  return spatialNodes(spatialPlanOf(architecture, shape, where), sizeOf(shape.slice(0, -1)));
}

interface Job {
  readonly backend: Backend;
  readonly plan: SpatialPlan;
  readonly buffers: Buffers;
  readonly x: Images;
  readonly z: Images;
  readonly xTape: (i: number) => SpatialTape;
  readonly zTapes: readonly SpatialTape[];
  /** X against itself. */
  readonly symmetric: boolean;
}

function prepare(architecture: ImageArchitecture, request: SpatialRequest & { rows?: number }): Job {
  const { where, X, Z } = request;
  const { inputShape: shape } = architecture;
  const plan = planOfImages(architecture, where);
  const x = readImages('options.X', X, { where, shape });
  const z = Z ? readImages('options.Z', Z, { where, shape }) : x;
  const rows = Math.min(request.rows ?? x.count, x.count);
  checkSize(where, plan, { examples: z.count + (Z ? 1 : 0), entries: rows * z.count });
  const buffers = createBuffers();
  const options = { plan, buffers, where };
  const zRun = imageRun(z, { ...options, argument: Z ? 'options.Z' : 'options.X' });
  const zTapes = Array.from({ length: z.count }, (_, j) => zRun(j));
  const xTape = Z ? imageRun(x, { ...options, argument: 'options.X' }) : (i: number) => zTapes[i];
  return { backend: X.backend, plan, buffers, x, z, xTape, zTapes, symmetric: !Z };
}

/** Rows `start` to `stop` of both kernels. */
function fillRows(job: Job, start: number, stop: number): KernelBlock {
  const { backend, plan, buffers, x, z, xTape, zTapes, symmetric } = job;
  const M = z.count;
  const both = { nngp: new Float64Array((stop - start) * M), ntk: new Float64Array((stop - start) * M) };
  const run = pairRun(plan, buffers);
  for (let i = start; i < stop; i++) {
    const u = xTape(i);
    for (let j = 0; j < M; j++) {
      const at = (i - start) * M + j;
      // Symmetric to the last bit: a pair that the rows have is copied, any other begins with its later image.
      const mirror = symmetric && j > i;
      if (mirror && j < stop) continue;
      const v = zTapes[j];
      if (symmetric && i === j) [both.nngp[at], both.ntk[at]] = [u.nngp, u.ntk];
      else {
        const found = mirror
          ? run(imagePairs(z, j, x, i, { full: plan.full, buffers }), v, u)
          : run(imagePairs(x, i, z, j, { full: plan.full, buffers }), u, v);
        [both.nngp[at], both.ntk[at]] = [found.nngp, found.ntk];
      }
      if (symmetric && j >= start && j < i) {
        both.nngp[(j - start) * M + i] = both.nngp[at];
        both.ntk[(j - start) * M + i] = both.ntk[at];
      }
    }
  }
  const shape = [stop - start, M];
  return {
    start,
    stop,
    nngp: tensor(both.nngp, { backend, shape }),
    ntk: tensor(both.ntk, { backend, shape }),
  };
}
