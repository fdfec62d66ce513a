export { type ConformanceCase, conformanceCases } from './conformance/cases.ts';
