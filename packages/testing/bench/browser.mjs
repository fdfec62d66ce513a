// The WASM backend in Chromium beside Node, in turns, shortest time of all, as a Markdown table. Build first; run: node bench/browser.mjs
import { runnerImport } from 'vite';
import inNode from './speed.mjs';

const ROUNDS = 3;
const harness = new URL('../src/chromium.ts', import.meta.url);
const { module } = await runnerImport(harness.pathname, {
  configFile: false,
  resolve: { conditions: ['@sntk/source', 'module', 'node', 'import', 'default'] },
});
if (module.findChromium() === undefined) {
  console.log('skipped: no Chromium is installed');
  process.exit();
}

const best = { node: {}, browser: {} };
const note = (place, times) => {
  for (const [job, ms] of Object.entries(times)) {
    best[place][job] = Math.min(best[place][job] ?? Number.POSITIVE_INFINITY, ms);
  }
};
const browser = await module.startChromium();
for (let round = 0; round < ROUNDS; round++) {
  note('node', await inNode());
  note('browser', await browser.run(new URL('./speed.mjs', import.meta.url), 'worker'));
}
await browser.close();

console.log('| job | Node, ms | Chromium, ms | ratio |\n| --- | --- | --- | --- |');
for (const [job, ms] of Object.entries(best.node)) {
  const other = best.browser[job];
  console.log(`| ${job} | ${ms.toPrecision(3)} | ${other.toPrecision(3)} | ${(other / ms).toFixed(2)} |`);
}
