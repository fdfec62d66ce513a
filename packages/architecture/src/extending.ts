/** What a package that reads networks needs beside the root export. */
export { everySite, slideWindow, type Taps } from './slide-window.ts';
