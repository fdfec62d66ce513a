/** Puts the channels of all sites side by side, as the units of one layer without spatial axes. */
export interface FlattenLayer {
  readonly kind: 'flatten';
}

/** Puts the channels of all sites side by side. */
export const flatten: FlattenLayer = { kind: 'flatten' };
