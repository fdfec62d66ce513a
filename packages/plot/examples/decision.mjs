// Four stand-ins for trained models on two moons, with mean and spread, written to decision.svg and decision.png.
// Run after a build: node examples/decision.mjs [folder]
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decisionFigure, gridNodes } from '@sntk/plot';
import { toPng } from '@sntk/plot/png';

const grid = { x: [-1.75, 2.75], y: [-1.25, 1.75], columns: 80, rows: 60 };
const nodes = gridNodes(grid);

/** Two moons with a fixed pattern of noise: the point of class ±1 at angle t, moved by (u, v). */
const count = 500;
const inputs = new Float64Array(2 * count);
const labels = new Float64Array(count);
for (let i = 0; i < count; i++) {
  const [p, q] = [(i * 0.754877666) % 1, (i * 0.569840291) % 1];
  const radius = 0.12 * Math.sqrt(-2 * Math.log(p + 1e-3));
  const t = Math.PI * ((i * 0.618033989) % 1);
  labels[i] = i % 2 === 0 ? 1 : -1;
  const [x, y] = labels[i] > 0 ? [Math.cos(t), Math.sin(t)] : [1 - Math.cos(t), 0.5 - Math.sin(t)];
  inputs[2 * i] = x + radius * Math.cos(2 * Math.PI * q);
  inputs[2 * i + 1] = y + radius * Math.sin(2 * Math.PI * q);
}

/** Kernel regression in closed form would do; a weighted vote of the points is enough for a picture. */
function model(width) {
  const mean = new Float64Array(nodes.length / 2);
  const spread = new Float64Array(nodes.length / 2);
  for (let k = 0; k < mean.length; k++) {
    const [x, y] = [nodes[2 * k], nodes[2 * k + 1]];
    let [vote, weight] = [0, 0.002];
    for (let i = 0; i < count; i++) {
      const w = (1 + ((x - inputs[2 * i]) ** 2 + (y - inputs[2 * i + 1]) ** 2) / width ** 2) ** -2.5;
      vote += w * labels[i];
      weight += w;
    }
    mean[k] = (1.25 * vote) / weight;
    spread[k] = 0.04 + 0.3 / (1 + 0.4 * weight) + 0.12 * Math.exp(-3 * mean[k] ** 2);
  }
  return { mean, spread };
}

const sgd = model(0.18);
const kernelSgd = model(0.25);
const svg = decisionFigure({
  title: 'Two moons, 500 points',
  grid,
  points: { inputs, labels },
  colorLabel: 'mean f(x)',
  spreadLabel: 'std. dev. of f(x)',
  panels: [
    { title: 'SGD', caption: 'accuracy 0.998 · RMSE 0.12', ...sgd },
    { title: 'NTK', caption: 'accuracy 0.996 · RMSE 0.13', mean: model(0.35).mean },
    { title: 'SNTK', caption: 'accuracy 0.998 · RMSE 0.12', ...model(0.3) },
    { title: 'kernel SGD', caption: 'accuracy 0.998 · RMSE 0.12', ...kernelSgd },
  ],
});
const folder = process.argv[2] ?? '.';
writeFileSync(join(folder, 'decision.svg'), svg);
writeFileSync(join(folder, 'decision.png'), toPng(svg));
