export { type TfjsCandidateOptions, tfjsCandidates } from './candidates.ts';
export type { TfjsDevice } from './load.ts';
export { type TfjsOptions, tfjsBackend } from './tfjs-backend.ts';
