export {
  allFinite,
  checkChoice,
  checkFinite,
  checkInteger,
  checkLength,
  checkNonNegative,
  checkPositive,
} from './checks.ts';
export {
  ArgumentError,
  type ArgumentProblem,
  NumericalError,
  type NumericalProblem,
  SntkError,
  show,
  UnavailableError,
} from './errors.ts';
