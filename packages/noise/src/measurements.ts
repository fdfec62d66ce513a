/** The theorems of the sources as measurements: each says what was measured, what the bound is, and whether it holds. */
export {
  type EntryMeasurement,
  type Measurement,
  measureTheoremOne,
  type NoiseError,
  separation,
} from './measurements/theorem-one.ts';
