/** Training in function space on a device. */
export { type DeviceSntkOptions, deviceSntkPaths } from './device-sntk-paths.ts';
