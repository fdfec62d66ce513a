import { ArgumentError } from '@sntk/errors';
import type { FloatArray } from '@sntk/linalg';
import { type ChainRule, chainAverages } from '@sntk/linalg/extending';

/** A rule as `assembly/chain-rule.ts` reads it. */
export interface StoredRule {
  /** False for `θ ← θ − η g`, which the kernels take without a rule. */
  readonly stored: boolean;
  /** Writes the settings of step `step` (0 first) to `address`. */
  write(memory: FloatArray, address: number, at: { step: number; rate: number; distance: number }): void;
}

const DECAY = 1;
const MOMENTUM = 2;
const NESTEROV = 3;
const ADAM = 4;
/** Bytes before the numbers. */
const HEAD = 8;

/** Checks what the kernels rely on, for parameters whose smallest number of full precision is `least`. */
export function storedRule(rule: ChainRule, least: number): StoredRule {
  const { weightDecay } = rule;
  if (rule.kind === 'sgd') {
    const { momentum, nesterov } = rule;
    const kind = chainAverages(rule) === 0 ? DECAY : nesterov ? NESTEROV : MOMENTUM;
    return {
      stored: kind !== DECAY || weightDecay !== 0,
      write: (memory, address, { rate, distance }) =>
        writeSettings(memory, address, [kind, distance], [rate, weightDecay, momentum]),
    };
  }
  const { beta1, beta2, epsilon } = rule;
  if (!(epsilon >= least)) {
    // Where all gradients are 0, as beyond the last unit, ε alone keeps 0/0 away.
    throw new ArgumentError({
      where: 'denseChain',
      argument: 'rule.epsilon',
      wanted: `at least ${least}, a number of the parameters' format`,
      got: epsilon,
    });
  }
  return {
    stored: true,
    write(memory, address, { step, rate, distance }) {
      const first = rate / (1 - beta1 ** (step + 1));
      const root = 1 / Math.sqrt(1 - beta2 ** (step + 1));
      const numbers = [first, rate * weightDecay, beta1, 1 - beta1, beta2, 1 - beta2, root, epsilon];
      writeSettings(memory, address, [ADAM, distance], numbers);
    },
  };
}

function writeSettings(
  memory: FloatArray,
  address: number,
  head: readonly number[],
  numbers: readonly number[],
): void {
  new Uint32Array(memory.buffer, address, 2).set(head);
  memory.set(numbers, (address + HEAD) / memory.BYTES_PER_ELEMENT);
}
