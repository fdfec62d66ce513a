import type { Merge } from '@sntk/architecture';
import { type Tensor, toArray } from '@sntk/linalg';
import { type Applied, type Jet, mapJet, multiplyJets, sumOf, tensorLike, zerosLike } from '../jet.ts';

/** What branches made of one input, merged; on the way back each gets its share of the signal. */
export function mergeBranches(
  merge: Merge,
  branches: readonly Applied[],
  widths: readonly number[],
): Applied {
  const outputs = branches.map(({ output }) => output);
  const { output, share } = merges[merge](outputs, widths);
  return {
    output,
    pull(signal, signals) {
      const below = branches
        .map(({ pull }, i) => pull(share(signal, i), signals))
        .filter((jet) => jet !== undefined);
      return below.length > 0 ? addJets(below) : undefined;
    },
  };
}

interface Merged {
  readonly output: Jet;
  /** The part of a signal that belongs to a branch. */
  readonly share: (signal: Jet, branch: number) => Jet;
}

const merges: Readonly<Record<Merge, (outputs: readonly Jet[], widths: readonly number[]) => Merged>> = {
  sum: (outputs) => ({ output: addJets(outputs), share: (signal) => signal }),

  product: (outputs) => ({
    output: outputs.reduce(multiplyJets),
    share(signal, branch) {
      const others = outputs.filter((_, i) => i !== branch);
      return others.length > 0 ? multiplyJets(signal, others.reduce(multiplyJets)) : signal;
    },
  }),

  concatenate: (outputs, widths) => {
    const starts = widths.map((_, i) => widths.slice(0, i).reduce((a, b) => a + b, 0));
    const whole = widths.reduce((a, b) => a + b);
    const join = (parts: readonly (Tensor | undefined)[]): Tensor | undefined => {
      if (parts.every((part) => part === undefined)) return undefined;
      const rows = outputs[0].value.shape[0];
      const out = zerosLike(outputs[0].value, rows * whole);
      parts.forEach((part, i) => {
        if (!part) return;
        const from = toArray(part);
        for (let row = 0; row < rows; row++) {
          out.set(from.subarray(row * widths[i], (row + 1) * widths[i]), row * whole + starts[i]);
        }
      });
      return tensorLike(outputs[0].value, out, [rows, whole]);
    };
    return {
      output: {
        value: join(outputs.map(({ value }) => value))!,
        first: join(outputs.map(({ first }) => first)),
        second: join(outputs.map(({ second }) => second)),
      },
      share: (signal, i) => mapJet(signal, (a) => columnsOf(a, starts[i], widths[i])),
    };
  },
};

function addJets(jets: readonly Jet[]): Jet {
  return {
    value: sumOf(jets.map(({ value }) => value))!,
    first: sumOf(jets.map(({ first }) => first)),
    second: sumOf(jets.map(({ second }) => second)),
  };
}

function columnsOf(a: Tensor, start: number, width: number): Tensor {
  const [rows, whole] = a.shape;
  const from = toArray(a);
  const out = zerosLike(a, rows * width);
  for (let row = 0; row < rows; row++) {
    out.set(from.subarray(row * whole + start, row * whole + start + width), row * width);
  }
  return tensorLike(a, out, [rows, width]);
}
