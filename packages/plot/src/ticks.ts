import { ticks as roundNumbers } from 'd3-array';

/** A mark on an axis; without a label it is a minor one. */
export interface Tick {
  readonly value: number;
  readonly label?: string;
}

/** Round numbers inside [low, high], about `count` of them. */
export function linearTicks(low: number, high: number, count: number): Tick[] {
  const values = roundNumbers(low, high, count);
  const step = values.length > 1 ? values[1] - values[0] : Math.abs(high - low);
  const largest = Math.max(...values.map(Math.abs));
  if (largest >= 1e5 || step < 1e-4) {
    const power = Math.floor(Math.log10(largest) + 1e-9);
    const decimals = Math.max(0, power - Math.floor(Math.log10(step) + 1e-9));
    return values.map((value) => ({ value, label: scientific(value, power, decimals) }));
  }
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return values.map((value) => ({ value, label: minus(value.toFixed(decimals)) }));
}

/**
 * Ticks of a logarithmic axis inside [low, high]: powers of ten labelled (every one, or every second, third, …, so
 * that at most `count` labels remain), 2…9 as minor ticks. Over less than two powers of ten, 2 and 5 are labelled as
 * well; where even that leaves fewer than two labels, the ticks are `linearTicks`.
 */
export function logTicks(low: number, high: number, count: number): Tick[] {
  const first = Math.floor(Math.log10(low) + 1e-9);
  const last = Math.ceil(Math.log10(high) - 1e-9);
  const stride = Math.max(1, Math.ceil((last - first) / count));
  const narrow = Math.log10(high / low) < 2;
  const plain = low >= 1e-3 && high < 1e5;
  const ticks: Tick[] = [];
  for (let power = first; power <= last; power++) {
    for (let digit = 1; digit <= (stride === 1 ? 9 : 1); digit++) {
      const value = Number(`${digit}e${power}`);
      if (value < low * (1 - 1e-9) || value > high * (1 + 1e-9)) continue;
      const labelled = narrow ? [1, 2, 5].includes(digit) : digit === 1 && power % stride === 0;
      ticks.push(labelled ? { value, label: powerLabel(digit, power, plain) } : { value });
    }
  }
  const labels = ticks.filter((tick) => tick.label !== undefined).length;
  return narrow && labels < 2 ? linearTicks(low, high, count) : ticks;
}

/** `digit`·10^`power`, as an ordinary number where the whole axis can be written so. */
function powerLabel(digit: number, power: number, plain: boolean): string {
  if (plain) return Number(`${digit}e${power}`).toFixed(Math.max(0, -power));
  return digit === 1 ? `10${superscript(power)}` : `${digit}·10${superscript(power)}`;
}

/** `value` as a multiple of ten to a power shared by the whole axis. */
function scientific(value: number, power: number, decimals: number): string {
  if (value === 0) return '0';
  return `${minus((value / 10 ** power).toFixed(decimals))}·10${superscript(power)}`;
}

/** A number's text with a true minus sign, and no minus before zero. */
function minus(text: string): string {
  return /^-[0.]*$/.test(text) ? text.slice(1) : text.replace('-', '−');
}

/** An integer in superscript characters. */
function superscript(value: number): string {
  return [...String(value)].map((char) => (char === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(char)])).join('');
}
