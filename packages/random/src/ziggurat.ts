import exp from '@stdlib/math-base-special-exp';
import ln from '@stdlib/math-base-special-ln';
import { next } from './xoshiro.ts';

/**
 * The inner loop of every bulk normal: a ziggurat of 256 layers over xoshiro128++.
 *
 * Each normal takes two 32-bit words: 8 bits choose the layer, 1 the sign, 53 the position, so neighbouring values
 * differ by 2^-53 of a layer's width and layer and position are independent. `exp` and `ln` are the pure-JavaScript ones, because an
 * engine's own may differ in the last bit. Sources: Marsaglia and Tsang, "The Ziggurat Method for Generating Random
 * Variables"; Doornik, "An Improved Ziggurat Method to Generate Normal Random Samples"; Blackman and Vigna,
 * "Scrambled Linear Pseudorandom Number Generators".
 */
const LAYERS = 256;

/** Where the tail starts, and the common area of the layers, for 256 layers under exp(−x²/2). */
const TAIL_START = 3.6541528853610088;
const LAYER_AREA = 4.92867323399e-3;

interface Tables {
  /** Width of layer i over 2^53. */
  readonly scale: Float64Array;
  /** A 53-bit position below this one lies under the curve without further tests. */
  readonly inside: Float64Array;
  /** exp(−x²/2) at the layers' right ends. */
  readonly height: Float64Array;
}

let built: Tables | undefined;

function tables(): Tables {
  if (built) return built;
  const edge = new Float64Array(LAYERS + 1);
  const height = new Float64Array(LAYERS + 1);
  const tailHeight = exp(-0.5 * TAIL_START * TAIL_START);
  edge[0] = LAYER_AREA / tailHeight;
  edge[1] = TAIL_START;
  for (let i = 2; i < LAYERS; i++) {
    const x = edge[i - 1];
    edge[i] = Math.sqrt(-2 * ln(LAYER_AREA / x + exp(-0.5 * x * x)));
  }
  edge[LAYERS] = 0;
  const scale = new Float64Array(LAYERS);
  const inside = new Float64Array(LAYERS);
  for (let i = 0; i < LAYERS; i++) {
    scale[i] = edge[i] / 2 ** 53;
    inside[i] = Math.floor((edge[i + 1] / edge[i]) * 2 ** 53);
  }
  for (let i = 0; i <= LAYERS; i++) height[i] = exp(-0.5 * edge[i] * edge[i]);
  built = { scale, inside, height };
  return built;
}

const rare = new Uint32Array(4);
/** The deviation with either sign. */
const signed = new Float64Array(2);

/** One 53-bit uniform in (0, 1) from the state in `rare`. */
function rareUniform(): number {
  const high = next(rare) >>> 6;
  const low = next(rare) >>> 6;
  return (high * 2 ** 26 + low + 0.5) * 2 ** -52;
}

/** What the fast test did not accept: the tail beyond TAIL_START, or the wedge; NaN means draw again. */
function slowPath(layer: number, x: number, height: Float64Array): number {
  if (layer === 0) {
    for (;;) {
      const far = -ln(rareUniform()) / TAIL_START;
      if (-2 * ln(rareUniform()) > far * far) return TAIL_START + far;
    }
  }
  const y = height[layer] + rareUniform() * (height[layer + 1] - height[layer]);
  return y < exp(-0.5 * x * x) ? x : Number.NaN;
}

/**
 * Fills `out[from] … out[to − 1]` with normals of deviation `deviation`, and advances `state`, four words that are
 * not all zero.
 */
export function fillZiggurat(
  state: Uint32Array,
  out: Float64Array,
  from: number,
  to: number,
  deviation: number,
): void {
  const { scale, inside, height } = tables();
  signed[0] = deviation;
  signed[1] = -deviation;
  let s0 = state[0] | 0;
  let s1 = state[1] | 0;
  let s2 = state[2] | 0;
  let s3 = state[3] | 0;
  for (let i = from; i < to; ) {
    let sum = (s0 + s3) | 0;
    const word = (((sum << 7) | (sum >>> 25)) + s0) | 0;
    let shifted = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= shifted;
    s3 = (s3 << 11) | (s3 >>> 21);
    sum = (s0 + s3) | 0;
    const low = (((sum << 7) | (sum >>> 25)) + s0) | 0;
    shifted = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= shifted;
    s3 = (s3 << 11) | (s3 >>> 21);
    const layer = word & 255;
    const position = (word >>> 11) * 4294967296 + (low >>> 0);
    let x = position * scale[layer];
    if (position >= inside[layer]) {
      rare[0] = s0;
      rare[1] = s1;
      rare[2] = s2;
      rare[3] = s3;
      x = slowPath(layer, x, height);
      s0 = rare[0] | 0;
      s1 = rare[1] | 0;
      s2 = rare[2] | 0;
      s3 = rare[3] | 0;
      if (Number.isNaN(x)) continue;
    }
    // A table, because half of the branches on a random bit are foreseen wrongly.
    out[i++] = x * signed[(word >>> 8) & 1];
  }
  state[0] = s0;
  state[1] = s1;
  state[2] = s2;
  state[3] = s3;
}
