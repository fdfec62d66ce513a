import { type Attributes, element, short } from './svg.ts';

/** Shapes told apart without colour, in the order in which series take them. */
export const SHAPES = ['circle', 'square', 'triangle', 'diamond'] as const;
/** The name of a marker's shape. */
export type Shape = (typeof SHAPES)[number];

/** A marker of the area of a circle of radius `r`, centred at (x, y). */
export function marker(shape: Shape, x: number, y: number, r: number, attributes: Attributes = {}): string {
  if (shape === 'circle') return element('circle', { cx: x, cy: y, r, ...attributes });
  const b = short(r * 1.77);
  const [half, tall] = [short(r * 1.35), short(r * 2.33)];
  const side = short(r * 1.25);
  const d = {
    square: `M${short(x - r * 0.89)} ${short(y - r * 0.89)}h${b}v${b}h-${b}z`,
    triangle: `M${short(x)} ${short(y - r * 1.55)}l${half} ${tall}h-${short(r * 2.7)}z`,
    diamond: `M${short(x)} ${short(y - r * 1.25)}l${side} ${side}-${side} ${side}-${side}-${side}z`,
  }[shape];
  return element('path', { d, ...attributes });
}
