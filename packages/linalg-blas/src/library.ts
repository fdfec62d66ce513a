import { createRequire } from 'node:module';
import { UnavailableError } from '@sntk/errors';

/** A function of the library, as koffi binds it. */
export type Foreign = (...args: unknown[]) => unknown;

/** The functions that are used, bound to one library; LAPACK's are missing from a bare BLAS. */
export interface BlasLibrary {
  /** The file that was loaded. */
  readonly path: string;
  readonly dgemm: Foreign;
  readonly sgemm: Foreign;
  readonly dsyrk: Foreign;
  readonly ssyrk: Foreign;
  /** Not in the standard: OpenBLAS's own. */
  readonly threads: (() => number) | undefined;
  readonly dtrsm: Foreign;
  readonly dpotrf: Foreign | undefined;
  readonly dsyevd: Foreign | undefined;
  readonly dsytrd: Foreign | undefined;
  readonly dormtr: Foreign | undefined;
}

interface Koffi {
  load(path: string): { func(name: string, result: string, parameters: readonly string[]): Foreign };
}

const CANDIDATES: Readonly<Record<string, readonly string[]>> = {
  linux: ['libopenblas.so.0', 'libopenblas.so', 'libmkl_rt.so.2', 'libmkl_rt.so'],
  darwin: [
    '/System/Library/Frameworks/Accelerate.framework/Accelerate',
    '/opt/homebrew/opt/openblas/lib/libopenblas.dylib',
    '/usr/local/opt/openblas/lib/libopenblas.dylib',
    'libopenblas.dylib',
  ],
  win32: ['libopenblas.dll', 'openblas.dll', 'mkl_rt.2.dll', 'mkl_rt.dll'],
};

const INSTALL: Readonly<Record<string, string>> = {
  linux: 'apt-get install libopenblas0 (Debian, Ubuntu) or dnf install openblas (Fedora)',
  darwin: 'brew install openblas',
  win32: 'put libopenblas.dll on the PATH',
};

const GEMM = ['int', 'int', 'int', 'int', 'int', 'int'] as const;

/**
 * Loads the first library that has what is needed, or only `library` when that is given.
 *
 * @throws UnavailableError that tells what to install when koffi or a library is missing.
 */
export function loadBlas(where: string, library?: string): BlasLibrary {
  const koffi = loadKoffi(where);
  const failures: string[] = [];
  for (const path of library === undefined ? (CANDIDATES[process.platform] ?? []) : [library]) {
    try {
      return bind(koffi, path);
    } catch (error) {
      failures.push(`${path}: ${(error as Error).message}`);
    }
  }
  const advice = INSTALL[process.platform] ?? 'install OpenBLAS';
  throw new UnavailableError(
    where,
    `no BLAS library could be loaded (${failures.join('; ')}); install one: ${advice}, or pass { library: path }`,
  );
}

function loadKoffi(where: string): Koffi {
  try {
    return createRequire(import.meta.url)('koffi') as Koffi;
  } catch (cause) {
    const reason = (cause as Error).message.split('\n')[0];
    throw new UnavailableError(
      where,
      `the package koffi cannot be loaded (${reason}); run npm install koffi`,
      {
        cause,
      },
    );
  }
}

function bind(koffi: Koffi, path: string): BlasLibrary {
  const library = koffi.load(path);
  const gemm = (type: string): string[] => [
    ...GEMM,
    type,
    `${type}*`,
    'int',
    `${type}*`,
    'int',
    type,
    `${type}*`,
    'int',
  ];
  const syrk = (type: string): string[] => [
    ...['int', 'int', 'int', 'int', 'int'],
    ...[type, `${type}*`, 'int', type, `${type}*`, 'int'],
  ];
  const threads = (): (() => number) | undefined => {
    try {
      return library.func('openblas_get_num_threads', 'int', []) as () => number;
    } catch {
      return undefined;
    }
  };
  const optional = (name: string, parameters: readonly string[]): Foreign | undefined => {
    try {
      return library.func(name, 'void', parameters);
    } catch {
      return undefined;
    }
  };
  return {
    path,
    dgemm: library.func('cblas_dgemm', 'void', gemm('double')),
    sgemm: library.func('cblas_sgemm', 'void', gemm('float')),
    dsyrk: library.func('cblas_dsyrk', 'void', syrk('double')),
    ssyrk: library.func('cblas_ssyrk', 'void', syrk('float')),
    threads: threads(),
    dtrsm: library.func('cblas_dtrsm', 'void', [
      ...['int', 'int', 'int', 'int', 'int', 'int', 'int'],
      ...['double', 'double*', 'int', 'double*', 'int'],
    ]),
    // Fortran passes everything by address, and the lengths of its strings at the end.
    dpotrf: optional('dpotrf_', ['char*', 'int*', 'double*', 'int*', 'int*', 'size_t']),
    dsyevd: optional('dsyevd_', [
      ...['char*', 'char*', 'int*', 'double*', 'int*', 'double*'],
      ...['double*', 'int*', 'int*', 'int*', 'int*', 'size_t', 'size_t'],
    ]),
    dsytrd: optional('dsytrd_', [
      ...['char*', 'int*', 'double*', 'int*', 'double*', 'double*', 'double*'],
      ...['double*', 'int*', 'int*', 'size_t'],
    ]),
    dormtr: optional('dormtr_', [
      ...['char*', 'char*', 'char*', 'int*', 'int*', 'double*', 'int*', 'double*'],
      ...['double*', 'int*', 'double*', 'int*', 'int*', 'size_t', 'size_t', 'size_t'],
    ]),
  };
}
