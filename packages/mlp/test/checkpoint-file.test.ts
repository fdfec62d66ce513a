import { dense, fullyConnected, layerNorm, network, residual } from '@sntk/architecture';
import { ndarrayBackend, tensor } from '@sntk/linalg';
import { createRng } from '@sntk/random';
import { describe, expect, it } from 'vitest';
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  initialize,
  type TrainOptions,
  train,
} from '../src/index.ts';

const backend = ndarrayBackend();
const names = { architecture: '1 → 1, β', loss: 'mse', optimizer: 'sgd' };

describe('a checkpoint as bytes', () => {
  it.each([Float32Array, Float64Array])('keeps every bit of %o', (Type) => {
    const theta = Type.of(0, -0, 1 / 3, 1e-45, 5e-324, Number.MAX_VALUE, -1e30);
    const checkpoint: Checkpoint = { ...names, step: 7, theta, moments: [theta.map((t) => t / 7), theta] };
    const bytes = encodeCheckpoint(checkpoint);
    expect(decodeCheckpoint(bytes)).toEqual(checkpoint);
    expect(Object.is(decodeCheckpoint(bytes).theta[1], -0)).toBe(true);
    // As part of a larger buffer, at an address that is no multiple of anything.
    const inside = new Uint8Array(bytes.length + 3);
    inside.set(bytes, 3);
    expect(decodeCheckpoint(inside.subarray(3))).toEqual(checkpoint);
  });

  it('resumes a run bit for bit, and names the network it belongs to when it is another', async () => {
    const rng = createRng('checkpoint file');
    const own = network(2, dense(5), residual(layerNorm(), dense(5)), dense(1));
    const theta = initialize(own, { rng });
    const X = tensor(
      [
        [1, 0],
        [0, 1],
      ],
      { backend },
    );
    const Y = tensor([[1], [-1]], { backend });
    const options: TrainOptions = {
      X,
      Y,
      steps: 8,
      every: 4,
      learningRate: 0.01,
      optimizer: { kind: 'adam' },
    };
    const states = [];
    for await (const state of train(own, theta, options)) states.push(state);
    const resume = decodeCheckpoint(encodeCheckpoint(states[0].checkpoint));
    const { value } = await train(own, theta, { ...options, resume }).next();
    expect(value).toEqual(states[1]);
    const other = fullyConnected({ inputs: 2, hidden: [5] });
    const run = train(other, initialize(other, { rng }), { ...options, resume });
    await expect(run.next()).rejects.toThrow(
      /must be "2 → 5 relu → 1, .*", got "2 → 5 → sum\(identity \| layerNorm\(1e-12\) → 5\) → 1, /,
    );
  });

  it('is refused when any byte of it is another, when it is cut short, and when it is something else', () => {
    const bytes = encodeCheckpoint({ ...names, step: 1, theta: Float32Array.of(1, 2, 3), moments: [] });
    for (let i = 0; i < bytes.length; i++) {
      const changed = bytes.slice();
      changed[i] ^= 1;
      expect(() => decodeCheckpoint(changed)).toThrow('decodeCheckpoint: bytes must be');
      expect(() => decodeCheckpoint(bytes.subarray(0, i))).toThrow('decodeCheckpoint: bytes must be');
    }
    expect(() => decodeCheckpoint(new TextEncoder().encode('PK archive of something'))).toThrow(
      'a checkpoint, which begins with SNTKCKPT, got "23 bytes of something else"',
    );
    const newer = bytes.slice();
    newer[8] = 2;
    expect(() => decodeCheckpoint(newer)).toThrow('of version 1, got "version 2"');
  });

  it('is refused when its header does not describe it, whatever the checksum', () => {
    const bytes = encodeCheckpoint({ ...names, step: 1, theta: Float32Array.of(1, 2, 3), moments: [] });
    const forge = (from: string, to: string): Uint8Array => {
      const at = Buffer.from(bytes).indexOf(from);
      expect(at).toBeGreaterThan(0);
      const forged = bytes.slice();
      forged.set(new TextEncoder().encode(to.padEnd(from.length)), at);
      new DataView(forged.buffer).setUint32(forged.length - 4, crc32(forged.subarray(0, -4)), true);
      return forged;
    };
    const forged = [
      ['"parameters":3', '"parameters":9', /bytes must be of \d+ bytes, as its header says/],
      ['"parameters":3', '"parameters":2', /bytes must be of \d+ bytes, as its header says/],
      ['"moments":0', '"moments":1', /bytes must be of \d+ bytes, as its header says/],
      ['"step":1', '"step":-', 'with a header in JSON'],
      ['"float32"', '"float16"', 'bytes: format must be'],
    ] as const;
    for (const [from, to, message] of forged)
      expect(() => decodeCheckpoint(forge(from, to))).toThrow(message);
    expect(decodeCheckpoint(forge('"step":1', '"step":2')).step).toBe(2);
  });

  it('is not made of averages that do not fit', () => {
    const theta = Float32Array.of(1, 2);
    for (const moment of [Float32Array.of(1), Float64Array.of(1, 2)]) {
      expect(() => encodeCheckpoint({ ...names, step: 1, theta, moments: [moment] })).toThrow(
        'checkpoint.moments must be Float32Arrays of length 2, like theta',
      );
    }
  });
});

/** Bit by bit, as the standard writes it. */
function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}
