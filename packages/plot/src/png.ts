import { createRequire } from 'node:module';
import { Resvg } from '@resvg/resvg-js';
import { ArgumentError, checkPositive } from '@sntk/errors';

/** Options of `toPng`. */
export interface PngOptions {
  /** Pixels of the PNG for one unit of the SVG; 2 unless told. */
  readonly scale?: number;
}

const require = createRequire(import.meta.url);

/**
 * Renders an SVG figure to PNG bytes, in Node. Text is set in the DejaVu Sans that this package installs and never in
 * the machine's own fonts, so the same SVG gives the same bytes on every machine of one architecture.
 *
 * @throws ArgumentError when the scale is not above 0 or the SVG cannot be read.
 * @example
 * ```ts
 * import { lineChart } from '@sntk/plot';
 * import { toPng } from '@sntk/plot/png';
 * const svg = lineChart({
 *   series: [{ label: 'Euler', x: [1, 2, 4], y: [0.4, 0.2, 0.1] }],
 *   x: { label: 'steps', log: true },
 *   y: { label: 'error', log: true },
 * });
 * console.log(new TextDecoder().decode(toPng(svg).subarray(1, 4))); // PNG
 * ```
 */
export function toPng(svg: string, options: PngOptions = {}): Uint8Array {
  const scale = checkPositive('toPng', 'options.scale', options.scale ?? 2);
  const fontFiles = ['DejaVuSans', 'DejaVuSans-Bold', 'DejaVuSans-Oblique'].map((name) =>
    require.resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`),
  );
  let image: Resvg;
  try {
    image = new Resvg(svg, {
      fitTo: { mode: 'zoom', value: scale },
      font: {
        loadSystemFonts: false,
        fontFiles,
        defaultFontFamily: 'DejaVu Sans',
        sansSerifFamily: 'DejaVu Sans',
      },
    });
  } catch (error) {
    throw new ArgumentError({
      where: 'toPng',
      argument: 'svg',
      wanted: 'a well-formed SVG document',
      got: String(error),
    });
  }
  return new Uint8Array(image.render().asPng());
}
