export { availableBackends, type BackendEntry, surveyBackends } from './backends.ts';
export { type Closeness, expectClose } from './expect-close.ts';
export { type StandInDevice, standInDevice } from './stand-in-device.ts';
export { fitSlope, type MeanEstimate, meanAndStandardError, type SlopeEstimate } from './statistics.ts';
