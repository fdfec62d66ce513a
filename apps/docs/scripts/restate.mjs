// Puts recorded values into the pages that state them; see measured.mjs.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pages, recorded, restate } from './measured.mjs';

const data = recorded();
for (const { path, text } of pages()) {
  const stated = restate(text, data);
  if (stated === text) continue;
  writeFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), stated);
  console.log(`${path} states new values: read what is around them.`);
}
