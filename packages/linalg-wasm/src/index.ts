export { type WasmOptions, wasmBackend, wasmMemoryInUse } from './backend.ts';
export { wasmSupported } from './runtime.ts';
export { type ThreadedBackend, type ThreadOptions, threadedWasmBackend } from './threaded.ts';
