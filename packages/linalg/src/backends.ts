/** Which backends are here, how fast they are, and which one to take. */
export {
  type BackendCandidate,
  type BackendReport,
  type DescribeOptions,
  describeBackends,
} from './select/describe-backends.ts';
export { type SelectOptions, selectBackend } from './select/select-backend.ts';
