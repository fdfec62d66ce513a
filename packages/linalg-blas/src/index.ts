export { type BlasOptions, blasAvailable, blasBackend } from './blas-backend.ts';
