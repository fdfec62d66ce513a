/*
 * What threads do: the protocol between them and a worker's whole program. The build turns this file into a script of its own
 * for workers, so it imports nothing.
 *
 * Calls of kernels are written to a ring of records. Tickets count them for ever: NEXT is the first that nobody has taken,
 * LIMIT the first that is not there yet, DONE how many have been carried out. Since the three only grow, a thread that was
 * held up can neither take a ticket twice nor one of a job that is over.
 */

/** Places in the control array, of 32-bit integers that wrap. */
const NEXT = 0;
export const LIMIT = 1;
export const DONE = 2;
/** Changes when there is something to do, or to stop for; idle workers wait on it. */
export const EPOCH = 3;
export const STOP = 4;
/** 1 more than the number of a kernel that trapped in a worker. */
export const TRAPPED = 5;
export const CONTROLS = 6;

/** Records in the ring, a power of two. */
export const RECORDS = 1024;
/** Numbers in a record: kernel, count of arguments, address and bytes of the threads' work space, arguments. */
export const RECORD = 20;
const HEADER = 4;

/** How often an idle worker looks for work before it sleeps, about a tenth of a millisecond: waking up takes as long as a short job. */
const LOOKS = 20_000;

export type Kernel = (...args: number[]) => unknown;

/** A place of its own for each thread, passed to a kernel as its last argument. */
export interface WorkSpace {
  readonly at: number;
  readonly bytes: number;
}

/** What a worker is started with. */
export interface ThreadData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: Int32Array;
  readonly records: Float64Array;
  /** Kernels in the order of their numbers. */
  readonly names: readonly string[];
  /** The number of this thread; 0 is the one that hands out. */
  readonly thread: number;
  /** Address of this thread's scratch. */
  readonly scratch: number;
}

export function writeCall(
  records: Float64Array,
  ticket: number,
  kernel: number,
  args: readonly number[],
  work: WorkSpace | undefined,
): void {
  const at = (ticket & (RECORDS - 1)) * RECORD;
  records[at] = kernel;
  records[at + 1] = args.length;
  records[at + 2] = work ? work.at : 0;
  records[at + 3] = work ? work.bytes : 0;
  records.set(args, at + HEADER);
}

/** The place of a record that now is this thread's to carry out, or −1. */
export function takeCall(control: Int32Array): number {
  for (;;) {
    const ticket = Atomics.load(control, NEXT);
    if (((Atomics.load(control, LIMIT) - ticket) | 0) <= 0) return -1;
    if (Atomics.compareExchange(control, NEXT, ticket, (ticket + 1) | 0) === ticket) {
      return (ticket & (RECORDS - 1)) * RECORD;
    }
  }
}

export function runCall(kernels: readonly Kernel[], records: Float64Array, at: number, thread: number): void {
  const args = Array.from(records.subarray(at + HEADER, at + HEADER + records[at + 1]));
  const bytes = records[at + 3];
  if (bytes > 0) args.push(records[at + 2] + thread * bytes);
  kernels[records[at]](...args);
}

export function finishCall(control: Int32Array): void {
  const done = (Atomics.add(control, DONE, 1) + 1) | 0;
  if (done === Atomics.load(control, LIMIT)) Atomics.notify(control, DONE);
}

/** Carries out calls until it is stopped. Blocks; `started` is called when the kernels are there. */
function serve(
  { module, memory, control, records, names, thread, scratch }: ThreadData,
  started: () => void,
): void {
  const instantiate = (): readonly Kernel[] => {
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    (exports.useScratch as Kernel)(scratch);
    return names.map((name) => exports[name] as Kernel);
  };
  let kernels = instantiate();
  started();
  for (;;) {
    const epoch = Atomics.load(control, EPOCH);
    for (let at = takeCall(control); at >= 0; at = takeCall(control)) {
      try {
        runCall(kernels, records, at, thread);
      } catch {
        Atomics.store(control, TRAPPED, records[at] + 1);
        kernels = instantiate();
      }
      finishCall(control);
    }
    if (Atomics.load(control, STOP) !== 0) return;
    let looks = LOOKS;
    while (looks > 0 && Atomics.load(control, EPOCH) === epoch) looks--;
    if (looks === 0) Atomics.wait(control, EPOCH, epoch);
  }
}

/**
 * A worker's program, in Node and in a browser.
 *
 * @public called at the end of the script that the build makes of this file
 */
export function boot(): void {
  const host = globalThis.process?.getBuiltinModule?.('node:worker_threads');
  if (host) {
    serve(host.workerData as ThreadData, () => host.parentPort?.postMessage('started'));
    return;
  }
  globalThis.onmessage = ({ data }: MessageEvent<ThreadData>) => {
    serve(data, () => globalThis.postMessage('started'));
    globalThis.close();
  };
}
