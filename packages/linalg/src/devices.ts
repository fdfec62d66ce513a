/** For backends whose tensors live on a device: memory of intermediate results, and what only a CPU can do. */
export { choleskyAsync, eighAsync, qrAsync } from './devices/factor-async.ts';
export { type OnCpuOptions, onCpu } from './devices/on-cpu.ts';
export { scope } from './devices/scope.ts';
