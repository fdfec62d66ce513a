// What a thread of threads.mjs does with a block of paths.
import { rngAt } from '@sntk/random';
import { integrate } from '@sntk/sde';
import { geometricBrownianMotion } from '@sntk/sde/problems';

const problem = geometricBrownianMotion({ rate: 0.1, volatility: 0.3 });

export const block = ({ firstPath, paths }, { key }) =>
  integrate(problem, { method: 'sriw1', x0: [1], t1: 1, steps: 500, rng: rngAt(key), firstPath, paths })
    .final;
