// Writes the figures of the guide to stochastic equations, public/sde/*.svg: measured orders and stability regions.
// Build the packages first, then: node scripts/sde-figures.mjs [folder for PNGs to look at]
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lineChart } from '@sntk/plot';
import { toPng } from '@sntk/plot/png';
import { createRng } from '@sntk/random';
import { meanSquareFactor, stabilityBoundary, strongConvergence, weakConvergence } from '@sntk/sde/analysis';
import { arctangent } from '@sntk/sde/problems';
import { record } from './measured.mjs';

const folder = fileURLToPath(new URL('../public/sde/', import.meta.url));
const pngs = process.argv[2];

function save(name, options) {
  const svg = lineChart({ width: 560, height: 400, ...options });
  writeFileSync(join(folder, `${name}.svg`), `${svg}\n`);
  if (pngs) writeFileSync(join(pngs, `${name}.png`), toPng(svg));
  record('sde', name, {
    values: {},
    scripts: ['apps/docs/scripts/sde-figures.mjs'],
    files: [`apps/docs/public/sde/${name}.svg`],
  });
}

/** Errors with bars of two standard errors. */
function measured(label, { steps, errors, standardErrors, order, orderError }) {
  const bar = (sign) => errors.map((error, i) => error + sign * 2 * standardErrors[i]);
  return {
    label: `${label}: ${order.toFixed(2)} ± ${(2 * orderError).toFixed(2)}`,
    x: steps,
    y: errors,
    bars: { low: bar(-1), high: bar(1) },
  };
}

/** A line of a slope through a point. */
const slopeLine = (order, [from, to], at) => ({
  label: `slope ${order}`,
  x: [from, to],
  y: [from, to].map((h) => at * (h / to) ** order),
  reference: true,
});

const ito = arctangent({ a: 0.7 });
const stratonovich = arctangent({ a: 0.7, calculus: 'stratonovich' });
const common = { x0: [0.5], t1: 1, rng: createRng('figures') };

const strong = (problem, method) =>
  strongConvergence(problem, { ...common, method, levels: [2, 3, 4, 5, 6, 7, 8, 9], paths: 400 });
save('strong-orders', {
  title: 'Strong orders, nonlinear drift and noise',
  series: [
    measured('eulerMaruyama', strong(ito, 'eulerMaruyama')),
    measured('milstein', strong(ito, 'milstein')),
    measured('sriw1', strong(ito, 'sriw1')),
    measured('eulerHeun', strong(stratonovich, 'eulerHeun')),
    measured('reversibleHeun', strong(stratonovich, 'reversibleHeun')),
    slopeLine(0.5, [1 / 512, 1 / 4], 0.2),
    slopeLine(1, [1 / 512, 1 / 4], 0.025),
    slopeLine(1.5, [1 / 512, 1 / 4], 0.01),
  ],
  x: { label: 'step h', log: true },
  y: { label: 'root mean square error at T = 1', log: true },
});

const weak = (problem, method, levels) =>
  weakConvergence(problem, {
    ...common,
    x0: [1.1],
    method,
    levels,
    paths: 10_000,
    observe: (x, out) => {
      for (let p = 0; p < out.length; p++) out[p] = Math.exp(x[p]);
    },
  });
save('weak-orders', {
  title: 'Weak orders, nonlinear drift and noise',
  series: [
    measured('eulerMaruyama', weak(ito, 'eulerMaruyama', [2, 3, 4, 5, 6])),
    measured('stochasticHeun', weak(stratonovich, 'stochasticHeun', [2, 3, 4, 5, 6])),
    measured('platenWeak', weak(ito, 'platenWeak', [1, 2, 3, 4])),
    slopeLine(1, [1 / 64, 1 / 4], 0.05),
    slopeLine(2, [1 / 16, 1 / 2], 0.001),
  ],
  x: { label: 'step h', log: true },
  y: { label: '|error of E exp(x)| at T = 1', log: true },
});

/** The largest μ²h below `most` at which steps are stable in mean square, from 0 up; 0 where none are. */
function stableVariance(method, rate, most) {
  const stable = (variance) => meanSquareFactor(method, { rate, variance }) < 1;
  if (!stable(1e-9)) return 0;
  let [low, high] = [0, 0];
  while (high < most && stable(high)) {
    low = high;
    high += 0.05;
  }
  for (let i = 0; i < 30; i++) {
    const middle = (low + high) / 2;
    if (stable(middle)) low = middle;
    else high = middle;
  }
  return low;
}
const most = 2.5;
const rates = Array.from({ length: 101 }, (_, i) => -2.5 + 0.025 * i);
const region = (method) => {
  const points = rates
    .map((rate) => [rate, stableVariance(method, rate, most)])
    .filter(([, variance]) => variance < most);
  return { label: method, x: points.map(([rate]) => rate), y: points.map(([, variance]) => variance) };
};
save('mean-square-stability', {
  title: 'Stable in mean square below the line',
  series: [
    ...['eulerMaruyama', 'milstein', 'platenWeak', 'stochasticHeun', 'tamedEuler', 'implicitEuler'].map(
      region,
    ),
    { label: 'the equation itself', x: [-most / 2, 0], y: [most, 0], reference: true },
  ],
  x: { label: 'λ h' },
  y: { label: 'μ² h' },
});

save('ode-stability', {
  title: 'Stable inside, without noise',
  series: ['eulerMaruyama', 'midpoint', 'rk4', 'dormandPrince', 'tsitouras'].map((method) => {
    const { re, im } = stabilityBoundary(method, { points: 96 });
    return { label: method, x: re, y: im };
  }),
  width: 420,
  height: 690,
  x: { label: 'Re λh' },
  y: { label: 'Im λh' },
});
