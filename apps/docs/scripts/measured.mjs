// Measured values that pages state: kept in data/*.json with what they come from, and put into the text from there.
//
// In a page a value stands before its address, `8.6<!--=theorems/theorem-1/ratio/500-->`: pages read the same on the site, in the
// repository and in a package. Numbers keep as many decimals as the page gives; of a verdict there are `holds` and `broken`. A table
// between `<!--=address-->` and `<!--/-->`, alone on their lines, is written whole.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = join(root, 'apps/docs/data');

/** SHA-256 of files of the repository, by path. */
export function digests(paths) {
  const digest = (path) =>
    createHash('sha256')
      .update(readFileSync(join(root, path)))
      .digest('hex');
  return Object.fromEntries(paths.map((path) => [path, digest(path)]));
}

/** Six digits: more than any page gives, fewer than the engines of different machines agree on. */
export const rounded = (values) =>
  JSON.parse(
    JSON.stringify(values, (_, value) =>
      typeof value === 'number'
        ? Number(value.toPrecision(6))
        : ArrayBuffer.isView(value)
          ? [...value]
          : value,
    ),
  );

/** The least and the most of values. */
export const rangeOf = (values) => ({ least: Math.min(...values), most: Math.max(...values) });

/** Puts an entry into data/<name>.json: its values, the scripts that measured them and the files written with them. */
export function record(name, entry, { values, scripts, files = [] }) {
  const path = join(folder, `${name}.json`);
  const entries = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  entries[entry] = { values: rounded(values), scripts: digests(scripts), files: digests(files) };
  writeFileSync(path, `${JSON.stringify(entries, null, 2)}\n`);
}

/** All entries of all files, by name and entry. */
export function recorded() {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return Object.fromEntries(
    files.map((file) => [file.replace('.json', ''), JSON.parse(readFileSync(join(folder, file), 'utf8'))]),
  );
}

/** The pages that may state measured values: path and text. */
export function pages() {
  const below = (parent) => readdirSync(join(root, parent)).map((name) => `${parent}/${name}/README.md`);
  const guides = readdirSync(join(root, 'apps/docs/guide')).map((name) => `apps/docs/guide/${name}`);
  return ['README.md', ...below('packages'), ...below('apps'), ...guides]
    .filter((path) => existsSync(join(root, path)))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

const TABLE = /(^<!--=([^>]+)-->\n\n)[\s\S]*?(\n\n<!--\/-->)/gm;
const STATED = /(−?\d[\d,]*(?:\.\d+)?|holds?|broken)(\**<!--=([^>]+)-->)/g;

/** A page with the values that are recorded; throws for an address without a value, or without a place for it. */
export function restate(text, data) {
  let found = 0;
  const at = (address) => {
    found++;
    const [name, entry, ...keys] = address.split('/');
    const value = keys.reduce((inside, key) => inside?.[key], data[name]?.[entry]?.values);
    if (value === undefined) throw new Error(`nothing is recorded at ${address}`);
    return value;
  };
  const result = text
    .replace(TABLE, (_, open, address, close) => `${open}${markdownTable(at(address))}${close}`)
    .replace(STATED, (_, stated, rest, address) => `${format(at(address), stated)}${rest}`);
  if (found !== text.split('<!--=').length - 1) {
    throw new Error('an address has to follow a number, `holds` or `broken`, or to open a table');
  }
  return result;
}

function format(value, stated) {
  if (typeof value === 'boolean') return value ? (/^hold/.test(stated) ? stated : 'holds') : 'broken';
  if (typeof value !== 'number') throw new Error(`${stated} stands for ${JSON.stringify(value)}`);
  const decimals = stated.split('.')[1]?.length ?? 0;
  return value
    .toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
    .replace('-', '−');
}

/** Rows of strings, the first the head; all columns but the first to the right. */
function markdownTable([head, ...rows]) {
  const widths = head.map((_, c) => Math.max(3, ...[head, ...rows].map((row) => row[c].length)));
  const line = (cells) =>
    `| ${cells.map((cell, c) => (c === 0 ? cell.padEnd(widths[c]) : cell.padStart(widths[c]))).join(' | ')} |`;
  const rule = widths.map((width, c) => (c === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}
