/** What an error tells: who refused, which argument, what was wanted, what came, and how to mend it. */
export interface ArgumentProblem {
  /** The public function that refused, for example `cholesky`. */
  readonly where: string;
  /** The argument's name as the caller wrote it, for example `options.jitter`. */
  readonly argument: string;
  /** What would have been accepted. */
  readonly wanted: string;
  /** What came instead. */
  readonly got: unknown;
  /** What the caller can do about it, when that is not plain from `wanted`. */
  readonly fix?: string;
}

/** What went wrong in a computation whose arguments were well formed. */
export interface NumericalProblem {
  readonly where: string;
  /** What was found, with the number: `pivot 3 is -2.1e-9`. */
  readonly found: string;
  readonly fix?: string;
  /** Machine-readable details: the step, the loss, the stable rate. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** Base of every error this toolkit throws on purpose. */
export class SntkError extends Error {
  override readonly name: string = 'SntkError';
  /** The public function that threw. */
  readonly where: string;

  constructor(where: string, message: string, options?: ErrorOptions) {
    super(`${where}: ${message}`, options);
    this.where = where;
  }
}

/** An argument of the wrong kind, range or shape. */
export class ArgumentError extends SntkError {
  override readonly name: string = 'ArgumentError';
  readonly argument: string;

  constructor(problem: ArgumentProblem) {
    const fix = problem.fix ? `; ${problem.fix}` : '';
    super(problem.where, `${problem.argument} must be ${problem.wanted}, got ${show(problem.got)}${fix}`);
    this.argument = problem.argument;
  }
}

/** A computation that cannot go on: a negative pivot, divergence, a rate above its limit. */
export class NumericalError extends SntkError {
  override readonly name: string = 'NumericalError';
  readonly details: Readonly<Record<string, unknown>>;

  constructor(problem: NumericalProblem) {
    const fix = problem.fix ? `; ${problem.fix}` : '';
    super(problem.where, `${problem.found}${fix}`, { cause: problem.cause });
    this.details = problem.details ?? {};
  }
}

/** Something this machine or this backend does not have: a library, a device, an operation. */
export class UnavailableError extends SntkError {
  override readonly name: string = 'UnavailableError';
}

/** A short rendering of any value for a message. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) {
    return value.length <= 8 ? `[${value.map(show).join(', ')}]` : `an array of ${value.length}`;
  }
  if (ArrayBuffer.isView(value)) {
    return `${value.constructor.name}(${(value as unknown as { length: number }).length})`;
  }
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
  if (value !== null && typeof value === 'object')
    return `an object with keys ${Object.keys(value).join(', ')}`;
  return String(value);
}
