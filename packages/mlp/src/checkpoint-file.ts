import { ArgumentError, checkChoice, checkInteger } from '@sntk/errors';
import type { FloatArray } from '@sntk/linalg';
import type { Checkpoint } from './checkpoint.ts';

/*
 * A checkpoint as bytes: `SNTKCKPT`, the version and the header's length as uint32, the header in JSON filled up with spaces to
 * a multiple of 8, the arrays, and the CRC-32 of all before it. All little endian.
 */

const MAGIC = new TextEncoder().encode('SNTKCKPT');
const VERSION = 1;
const HEAD = MAGIC.length + 8;

interface Header {
  readonly architecture: string;
  readonly loss: string;
  readonly optimizer: string;
  readonly step: number;
  readonly format: 'float32' | 'float64';
  /** Parameters; there is one array of them and one for each average. */
  readonly parameters: number;
  readonly moments: number;
}

/**
 * A checkpoint as bytes for a file: which network, loss and optimizer it belongs to, in words, and every number with all its bits.
 *
 * @throws ArgumentError when the arrays are not of one format and length.
 * @example
 * ```ts
 * import { decodeCheckpoint, encodeCheckpoint } from '@sntk/mlp';
 *
 * const names = { architecture: '1 → 1, scales 1/0', loss: 'mse', optimizer: 'sgd, momentum 0, weight decay 0' };
 * const bytes = encodeCheckpoint({ ...names, step: 3, theta: new Float64Array([0.5, 0]), moments: [] });
 * console.log(decodeCheckpoint(bytes).theta); // [0.5, 0]
 * ```
 */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array<ArrayBuffer> {
  const { architecture, loss, optimizer, step, theta, moments } = checkpoint;
  const format = theta instanceof Float32Array ? 'float32' : 'float64';
  for (const moment of moments) {
    if (moment.constructor === theta.constructor && moment.length === theta.length) continue;
    throw new ArgumentError({
      where: 'encodeCheckpoint',
      argument: 'checkpoint.moments',
      wanted: `${theta.constructor.name}s of length ${theta.length}, like theta`,
      got: moment,
    });
  }
  const sizes = { parameters: theta.length, moments: moments.length };
  const header: Header = { architecture, loss, optimizer, step, format, ...sizes };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const start = HEAD + Math.ceil(text.length / 8) * 8;
  const size = theta.BYTES_PER_ELEMENT * theta.length;
  const bytes = new Uint8Array(start + size * (1 + moments.length) + 4);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(MAGIC.length, VERSION, true);
  view.setUint32(MAGIC.length + 4, start - HEAD, true);
  bytes.fill(32, HEAD, start);
  bytes.set(text, HEAD);
  let at = start;
  for (const array of [theta, ...moments]) {
    for (const value of array) {
      if (format === 'float32') view.setFloat32(at, value, true);
      else view.setFloat64(at, value, true);
      at += theta.BYTES_PER_ELEMENT;
    }
  }
  view.setUint32(bytes.length - 4, crc32(bytes.subarray(0, -4)), true);
  return bytes;
}

/**
 * The checkpoint that `encodeCheckpoint` made bytes of. `train` refuses to resume from that of another network, loss or optimizer
 * and names both.
 *
 * @throws ArgumentError for bytes that are no checkpoint, of a version that is not known, cut short or changed, or of another length than their header says.
 */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEAD + 4 || MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw refusal('a checkpoint, which begins with SNTKCKPT', `${bytes.length} bytes of something else`);
  }
  const version = view.getUint32(MAGIC.length, true);
  if (version !== VERSION) throw refusal(`of version ${VERSION}`, `version ${version}`);
  if (view.getUint32(bytes.length - 4, true) !== crc32(bytes.subarray(0, -4))) {
    throw refusal('as it was written', 'bytes whose checksum differs: the file was cut short or changed');
  }
  const start = HEAD + view.getUint32(MAGIC.length + 4, true);
  const header = headerOf(bytes.subarray(HEAD, start));
  const { architecture, loss, optimizer, step, format, parameters, moments } = header;
  const unit =
    checkChoice('decodeCheckpoint', 'bytes: format', format, ['float32', 'float64']) === 'float32' ? 4 : 8;
  for (const name of ['step', 'parameters', 'moments'] as const)
    checkInteger('decodeCheckpoint', `bytes: ${name}`, header[name]);
  const length = start + unit * parameters * (1 + moments) + 4;
  if (bytes.length !== length)
    throw refusal(`of ${length} bytes, as its header says`, `${bytes.length} bytes`);
  const arrays = Array.from({ length: 1 + moments }, (_, i): FloatArray => {
    const at = start + i * parameters * unit;
    return format === 'float32'
      ? Float32Array.from({ length: parameters }, (_, p) => view.getFloat32(at + 4 * p, true))
      : Float64Array.from({ length: parameters }, (_, p) => view.getFloat64(at + 8 * p, true));
  });
  return { architecture, loss, optimizer, step, theta: arrays[0], moments: arrays.slice(1) };
}

function headerOf(bytes: Uint8Array): Header {
  try {
    return { ...(JSON.parse(new TextDecoder().decode(bytes)) as Header) };
  } catch {
    throw refusal('with a header in JSON', 'another header');
  }
}

function refusal(wanted: string, got: string): ArgumentError {
  return new ArgumentError({ where: 'decodeCheckpoint', argument: 'bytes', wanted, got });
}

/** The checksum of PNG and ZIP files. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

const TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});
