/** The suite that every backend has to pass, for any test runner. */
export { type ConformanceCase, conformanceCases } from './conformance/cases.ts';
