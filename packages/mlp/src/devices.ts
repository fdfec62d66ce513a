/** Networks whose parameters and activations stay on a device. */
export { type DeviceChain, type DeviceChainOptions, deviceChain } from './device-chain.ts';
