import { textLine, textWidth } from './text.ts';

/** One entry of a legend: a swatch drawn in a box of the given width, centred on a height, and its text. */
export interface LegendEntry {
  readonly text: string;
  readonly width: number;
  readonly swatch: (left: number, middle: number) => string;
}

const FONT = 9;
const SPACE = 16;

/** Entries set in rows no wider than `width`, each row centred on `center`. */
export function legend(entries: readonly LegendEntry[], center: number, top: number, width: number): string {
  return legendRows(entries, width)
    .map((row, r) => {
      const middle = top + ROW * (r + 0.5);
      let left = center - (row.reduce((sum, entry) => sum + entryWidth(entry), 0) - SPACE) / 2;
      return row
        .map((entry) => {
          const at = left;
          left += entryWidth(entry);
          return (
            entry.swatch(at, middle) +
            textLine(entry.text, at + entry.width + 5, middle + 3.2, { 'font-size': FONT })
          );
        })
        .join('');
    })
    .join('');
}

const ROW = 14;

/** The height of the same entries' rows. */
export function legendHeight(entries: readonly LegendEntry[], width: number): number {
  return legendRows(entries, width).length * ROW;
}

/** Entries broken into rows. */
function legendRows(entries: readonly LegendEntry[], width: number): LegendEntry[][] {
  const rows: LegendEntry[][] = [];
  let used = Number.POSITIVE_INFINITY;
  for (const entry of entries) {
    if (used + entryWidth(entry) - SPACE > width) {
      rows.push([]);
      used = 0;
    }
    rows[rows.length - 1].push(entry);
    used += entryWidth(entry);
  }
  return rows;
}

/** The room an entry takes with the space after it. */
function entryWidth(entry: LegendEntry): number {
  return entry.width + 5 + textWidth(entry.text, FONT) + SPACE;
}
