import { ArgumentError, checkInteger, checkLength } from '@sntk/errors';
import { chainAverages } from './chain-rule.ts';
import { emptyLike } from './elementwise.ts';
import type { ChainRule, DenseChainRequest } from './fused.ts';
import type { FloatArray } from './tensor.ts';

const PLAIN: ChainRule = { kind: 'sgd', momentum: 0, nesterov: false, weightDecay: 0 };

/** Throws for a request that does not fit together, and fills in what it leaves out. */
export function checkChainRequest(request: DenseChainRequest): Required<DenseChainRequest> {
  const { layers, parameters, maxRows, rule = PLAIN, steps = 0 } = request;
  const where = 'denseChain';
  checkInteger(where, 'maxRows', maxRows, 1);
  checkInteger(where, 'steps', steps);
  checkInteger(where, 'layers.length', layers.length, 1);
  let size = 0;
  layers.forEach(({ inputs, outputs }, l) => {
    checkInteger(where, `layers[${l}].inputs`, inputs, 1);
    checkInteger(where, `layers[${l}].outputs`, outputs, 1);
    if (l > 0 && inputs !== layers[l - 1].outputs) {
      throw new ArgumentError({
        where,
        argument: `layers[${l}].inputs`,
        wanted: `${layers[l - 1].outputs}, the outputs of the layer before`,
        got: inputs,
      });
    }
    size += inputs * outputs + outputs;
  });
  checkLength(where, 'parameters', parameters, size, 'weights and biases of all layers');
  const averages = checkChainAverages(request.averages, rule, parameters);
  return { layers, parameters, maxRows, rule, averages, steps };
}

/** Throws unless averages are those of a rule, in the format and length of its parameters; zeros unless given. */
export function checkChainAverages(
  averages: readonly FloatArray[] | undefined,
  rule: ChainRule,
  parameters: FloatArray,
): readonly FloatArray[] {
  const count = chainAverages(rule);
  const { length } = parameters;
  if (!averages) return Array.from({ length: count }, () => emptyLike(parameters, length));
  const fits = averages.every(
    (array) => array.constructor === parameters.constructor && array.length === length,
  );
  if (averages.length === count && fits) return averages;
  throw new ArgumentError({
    where: 'denseChain',
    argument: 'averages',
    wanted: `${count} arrays of the parameters' format and length, ${length}`,
    got: [...averages],
  });
}

/** Throws unless a pass of `rows` rows of `inputs` fits a chain of at most `maxRows`. */
export function checkChainInput(
  x: FloatArray,
  rows: number,
  chain: { readonly inputs: number; readonly maxRows: number },
): void {
  const where = 'DenseChain.forward';
  checkInteger(where, 'rows', rows, 1);
  if (rows > chain.maxRows) {
    throw new ArgumentError({
      where,
      argument: 'rows',
      wanted: `at most ${chain.maxRows}`,
      got: rows,
      fix: 'make the chain with a larger maxRows',
    });
  }
  checkLength(where, 'x', x, rows * chain.inputs, 'rows × inputs');
}

/** Throws unless a gradient is that of a pass of `rows` rows; 0 says that there was no pass since the last step. */
export function checkChainGradient(gradient: FloatArray, rows: number, outputs: number): void {
  const where = 'DenseChain.descend';
  if (rows === 0) {
    throw new ArgumentError({
      where,
      argument: 'gradient',
      wanted: 'taken at a forward pass with the present parameters',
      got: 'no forward pass since the last step',
      fix: 'call forward before each descend',
    });
  }
  checkLength(where, 'gradient', gradient, rows * outputs, 'rows × outputs');
}
