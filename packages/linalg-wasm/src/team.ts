import { UnavailableError } from '@sntk/errors';
import {
  CONTROLS,
  DONE,
  EPOCH,
  finishCall,
  type Kernel,
  LIMIT,
  RECORD,
  RECORDS,
  runCall,
  STOP,
  TRAPPED,
  takeCall,
  type WorkSpace,
  writeCall,
} from './thread.ts';

/** Calls of one kernel, in any order and on any thread: none may read what another writes. */
export interface Job<Name extends string = string> {
  readonly kernel: Name;
  readonly calls: readonly (readonly number[])[];
  /** Given to each call as its last argument, `bytes` further on for each thread. */
  readonly work?: WorkSpace;
}

/** The threads that carry out jobs. The one that calls is one of them; the others may come late, or never. */
export interface Team<Name extends string = string> {
  /** How many take part. */
  readonly threads: number;
  /** Places in a work space: their numbers are below this, also where some did not start. */
  readonly places: number;
  /** Begins a job of at most `RECORDS` calls and returns; `finish` has to be called before the next one. */
  start(job: Job<Name>): void;
  /** Helps with the job that was started until it is done. Throws what a kernel threw. */
  finish(): void;
  /** Both, for any number of calls. */
  run(job: Job<Name>): void;
}

/** Thrown when a worker does not come back from a call: what it writes to must not be used again. */
export class ThreadLost extends Error {}

/**
 * A call may take so many waits of so many milliseconds after all others are done; calls are cut to take a few. Counting waits
 * rather than time forgives a process that was stopped and went on.
 */
const WAITS = 20;
const WAIT = 100;
/** How often the end of a job is looked for before sleeping until it: about a tenth of a millisecond, some times what waking up takes. */
const LOOKS = 20_000;
/**
 * A wait that is longer than this, in milliseconds, and than what the calling thread did itself, tells of a machine whose cores
 * are taken: the next job, and twice as many each time, at most this many, are done alone. They become fewer when workers have
 * saved as much time as they cost, at most this many milliseconds.
 */
const LONG_WAIT = 1;
const MOST_ALONE = 64;
const MOST_DEBT = 1000;

/** A team of the calling thread alone. */
export function soloTeam<Name extends string>(kernels: Readonly<Record<Name, unknown>>): Team<Name> {
  let pending: Job<Name> | undefined;
  const finish = (): void => {
    const job = pending;
    pending = undefined;
    if (!job) return;
    const kernel = kernels[job.kernel] as Kernel;
    for (const args of job.calls) {
      if (job.work) kernel(...args, job.work.at);
      else kernel(...args);
    }
  };
  return {
    threads: 1,
    places: 1,
    start(job) {
      pending = job;
    },
    finish,
    run(job) {
      pending = job;
      finish();
    },
  };
}

/** What a team shares with its workers. */
export interface Shared {
  readonly control: Int32Array;
  readonly records: Float64Array;
}

export function createShared(): Shared {
  return {
    control: new Int32Array(new SharedArrayBuffer(CONTROLS * 4)),
    records: new Float64Array(new SharedArrayBuffer(RECORDS * RECORD * 8)),
  };
}

/** A team whose workers come and go. */
export interface WorkerTeam<Name extends string> extends Team<Name> {
  /** Takes in a worker, ended by `end`. */
  join(worker: { end(): void }): void;
  /** Ends the workers; from then on the calling thread works alone. */
  dispose(): void;
}

