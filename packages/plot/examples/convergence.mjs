// A convergence plot and a spread-against-time plot, written to convergence.* and spread.*.
// Run after a build: node examples/convergence.mjs [folder]
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lineChart } from '@sntk/plot';
import { toPng } from '@sntk/plot/png';

const folder = process.argv[2] ?? '.';
const save = (name, svg) => {
  writeFileSync(join(folder, `${name}.svg`), svg);
  writeFileSync(join(folder, `${name}.png`), toPng(svg));
};

const steps = [8, 16, 32, 64, 128, 256, 512];
const withBars = (label, errors) => ({
  label,
  x: steps,
  y: errors,
  bars: { low: errors.map((e) => e * 0.75), high: errors.map((e) => e * 1.25) },
});
save(
  'convergence',
  lineChart({
    title: 'Strong convergence',
    series: [
      withBars(
        'Euler–Maruyama',
        steps.map((n, i) => (0.8 / Math.sqrt(n)) * (1 + 0.05 * Math.sin(3 * i))),
      ),
      withBars(
        'Milstein',
        steps.map((n, i) => (0.6 / n) * (1 + 0.05 * Math.cos(5 * i))),
      ),
      withBars(
        'order 3/2',
        steps.map((n, i) => (0.5 / n ** 1.5) * (1 + 0.05 * Math.sin(7 * i))),
      ),
      { label: 'slope −1/2', x: steps, y: steps.map((n) => 1 / Math.sqrt(n)), reference: true },
    ],
    x: { label: 'steps', log: true },
    y: { label: 'root-mean-square error at T = 1', log: true },
  }),
);

const times = Array.from({ length: 200 }, (_, i) => 0.02 * i);
const curve = (label, rate, level) => {
  const y = times.map((t) => level * Math.sqrt(1 - Math.exp(-rate * t)));
  return { label, x: times, y, band: { low: y.map((v) => v * 0.9), high: y.map((v) => v * 1.1) } };
};
save(
  'spread',
  lineChart({
    series: [curve('SGD, width 512', 0.9, 0.31), curve('SNTK', 1, 0.3), curve('kernel SGD', 1.3, 0.24)],
    x: { label: 'training time t' },
    y: { label: 'std. dev. of f(x, t)' },
  }),
);
