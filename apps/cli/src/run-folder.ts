import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ArgumentError } from '@sntk/errors';

/** A folder that appears only when everything in it has been written. */
export interface RunFolder {
  readonly path: string;
  write(name: string, content: string | Uint8Array): void;
  /** Moves the finished folder to its place; refused when something else has taken the place meanwhile. */
  commit(): void;
  /** Removes what has been written, and folders made on the way. Does nothing after `commit`. */
  discard(): void;
}

/**
 * Opens a run folder beside its final place.
 *
 * @throws ArgumentError when the place is taken or cannot be written, before anything is computed.
 */
export function openRunFolder(command: string, target: string): RunFolder {
  const path = resolve(target);
  if (existsSync(path) && !isEmptyFolder(path)) throw refusal(command, `${target}, which exists`);
  const aside = `${path}.partial-${process.pid}`;
  const made: string[] = [];
  try {
    makeFolders(dirname(path), made);
    accessSync(dirname(path), constants.W_OK);
    mkdirSync(aside);
  } catch (cause) {
    removeEmpty(made);
    throw refusal(command, target, cause);
  }
  let committed = false;
  return {
    path,
    write: (name, content) => writeFileSync(join(aside, name), content),
    commit() {
      // An empty folder gives way to a rename on POSIX, not on Windows; one with something in it must not be lost.
      try {
        if (isEmptyFolder(path)) rmdirSync(path);
        renameSync(aside, path);
      } catch (cause) {
        committed = true;
        throw refusal(
          command,
          `${target}, which was taken meanwhile; the finished run is in ${aside}`,
          cause,
        );
      }
      committed = true;
    },
    discard() {
      if (committed) return;
      rmSync(aside, { recursive: true, force: true });
      removeEmpty(made);
    },
  };
}

function refusal(command: string, got: string, cause?: unknown): ArgumentError {
  const code = cause instanceof Error ? ` (${(cause as NodeJS.ErrnoException).code ?? cause.message})` : '';
  return new ArgumentError({
    where: command,
    argument: '--out',
    wanted: 'a new folder that can be written',
    got: `${got}${code}`,
  });
}

/** One level at a time: the recursive mode of Node 20 never returns where the system refuses, as under /proc. */
function makeFolders(path: string, made: string[]): void {
  if (existsSync(path)) return;
  makeFolders(dirname(path), made);
  mkdirSync(path);
  made.push(path);
}

/** Innermost first; one that somebody has put something into stays. */
function removeEmpty(folders: readonly string[]): void {
  for (const folder of [...folders].reverse()) if (isEmptyFolder(folder)) rmdirSync(folder);
}

function isEmptyFolder(path: string): boolean {
  try {
    return readdirSync(path).length === 0;
  } catch {
    return false;
  }
}
