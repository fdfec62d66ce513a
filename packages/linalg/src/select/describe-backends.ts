import { checkInteger, checkPositive } from '@sntk/errors';
import type { Backend } from '../backend.ts';
import { tensor } from '../create.ts';
import { matmul } from '../ops.ts';
import type { DType, Tensor } from '../tensor.ts';

/**
 * A backend that may or may not be here. This package cannot name the others itself, because they depend on it: whoever
 * has them installed lists them.
 */
export interface BackendCandidate {
  readonly name: string;
  /** Gives the backend or throws; packages that may be missing are imported in here. */
  create(): Backend | Promise<Backend>;
}

/** What is known about a candidate. */
export interface BackendReport {
  readonly name: string;
  /** The backend, when it is here. */
  readonly backend?: Backend;
  /** Why it is not here, when it is not. */
  readonly missing?: string;
  readonly dtypes: readonly DType[];
  /** How many threads its products use, where the backend knows. */
  readonly threads?: number;
  /** Measured speed of a matrix product in 10⁹ floating-point operations a second, for each dtype. */
  readonly gflops: Readonly<Partial<Record<DType, number>>>;
}

export interface DescribeOptions {
  /** Rows and columns of the matrices that are multiplied, 384 unless told. */
  readonly size?: number;
  /** How long a dtype of a backend is measured, in milliseconds; 60 unless told, and at least three products. */
  readonly milliseconds?: number;
}

/**
 * Tries candidates one after another and measures those that are here.
 *
 * The speed is that of the fastest of several products of `size` × `size` matrices, results read back from devices
 * included. It changes with what else the machine does.
 *
 * @throws ArgumentError for a size that is no integer of at least 1 or a time that is not positive. A candidate that throws is reported.
 * @example
 * ```ts
 * import { ndarrayBackend } from '@sntk/linalg';
 * import { describeBackends } from '@sntk/linalg/backends';
 *
 * const reports = await describeBackends([
 *   { name: 'ndarray', create: ndarrayBackend },
 *   { name: 'wasm', create: async () => (await import('@sntk/linalg-wasm')).wasmBackend() },
 * ]);
 * console.log(reports[0].name, reports[0].threads, reports[0].gflops.float64 > 0); // ndarray 1 true
 * ```
 */
export async function describeBackends(
  candidates: readonly BackendCandidate[],
  options: DescribeOptions = {},
): Promise<readonly BackendReport[]> {
  const size = checkInteger('describeBackends', 'options.size', options.size ?? 384, 1);
  const time = checkPositive('describeBackends', 'options.milliseconds', options.milliseconds ?? 60);
  const reports: BackendReport[] = [];
  for (const { name, create } of candidates) {
    try {
      const backend = await create();
      const gflops: Partial<Record<DType, number>> = {};
      for (const dtype of backend.dtypes) gflops[dtype] = await measure(backend, dtype, size, time);
      const threads = backend.threads === undefined ? {} : { threads: backend.threads };
      reports.push({ name, backend, dtypes: backend.dtypes, ...threads, gflops });
    } catch (error) {
      reports.push({ name, missing: messageOf(error), dtypes: [], gflops: {} });
    }
  }
  return reports;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function measure(backend: Backend, dtype: DType, size: number, time: number): Promise<number> {
  // Neither zeros nor subnormal results, on which processors are faster or slower.
  const entries = Float64Array.from({ length: size * size }, (_, i) => 1 + ((i * 7) % 13) / 13);
  const a = tensor(entries, { backend, dtype, shape: [size, size] });
  let best = Number.POSITIVE_INFINITY;
  const start = performance.now();
  for (let run = 0; run < 3 || performance.now() - start < time; run++) {
    const before = performance.now();
    const c = matmul(a, a);
    if (backend.device === 'gpu') await finished(c);
    best = Math.min(best, performance.now() - before);
    c.dispose();
  }
  a.dispose();
  // A clock may be too coarse for a small product; it shows at most its own step.
  return (2 * size ** 3) / Math.max(best, 1e-3) / 1e6;
}

/** A device works while JavaScript goes on; it has finished when the entries are here. */
async function finished(c: Tensor): Promise<void> {
  await c.read();
}
