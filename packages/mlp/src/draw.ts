import { ArgumentError } from '@sntk/errors';
import type { Minibatches } from '@sntk/random';

function everything(samples: number): Minibatches {
  const all = Int32Array.from({ length: samples }, (_, i) => i);
  return { stepsPerEpoch: 1, at: () => all };
}

/** The examples of a small step, and what each one's gradient counts in it. */
export interface Drawn {
  readonly examples: Int32Array;
  readonly weights: Float64Array;
  readonly rows: number;
}

/** Draws the examples of small steps, of one minibatch or, for SVAG, of two; all examples where there are no minibatches. */
export function drawer(
  where: string,
  options: {
    readonly batches: Minibatches | undefined;
    readonly svag: number;
    readonly samples: number;
  },
): { readonly maxRows: number; at(n: number): Drawn } {
  const { svag, samples, batches = everything(samples) } = options;
  const root = Math.sqrt(2 * svag - 1);
  const parts = svag === 1 ? [1] : [(1 + root) / 2, (1 - root) / 2];
  const first = batches.at(0);
  const most = first.length;
  checkBatch(where, first, { samples, most });
  const maxRows = most * parts.length;
  const examples = new Int32Array(maxRows);
  const weights = new Float64Array(maxRows);
  return {
    maxRows,
    at(n) {
      let rows = 0;
      parts.forEach((part, i) => {
        const batch = batches.at(n * parts.length + i);
        checkBatch(where, batch, { samples, most });
        examples.set(batch, rows);
        weights.fill(part / batch.length, rows, rows + batch.length);
        rows += batch.length;
      });
      return { examples, weights, rows };
    },
  };
}

function checkBatch(
  where: string,
  batch: Int32Array,
  { samples, most }: { samples: number; most: number },
): void {
  const refuse = (wanted: string, got: string): never => {
    throw new ArgumentError({ where, argument: 'options.batches', wanted, got });
  };
  if (batch.length === 0) refuse('minibatches of one example at least', 'an empty one');
  if (batch.length > most) refuse(`minibatches no larger than the first, ${most}`, `one of ${batch.length}`);
  for (const example of batch) {
    if (!(example >= 0 && example < samples)) {
      refuse(`minibatches of ${samples} examples, one per row of X`, `example ${example}`);
    }
  }
}
