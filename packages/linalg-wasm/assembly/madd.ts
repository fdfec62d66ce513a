/*
 * The one step of arithmetic that the two builds differ in: the plain one rounds the product and the sum, which gives the
 * same bits everywhere; the relaxed one lets the processor round once, if it has an instruction for that.
 */

/** sum + a b */
// @ts-ignore: a decorator of AssemblyScript, which copies the body before anything is optimized.
@inline
export function madd<T>(sum: v128, a: v128, b: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.relaxed_madd<T>(a, b, sum);
  return v128.add<T>(sum, v128.mul<T>(a, b));
}
