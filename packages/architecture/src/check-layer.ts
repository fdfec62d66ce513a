import { ArgumentError, checkInteger, checkNonNegative, checkPositive } from '@sntk/errors';
import type { Layer } from './architecture.ts';
import { checkActivation } from './check-activation.ts';
import { checkParameterization } from './fully-connected.ts';
import { checkBranches, checkKeep } from './layers.ts';
import { checkReduction } from './pooling.ts';
import { checkWindow, type Window } from './window.ts';

/**
 * Throws unless the numbers and names of a layer, which may be written by hand or read from a file, mean something: widths
 * that are positive integers, σ_w² above 0, σ_b² of at least 0, windows and strides of positive integers, `keep` in (0, 1],
 * a kind, a merge and a reduction that there are, one branch at least. Layers within it are not looked at.
 *
 * @throws ArgumentError that names the field, as `argument.field`.
 * @example
 * ```ts
 * import { checkLayer, dense } from '@sntk/architecture';
 *
 * try {
 *   checkLayer('myKernel', 'layers[0]', { ...dense(3), weightVariance: -1 });
 * } catch (error) {
 *   console.log(error.message); // myKernel: layers[0].weightVariance must be a finite number above 0, got -1
 * }
 * ```
 */
export function checkLayer(where: string, argument: string, layer: Layer): void {
  switch (layer?.kind) {
    case 'dense':
    case 'convolution':
      if (layer.kind === 'convolution') checkWindowOf(where, argument, layer);
      checkInteger(where, `${argument}.outputs`, layer.outputs, 1);
      checkPositive(where, `${argument}.weightVariance`, layer.weightVariance);
      checkNonNegative(where, `${argument}.biasVariance`, layer.biasVariance);
      checkParameterization(where, layer.parameterization, `${argument}.parameterization`);
      break;
    case 'pooling':
    case 'globalPooling':
      if (layer.kind === 'pooling') checkWindowOf(where, argument, layer);
      checkReduction(where, `${argument}.reduce`, layer.reduce);
      break;
    case 'layerNorm':
      checkPositive(where, `${argument}.epsilon`, layer.epsilon);
      break;
    case 'dropout':
      checkKeep(where, `${argument}.keep`, layer.keep);
      break;
    case 'branches':
      checkBranches(where, layer, { merge: `${argument}.merge`, branches: `${argument}.branches` });
      break;
    case 'activation':
      checkActivation(where, `${argument}.activation`, layer.activation);
      break;
    case 'identity':
    case 'serial':
    case 'flatten':
      break;
    default:
      throw new ArgumentError({
        where,
        argument: `${argument}.kind`,
        wanted: 'a kind of layer that @sntk/architecture has',
        got: (layer as Layer | undefined)?.kind,
      });
  }
}

function checkWindowOf(where: string, argument: string, layer: Window): void {
  checkWindow(where, layer.window, layer, { window: `${argument}.window`, options: argument });
}
