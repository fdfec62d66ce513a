import { type Activation, linear } from '@sntk/architecture';
import { UnavailableError } from '@sntk/errors';
import { type Backend, type Tensor, tensor } from '@sntk/linalg';
import { type DeviceActivation, deviceActivation } from './device-activations.ts';
import type { Plan, Step } from './plan.ts';

/** A network as a device reads it. An owned resource: `selections` are on the device. */
export interface DevicePlan {
  readonly plan: Plan;
  /** Of every activation but the linear one, which does nothing. */
  readonly activations: ReadonlyMap<Activation, DeviceActivation>;
  /**
   * For each concatenation the matrices `[width, width of a branch]` of zeros and ones that pick a branch's columns: backends have
   * products, but no slices.
   */
  readonly selections: ReadonlyMap<Step, readonly Tensor[]>;
}

/**
 * Looks up what a device has for a network.
 *
 * @throws UnavailableError for an activation that has no tensor form, and for convolutions and their like.
 */
export function devicePlanOf(where: string, plan: Plan, backend: Backend): DevicePlan {
  const activations = new Map<Activation, DeviceActivation>();
  const concatenations = new Map<Step, readonly number[]>();
  const visit = (steps: readonly Step[]): void => {
    for (const step of steps) {
      if (step.kind === 'activation' && step.activation !== linear) {
        activations.set(step.activation, deviceActivation(where, step.activation));
      }
      if (step.kind === 'windows' || step.kind === 'pooling' || step.kind === 'sites') {
        throw new UnavailableError(
          where,
          'devices have no layers over sites; run the network on a CPU backend',
        );
      }
      if (step.kind !== 'branches') continue;
      step.branches.forEach(visit);
      if (step.merge === 'concatenate') concatenations.set(step, step.widths);
    }
  };
  visit(plan.steps);
  // Nothing is put on the device before everything is known to be there.
  const selections = new Map(
    [...concatenations].map(([step, widths]) => [step, columnsOf(widths, backend)] as const),
  );
  return { plan, activations, selections };
}

function columnsOf(widths: readonly number[], backend: Backend): readonly Tensor[] {
  const whole = widths.reduce((a, b) => a + b);
  let start = 0;
  return widths.map((width) => {
    const entries = new Float32Array(whole * width);
    for (let j = 0; j < width; j++) entries[(start + j) * width + j] = 1;
    start += width;
    return tensor(entries, { backend, shape: [whole, width] });
  });
}
