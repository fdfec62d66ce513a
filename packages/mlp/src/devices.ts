/** Networks whose parameters and activations stay on a device. */
export { type DeviceChain, deviceChain } from './device-chain.ts';
