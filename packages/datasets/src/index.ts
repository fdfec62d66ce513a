export { type CirclesOptions, circles } from './circles.ts';
export { type CsvTable, formatCsv, parseCsv } from './csv.ts';
export { type BlobsOptions, gaussianBlobs } from './gaussian-blobs.ts';
export { type GridOptions, grid2d } from './grid2d.ts';
export type { LabelledData, NoisyOptions, SampleOptions } from './labelled.ts';
export { decodeNpy, encodeNpy, type NpyArray } from './npy.ts';
export type { NpyData } from './npy-types.ts';
export { decodeNpz, encodeNpz } from './npz.ts';
export { twoMoons } from './two-moons.ts';
