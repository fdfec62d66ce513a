import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Comment, Converter, ReflectionKind } from 'typedoc';
import { packages } from './packages.mjs';

/** Names modules as they are imported, and opens each package's page with its README. */
export function load(app) {
  const entries = new Map(
    packages().flatMap(({ path, description, entries }) =>
      entries.map((entry, i) => {
        const text = i === 0 ? (readme(path) ?? description) : opening(entry.source);
        return [entry.source, { name: entry.name, text }];
      }),
    ),
  );
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (reflection.kind !== ReflectionKind.Module) return;
    const file = context.getSymbolFromReflection(reflection)?.declarations?.[0]?.getSourceFile().fileName;
    const entry = entries.get(file);
    if (!entry) throw new Error(`no package has the entry ${file}`);
    reflection.name = entry.name;
    if (entry.text) reflection.comment = new Comment([{ kind: 'text', text: entry.text }]);
  });
}

/** The comment that a further entry's file opens with. */
function opening(source) {
  return /^\/\*\* (.*?) \*\//s.exec(readFileSync(source, 'utf8'))?.[1].replace(/\n \* ?/g, '\n');
}

/** A README without its title, which the page already has. */
function readme(path) {
  const file = join(path, 'README.md');
  return existsSync(file) ? readFileSync(file, 'utf8').replace(/^# .*\n+/, '') : undefined;
}
