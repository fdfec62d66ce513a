export { type WasmOptions, wasmBackend, wasmMemoryInUse } from './backend.ts';
export { wasmSupported } from './runtime.ts';
