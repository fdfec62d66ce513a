import { decisionFigure } from '@sntk/plot';
import type { Figure1Config } from './config.ts';
import type { Problem } from './problem.ts';
import { type Figure1Summary, METHOD_TITLES, type Method, type Outcomes } from './summary.ts';

/** The figure as SVG: means and standard deviations of four methods over the plane. */
export function drawFigure(
  config: Figure1Config,
  problem: Problem,
  outcomes: Outcomes,
  summary: Figure1Summary,
): string {
  const shown: Method[] = ['sgd', 'ntk', config.convention === 'paper' ? 'paper' : 'sntk', 'kernelSgd'];
  const panels = shown.flatMap((method) => {
    const outcome = outcomes[method];
    const row = summary.methods[method];
    if (!outcome || 'diverged' in outcome || !row) return [];
    const { mean, deviation } = outcome.law.grid;
    const caption =
      method === 'sgd'
        ? `${row.paths} runs · accuracy ${row.accuracy.toFixed(3)}`
        : [
            `accuracy ${row.accuracy.toFixed(3)}`,
            ...(row.rmseToSgd === null ? [] : [`RMSE ${row.rmseToSgd.toFixed(3)}`]),
          ].join(' · ');
    return [{ title: METHOD_TITLES[method], caption, mean, ...(deviation ? { spread: deviation } : {}) }];
  });
  return decisionFigure({
    panels,
    grid: problem.grid,
    points: { inputs: problem.train.points, labels: problem.y },
    colorLabel: 'mean of f',
    spreadLabel: 'std. deviation of f',
  });
}