/** The calling thread and up to `places − 1` workers that run `serve` of `thread.ts` on what is shared; `names` numbers the kernels. */
export function workerTeam<Name extends string>(
  kernels: Readonly<Record<Name, unknown>>,
  names: readonly Name[],
  { control, records }: Shared,
  places: number,
): WorkerTeam<Name> {
  const solo = soloTeam(kernels);
  const own = names.map((name) => kernels[name] as Kernel);
  let workers: { end(): void }[] = [];
  /** Whether the job that was started went to the workers. */
  let handedOut = false;
  /** How many jobs are still to be done alone, and how many after the next long wait. */
  let alone = 0;
  let penalty = 1;
  /** Milliseconds that this thread has waited in vain and workers have not made good yet. */
  let debt = 0;

  function judge(worked: number, waited: number): void {
    if (waited > LONG_WAIT && waited > worked) {
      alone = penalty;
      penalty = Math.min(MOST_ALONE, 2 * penalty);
      debt = Math.min(MOST_DEBT, debt + waited);
    } else {
      debt = Math.max(0, debt - worked);
      if (debt === 0) penalty = Math.max(1, penalty / 2);
    }
  }

  function wake(): void {
    Atomics.add(control, EPOCH, 1);
    Atomics.notify(control, EPOCH);
  }

  function dispose(): void {
    Atomics.store(control, STOP, 1);
    wake();
    for (const worker of workers) worker.end();
    workers = [];
  }

  function start(job: Job<Name>): void {
    const worthwhile = workers.length > 0 && job.calls.length > 1;
    handedOut = worthwhile && alone === 0;
    if (!handedOut) {
      if (worthwhile) alone--;
      solo.start(job);
      return;
    }
    if (job.calls.length > RECORDS) throw new RangeError(`a job has at most ${RECORDS} calls`);
    const first = Atomics.load(control, LIMIT);
    const kernel = names.indexOf(job.kernel);
    job.calls.forEach((args, at) => {
      writeCall(records, first + at, kernel, args, job.work);
    });
    Atomics.store(control, LIMIT, (first + job.calls.length) | 0);
    wake();
  }

  function finish(): void {
    if (!handedOut) {
      solo.finish();
      return;
    }
    handedOut = false;
    const began = performance.now();
    let failure: unknown;
    for (let at = takeCall(control); at >= 0; at = takeCall(control)) {
      try {
        runCall(own, records, at, 0);
      } catch (error) {
        failure ??= error;
      }
      finishCall(control);
    }
    const finished = performance.now();
    if (!waitUntilDone(control)) {
      dispose();
      throw new ThreadLost();
    }
    judge(finished - began, performance.now() - finished);
    const trapped = Atomics.exchange(control, TRAPPED, 0);
    if (failure !== undefined) throw failure;
    if (trapped > 0) {
      throw new UnavailableError(
        `wasm ${names[trapped - 1]}`,
        'the kernel stopped in a worker; its result is lost, what was in memory before is not',
      );
    }
  }

  return {
    get threads() {
      return 1 + workers.length;
    },
    places,
    start,
    finish,
    run(job) {
      // Products on many threads may be cut into more calls than there are records.
      for (let from = 0; from < job.calls.length; from += RECORDS) {
        start({ ...job, calls: job.calls.slice(from, from + RECORDS) });
        finish();
      }
    },
    join(worker) {
      workers.push(worker);
    },
    dispose,
  };
}

/** Waits for calls that workers have taken; false when one does not come back. */
function waitUntilDone(control: Int32Array): boolean {
  const limit = Atomics.load(control, LIMIT);
  for (let look = 0; look < LOOKS; look++) if (Atomics.load(control, DONE) === limit) return true;
  const sleeps = canSleep();
  let before = Atomics.load(control, DONE);
  let waits = 0;
  while (before !== limit) {
    if (sleeps) Atomics.wait(control, DONE, before, WAIT);
    else lookUntilChanged(control, before, WAIT);
    const done = Atomics.load(control, DONE);
    waits = done === before ? waits + 1 : 0;
    if (waits === WAITS) return false;
    before = done;
  }
  return true;
}

function lookUntilChanged(control: Int32Array, before: number, milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (Atomics.load(control, DONE) === before && performance.now() < end);
}

/** A page's main thread must not sleep and has to look again and again; calls take milliseconds. */
function canSleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
    return true;
  } catch {
    return false;
  }
}
