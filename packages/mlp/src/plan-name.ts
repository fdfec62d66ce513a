import type { Plan, Step } from './plan.ts';

/** Sizes, layers and scales in words: what must agree for parameters to mean the same. */
export function planName(plan: Plan): string {
  const scales = plan.blocks.map(({ weightScale, biasScale }) => `${weightScale}/${biasScale}`);
  return `${plan.inputs} → ${wordsOf(plan, plan.steps)}, scales ${scales.join(' ')}`;
}

function wordsOf(plan: Plan, steps: readonly Step[]): string {
  const words: string[] = [];
  for (const step of steps) {
    switch (step.kind) {
      case 'dense':
        words.push(`${plan.blocks[step.block].outputs}`);
        break;
      case 'activation':
        words.push(`${words.pop() ?? ''} ${step.activation.name}`.trim());
        break;
      case 'layerNorm':
        words.push(`layerNorm(${step.epsilon})`);
        break;
      case 'dropout':
        words.push(`dropout(${step.keep})`);
        break;
      case 'windows':
      case 'pooling':
        words.push(step.words);
        break;
      case 'sites':
        words.push(step.to === 1 ? 'flat' : `${step.to} sites`);
        break;
      case 'branches': {
        const inside = step.branches.map((branch) => wordsOf(plan, branch) || 'identity');
        words.push(`${step.merge}(${inside.join(' | ')})`);
      }
    }
  }
  return words.join(' → ');
}
