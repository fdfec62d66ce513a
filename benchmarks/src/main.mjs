// `pnpm bench:peers`: ours and the peers on the same inputs, in turn, in one run; one table as JSON and Markdown.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { contest } from './contest.mjs';
import { curveFigures } from './curves.mjs';
import { canPin, describeMachine, peersPython } from './environment.mjs';
import { groupOf, markdownReport } from './report.mjs';

const here = fileURLToPath(new URL('..', import.meta.url));
const names = readdirSync(join(here, 'jobs'))
  .filter((file) => file.endsWith('.mjs'))
  .map((file) => file.replace('.mjs', ''));

/** A number from the command line. */
function positive(text) {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('It has to be a number above 0.');
}

function jobNames(text) {
  const chosen = text.split(',');
  const unknown = chosen.filter((name) => !names.includes(name));
  if (unknown.length === 0) return chosen;
  throw new InvalidArgumentError(`There is no ${unknown.join(', ')}; there are ${names.join(', ')}.`);
}

const options = new Command('bench:peers')
  .description(
    'Times this toolkit and its peers on the same inputs, and checks that the results agree. What is not measured again stays as it is in peers.json.',
  )
  .option('--jobs <names>', 'which, by commas', jobNames, names)
  .option('--rounds <n>', 'the most runs of each contestant that count', positive, 7)
  .option('--seconds <s>', 'after which no new round of a setting starts', positive, 10)
  .option('--only <text>', 'settings with this text in their name', '')
  .option('--no-curves', 'leave out how times grow')
  .option('--python <path>', 'an interpreter that has the pinned peers; otherwise benchmarks/.venv is made')
  .option('--out <folder>', 'where peers.json and peers.md go', join(here, 'results'))
  .option('--figures <folder>', 'where the figures go', join(here, '../apps/docs/public/benchmarks'))
  .parse()
  .opts();

const python = options.python ?? peersPython();
const machine = describeMachine(python);
const pin = canPin();
const out = resolve(options.out);
const known = join(out, 'peers.json');
const date = new Date().toISOString().slice(0, 10);
const measured = [];
for (const name of options.jobs) {
  const { default: job } = await import(`../jobs/${name}.mjs`);
  for (const setting of job.settings) {
    if ((setting.curve && !options.curves) || !setting.name.includes(options.only)) continue;
    for (const threads of setting.threads ?? [2]) {
      console.error(`${job.title}: ${setting.name}, ${threads} thread${threads > 1 ? 's' : ''} …`);
      const limits = {
        rounds: options.rounds,
        seconds: setting.curve ? options.seconds / 4 : options.seconds,
      };
      for (const row of await contest(name, job, setting, { threads, python, pin, ...limits })) {
        const shown = row.failure ?? `${row.warmMs.toPrecision(3)} ms, first ${row.coldMs.toPrecision(3)} ms`;
        console.error(`  ${row.contestant.padEnd(30)} ${shown}`);
        measured.push({ date, job: name, title: job.title, setting: settingOf(setting), threads, ...row });
      }
    }
  }
}
const again = new Set(measured.map(groupOf));
const before = existsSync(known) ? JSON.parse(readFileSync(known, 'utf8')).rows : [];
const rows = [...before.filter((row) => !again.has(groupOf(row))), ...measured];
rows.sort((a, b) => names.indexOf(a.job) - names.indexOf(b.job));
const report = { machine, pinned: pin, rows };
const drawn = resolve(options.figures);
const figures = curveFigures(rows);
const files = [
  [known, `${JSON.stringify(report, null, 2)}\n`],
  [join(out, 'peers.md'), markdownReport(report, figures)],
  ...figures.map(({ file, svg }) => [join(drawn, file), svg]),
];
for (const folder of [out, drawn]) mkdirSync(folder, { recursive: true });
for (const [path, text] of files) {
  writeFileSync(`${path}.part`, text);
  renameSync(`${path}.part`, path);
}
console.error(`Wrote ${join(out, 'peers.json')} and peers.md.`);
if (measured.some(({ failure }) => failure)) process.exitCode = 1;

/** What of a setting the report needs. */
function settingOf({ name, curve, at, goals, against, seconds }) {
  return JSON.parse(JSON.stringify({ name, curve, at, goals, against, seconds }));
}
