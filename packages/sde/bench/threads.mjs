// Speed-up of an ensemble over threads, and whether the bits agree. Build first, then: node bench/threads.mjs
import { availableParallelism, loadavg } from 'node:os';
import { createRng } from '@sntk/random';
import { runThreads } from '@sntk/sde/node';

const module = new URL('./threads-block.mjs', import.meta.url);
const options = { module, data: { key: createRng(1).key }, paths: 16_384, blockPaths: 512 };
const cores = availableParallelism();
console.log(`${cores} cores, load ${loadavg()[0].toFixed(1)} before`);
let single;
for (const threads of [...new Set([1, 2, cores])]) {
  const start = performance.now();
  const blocks = await runThreads({ ...options, threads });
  const time = performance.now() - start;
  const bits = blocks.flatMap((x) => [...x]);
  single ??= { time, bits };
  const same = bits.every((x, i) => Object.is(x, single.bits[i]));
  console.log(
    `${threads} threads: ${time.toFixed(0)} ms, ${(single.time / time).toFixed(2)} times as fast as one, ${same ? 'the same bits' : 'OTHER BITS'}`,
  );
}
