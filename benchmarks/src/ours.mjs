// Our side of a contest; see contestant.mjs for the protocol.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { decodeNpy } from '@sntk/datasets';

let work;
let result;

const answers = {
  async prepare({ job, variant, setting, inputs, threads }) {
    const { default: definition } = await import(`../jobs/${job}.mjs`);
    const arrays = Object.fromEntries(
      Object.entries(inputs).map(([name, path]) => [name, decodeNpy(readFileSync(path))]),
    );
    work = await definition.ours[variant](arrays, setting, { threads });
    return {};
  },
  async run() {
    const start = performance.now();
    result = await work();
    return { ms: performance.now() - start };
  },
  async finish({ folder }) {
    for (const [name, values] of Object.entries(result)) {
      const bytes = new Uint8Array(Float64Array.from(values).buffer);
      writeFileSync(join(folder, name), bytes);
    }
    // Work in a process of its own tells its own peak, or that it does not know.
    const peakBytes = 'peakBytes' in work ? work.peakBytes : process.resourceUsage().maxRSS * 1024;
    return { names: Object.keys(result), peakBytes };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  console.log(JSON.stringify(await answers[message.do](message)));
}
