import { ArgumentError, checkFinite, checkInteger, checkLength } from '@sntk/errors';
import type { FloatArray } from '@sntk/linalg';

/** What a run's parameters belong to. */
export interface RunIdentity {
  readonly architecture: string;
  readonly loss: string;
  readonly optimizer: string;
}

/** All that a run needs to go on as if it had not stopped: plain data that `structuredClone` copies. */
export interface Checkpoint extends RunIdentity {
  /** Steps done. */
  readonly step: number;
  readonly theta: FloatArray;
  /** The optimizer's running averages. */
  readonly moments: readonly FloatArray[];
}

/** Throws for a checkpoint of another run, by name, and for one that does not hold what a run needs. */
export function checkResume(
  where: string,
  resume: Checkpoint,
  run: {
    readonly identity: RunIdentity;
    readonly theta: FloatArray;
    readonly averages: number;
    readonly steps: number;
  },
): void {
  const { identity, theta, averages, steps } = run;
  for (const part of ['architecture', 'loss', 'optimizer'] as const) {
    if (resume[part] !== identity[part]) {
      throw new ArgumentError({
        where,
        argument: `options.resume.${part}`,
        wanted: JSON.stringify(identity[part]),
        got: resume[part],
        fix: 'resume with what the run was started with',
      });
    }
  }
  const step = checkInteger(where, 'options.resume.step', resume.step);
  if (step >= steps) {
    const argument = 'options.steps';
    throw new ArgumentError({ where, argument, wanted: `above the ${step} done before`, got: steps });
  }
  if (resume.moments.length !== averages) {
    throw new ArgumentError({
      where,
      argument: 'options.resume.moments',
      wanted: `${averages} arrays, one an average`,
      got: resume.moments.length,
    });
  }
  for (const array of [resume.theta, ...resume.moments]) {
    checkLength(where, 'options.resume', array, theta.length, 'one per parameter of the architecture');
    checkFinite(where, 'options.resume', array);
    if (array.constructor !== theta.constructor) {
      throw new ArgumentError({
        where,
        argument: 'options.resume',
        wanted: `of ${theta.constructor.name}s, the number format of the run`,
        got: array,
        fix:
          array instanceof Float32Array
            ? 'give theta as a Float32Array'
            : 'give theta as a Float64Array and a CPU backend, or round theta and moments of the checkpoint to float32',
      });
    }
  }
}
