import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ArgumentError } from '@sntk/errors';

/** A folder that appears only when everything in it has been written. */
export interface RunFolder {
  readonly path: string;
  write(name: string, content: string | Uint8Array): void;
  /** Moves the finished folder to its place. */
  commit(): void;
  /** Removes what has been written. Does nothing after `commit`. */
  discard(): void;
}

/**
 * Opens a run folder beside its final place.
 *
 * @throws ArgumentError when the place is taken or cannot be written, before anything is computed.
 */
export function openRunFolder(target: string): RunFolder {
  const path = resolve(target);
  const refuse = (got: string, cause?: unknown): ArgumentError => {
    const reason =
      cause instanceof Error ? `${got} (${(cause as NodeJS.ErrnoException).code ?? cause.message})` : got;
    return new ArgumentError({
      where: 'figure1',
      argument: '--out',
      wanted: 'a new folder that can be written',
      got: reason,
    });
  };
  if (existsSync(path) && !isEmptyFolder(path)) throw refuse(`${target}, which exists`);
  const aside = `${path}.partial-${process.pid}`;
  const parent = dirname(path);
  try {
    makeFolders(parent);
    accessSync(parent, constants.W_OK);
    mkdirSync(aside);
  } catch (cause) {
    throw refuse(target, cause);
  }
  return {
    path,
    write: (name, content) => writeFileSync(join(aside, name), content),
    commit() {
      if (existsSync(path)) rmSync(path, { recursive: true });
      renameSync(aside, path);
    },
    discard: () => rmSync(aside, { recursive: true, force: true }),
  };
}

/** One level at a time: the recursive mode of Node 20 never returns where the system refuses, as under /proc. */
function makeFolders(path: string): void {
  if (existsSync(path)) return;
  makeFolders(dirname(path));
  mkdirSync(path);
}

function isEmptyFolder(path: string): boolean {
  try {
    return readdirSync(path).length === 0;
  } catch {
    return false;
  }
}
