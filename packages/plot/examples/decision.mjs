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

/** A vote of the points, each weighted by its distance from (x, y) in units of `width`: enough for a picture. */
function vote(x, y, width) {
  let [sum, weight] = [0, 0];
  for (let i = 0; i < count; i++) {
    const w = (1 + ((x - inputs[2 * i]) ** 2 + (y - inputs[2 * i + 1]) ** 2) / width ** 2) ** -2.5;
    sum += w * labels[i];
    weight += w;
  }
  return {
    mean: sum / weight,
    spread: 0.04 + 0.3 / (1 + 0.4 * weight) + 0.12 * Math.exp(-3 * (sum / weight) ** 2),
  };
}

/** A panel of the vote, with its accuracy and error on the points. */
function panel(title, width) {
  const at = Array.from({ length: nodes.length / 2 }, (_, k) => vote(nodes[2 * k], nodes[2 * k + 1], width));
  let [right, squares] = [0, 0];
  for (let i = 0; i < count; i++) {
    const { mean } = vote(inputs[2 * i], inputs[2 * i + 1], width);
    right += mean * labels[i] > 0 ? 1 : 0;
    squares += (mean - labels[i]) ** 2;
  }
  const caption = `accuracy ${(right / count).toFixed(3)} · RMSE ${Math.sqrt(squares / count).toFixed(2)}`;
  return { title, caption, mean: at.map((v) => v.mean), spread: at.map((v) => v.spread) };
}

const { spread: _, ...ntk } = panel('NTK', 0.35);
const svg = decisionFigure({
  title: 'Two moons, 500 points: stand-ins for four models',
  grid,
  points: { inputs, labels },
  colorLabel: 'mean f(x)',
  spreadLabel: 'std. dev. of f(x)',
  panels: [panel('SGD', 0.18), ntk, panel('SNTK', 0.3), panel('kernel SGD', 0.25)],
});
const folder = process.argv[2] ?? '.';
writeFileSync(join(folder, 'decision.svg'), svg);
writeFileSync(join(folder, 'decision.png'), toPng(svg));
