/** The enumerations of the CBLAS standard. */
export const ROW_MAJOR = 101;
export const NO_TRANSPOSE = 111;
export const TRANSPOSE = 112;
export const LOWER = 122;
export const NON_UNIT = 131;
export const LEFT = 141;
