import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const PACKAGES = new URL('../../', import.meta.url).pathname;

/** Names an entry file exports, types marked. Entries hold nothing but named re-exports. */
function exportedNames(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  return source.statements
    .flatMap((statement) => {
      if (!ts.isExportDeclaration(statement) || !statement.exportClause) {
        throw new Error(`${file}: an entry file holds named exports only, got ${statement.getText(source)}`);
      }
      const { exportClause, isTypeOnly } = statement;
      if (!ts.isNamedExports(exportClause)) throw new Error(`${file}: export * as … is not allowed`);
      return exportClause.elements.map((element) => {
        const type = isTypeOnly || element.isTypeOnly;
        return `${type ? 'type ' : ''}${element.name.text}`;
      });
    })
    .sort();
}

const published = readdirSync(PACKAGES).filter(
  (name) => !JSON.parse(readFileSync(join(PACKAGES, name, 'package.json'), 'utf8')).private,
);

describe('the public names of', () => {
  it.each(published)('@sntk/%s are the ones agreed on', (name) => {
    const names = exportedNames(join(PACKAGES, name, 'src', 'index.ts'));
    expect(names.filter((entry) => !entry.startsWith('type ')).length).toBeLessThanOrEqual(25);
    expect(names).toMatchSnapshot();
  });
});
