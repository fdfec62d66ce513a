import { ArgumentError, UnavailableError } from '@sntk/errors';
import type { Backend, BinaryOp, MatmulFlags, PreparedMatrix, ReduceOp, UnaryOp } from './backend.ts';
import { tensor } from './create.ts';
import { broadcastShape } from './elementwise.ts';
import { type FloatArray, showShape, sizeOf, type Tensor } from './tensor.ts';

/**
 * The product `op(a) op(b)` of two matrices, each taken as it is or transposed.
 *
 * @throws ArgumentError when shapes do not fit (both are named) or the tensors are of two backends or dtypes.
 */
export function matmul(a: Tensor, b: Tensor, flags: MatmulFlags = {}): Tensor {
  checkTogether('matmul', a, b);
  checkRank('matmul', 'a', a, 2);
  checkRank('matmul', 'b', b, 2);
  const inner = flags.transposeA ? a.shape[0] : a.shape[1];
  const other = flags.transposeB ? b.shape[1] : b.shape[0];
  if (inner !== other) {
    const name = (t: Tensor, flag: boolean | undefined) => `${showShape(t.shape)}${flag ? 'ᵀ' : ''}`;
    throw new ArgumentError({
      where: 'matmul',
      argument: 'b',
      wanted: `a matrix that ${name(a, flags.transposeA)} can be multiplied by`,
      got: name(b, flags.transposeB),
    });
  }
  return a.backend.matmul(a, b, flags);
}

/** Applies an elementwise function by name. */
export function unary(op: UnaryOp, a: Tensor): Tensor {
  return a.backend.unary(op, a);
}

/** Applies an elementwise function of two tensors by name; extents of 1 broadcast as in NumPy. */
export function binary(op: BinaryOp, a: Tensor, b: Tensor): Tensor {
  checkTogether(op, a, b);
  if (!broadcastShape(a.shape, b.shape)) {
    throw new ArgumentError({
      where: op,
      argument: 'b',
      wanted: `a shape that broadcasts with ${showShape(a.shape)}`,
      got: showShape(b.shape),
    });
  }
  return a.backend.binary(op, a, b);
}

export function add(a: Tensor, b: Tensor | number): Tensor {
  return binary('add', a, operand(a, b));
}

export function sub(a: Tensor, b: Tensor | number): Tensor {
  return binary('sub', a, operand(a, b));
}

export function mul(a: Tensor, b: Tensor | number): Tensor {
  return binary('mul', a, operand(a, b));
}

/** Sum, maximum or minimum over one axis, which is kept with extent 1. */
export function reduce(op: ReduceOp, a: Tensor, axis: number): Tensor {
  if (!Number.isInteger(axis) || axis < 0 || axis >= a.shape.length) {
    throw new ArgumentError({
      where: 'reduce',
      argument: 'axis',
      wanted: `an axis of ${showShape(a.shape)}`,
      got: axis,
    });
  }
  return a.backend.reduce(op, a, axis);
}

export function transpose(a: Tensor): Tensor {
  checkRank('transpose', 'a', a, 2);
  return a.backend.transpose(a);
}

export function reshape(a: Tensor, shape: readonly number[]): Tensor {
  if (sizeOf(shape) !== sizeOf(a.shape)) {
    throw new ArgumentError({
      where: 'reshape',
      argument: 'shape',
      wanted: `a shape of as many entries as ${showShape(a.shape)}`,
      got: showShape(shape),
    });
  }
  return a.backend.reshape(a, shape);
}

/**
 * Keeps a matrix in the form its backend multiplies fastest, for products in a loop; `dispose` gives the memory back.
 */
export function prepare(a: Tensor): PreparedMatrix {
  checkRank('prepare', 'a', a, 2);
  const resident = a.backend.prepare?.(a);
  return {
    shape: [a.shape[0], a.shape[1]],
    times(x: Tensor): Tensor {
      checkTogether('prepare(a).times', a, x);
      checkRank('prepare(a).times', 'x', x, 2);
      if (x.shape[0] !== a.shape[1]) {
        throw new ArgumentError({
          where: 'prepare(a).times',
          argument: 'x',
          wanted: `a matrix that ${showShape(a.shape)} can be multiplied by`,
          got: showShape(x.shape),
        });
      }
      return resident ? resident.times(x) : a.backend.matmul(a, x, {});
    },
    dispose: () => resident?.dispose(),
  };
}

/**
 * The entries of a CPU tensor, row-major. This is the tensor's own storage: copy it before changing it.
 *
 * @throws UnavailableError for a tensor on a device; `await tensor.read()` works for all.
 */
export function toArray(a: Tensor): FloatArray {
  if (!a.backend.readSync) {
    throw new UnavailableError('toArray', `backend ${a.backend.name} gives its entries only by await tensor.read()`);
  }
  return a.backend.readSync(a);
}

/** The entries of a CPU tensor as float64: the storage itself when it is float64, a copy otherwise. */
export function toFloat64(a: Tensor): Float64Array {
  const entries = toArray(a);
  return entries instanceof Float64Array ? entries : Float64Array.from(entries);
}

function operand(a: Tensor, b: Tensor | number): Tensor {
  if (typeof b !== 'number') return b;
  return tensor([b], { backend: a.backend, shape: a.shape.map(() => 1), dtype: a.dtype });
}

/** Throws unless two tensors live on one backend with one dtype. */
export function checkTogether(where: string, a: Tensor, b: Tensor): void {
  const name = (backend: Backend, dtype: string) => `${backend.name} (${dtype})`;
  if (a.backend !== b.backend || a.dtype !== b.dtype) {
    throw new ArgumentError({
      where,
      argument: 'b',
      wanted: `on backend ${name(a.backend, a.dtype)} like a`,
      got: name(b.backend, b.dtype),
      fix: 'build both with the same { backend, dtype }',
    });
  }
}

/** Throws unless a tensor has `rank` dimensions. */
export function checkRank(where: string, argument: string, a: Tensor, rank: number): void {
  if (a.shape.length !== rank) {
    throw new ArgumentError({
      where,
      argument,
      wanted: rank === 2 ? 'a matrix' : `of ${rank} dimensions`,
      got: showShape(a.shape),
    });
  }
}
