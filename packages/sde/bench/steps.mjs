// Times of a coordinate and step, and of a Brownian increment. Build first, then: node bench/steps.mjs
import { createRng } from '@sntk/random';
import { brownianPath, integrate, methods } from '@sntk/sde';
import { geometricBrownianMotion, levyArea, ornsteinUhlenbeck } from '@sntk/sde/problems';

/** The least of five times, in nanoseconds an operation. */
function best(operations, run) {
  run();
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return (Math.min(...times) * 1e6) / operations;
}

const line = (name, ns, base) =>
  console.log(
    `${name.padEnd(34)} ${ns.toFixed(1).padStart(8)} ns ${(ns / base).toFixed(2).padStart(7)} × eulerMaruyama`,
  );

const rng = createRng(1);
const [paths, steps] = [1000, 100];
const groups = [
  ['diagonal', geometricBrownianMotion({ rate: 0.1, volatility: 0.2 }), [1]],
  ['additive', ornsteinUhlenbeck({ rate: 1, volatility: 1 }), [1]],
  ['general', levyArea('ito'), [0, 0]],
];
for (const [noise, problem, x0] of groups) {
  const time = (method) =>
    best(paths * steps * problem.dimension, () =>
      integrate(problem, { method, x0, t1: 1, steps, paths, rng }),
    );
  time('eulerMaruyama');
  const base = time('eulerMaruyama');
  for (const method of Object.values(methods)) {
    const fits = method.orders[noise] && (method.calculus === 'ito' || noise === 'additive');
    if (!fits || (method.needs === 'linear' && !problem.linear)) continue;
    if (method.needs === 'diffusion.diagonal' && !problem.diffusion.diagonal) continue;
    line(`${noise}: ${method.name}`, time(method.name), base);
  }
}
for (const m of [1, 500]) {
  const block = m === 1 ? 64 : 4;
  const out = new Float64Array(m * block);
  const Z = new Float64Array(m * block);
  const path = brownianPath({ rng, noiseDimension: m, paths: block, duration: 1 });
  const source = path.increments(10);
  const ns = best(1024 * m * block, () => {
    for (let k = 0; k < 1024; k++) source(k, out, Z);
  });
  console.log(`brownianPath, ${m} noises, dyadic      ${ns.toFixed(1)} ns an increment with its integral`);
  const off = best(100 * m * block, () => {
    for (let k = 0; k < 100; k++) path.increment(k / 101, (k + 1) / 101, out, Z);
  });
  console.log(`brownianPath, ${m} noises, any times   ${off.toFixed(1)} ns an increment with its integral`);
}
