import { describe, expect, it } from 'vitest';
import * as backends from '../src/backends.ts';
import * as conformance from '../src/conformance.ts';
import * as devices from '../src/devices.ts';
import * as extending from '../src/extending.ts';
import * as root from '../src/index.ts';
import * as operators from '../src/operators.ts';

describe('the entry points', () => {
  it('export these functions and no others', () => {
    expect(Object.keys(root).sort()).toEqual([
      'add',
      'binary',
      'cholesky',
      'eigh',
      'eye',
      'logDeterminant',
      'matmul',
      'mul',
      'ndarrayBackend',
      'prepare',
      'qr',
      'reduce',
      'reshape',
      'showShape',
      'solveCholesky',
      'solveTriangular',
      'sub',
      'syrk',
      'tensor',
      'toArray',
      'toBackend',
      'toFloat64',
      'transpose',
      'unary',
      'zeros',
    ]);
    expect(Object.keys(operators).sort()).toEqual([
      'conjugateGradient',
      'dense',
      'diagonal',
      'expm',
      'expmMultiply',
      'kroneckerIdentity',
      'lanczosEigenvalues',
      'lowRank',
      'tiled',
      'topEigenpairs',
      'tridiagonalize',
    ]);
    expect(Object.keys(extending).sort()).toEqual([
      'BINARY_OPS',
      'REDUCE_OPS',
      'UNARY_OPS',
      'addRows',
      'applyChainRule',
      'broadcastShape',
      'chainAverages',
      'checkChainAverages',
      'checkChainGradient',
      'checkChainInput',
      'checkChainRequest',
      'checkMinibatchPaths',
      'checkMinibatchSteps',
      'checkSemidefinite',
      'checkSymmetric',
      'createCpuBackend',
      'kernelEigenvalues',
      'mirrorLower',
      'powerOfTwoNear',
      'sizeOf',
      'transposeLoop',
      'tridiagonalizeAs',
    ]);
    expect(Object.keys(backends).sort()).toEqual(['describeBackends', 'selectBackend']);
    expect(Object.keys(devices).sort()).toEqual(['choleskyAsync', 'eighAsync', 'onCpu', 'qrAsync', 'scope']);
    expect(Object.keys(conformance).sort()).toEqual(['conformanceCases']);
  });
});
