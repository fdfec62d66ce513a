/** Networks whose parameters and activations stay on a device. */
export { type DeviceChain, deviceChain } from './device-chain.ts';
export { type DeviceSgdOptions, deviceTrainSgd } from './device-sgd.ts';
