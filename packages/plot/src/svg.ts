/** Attributes of an SVG element; numbers are rounded to 0.01, `undefined` ones are left out. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** What text may not hold in XML 1.0: control characters, lone surrogates and two noncharacters. */
const FORBIDDEN = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

/** Text made safe for an XML text node or a double-quoted attribute. */
export function escapeXml(text: string): string {
  return text
    .replace(FORBIDDEN, '\uFFFD')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** A number with at most two decimals and no padding, as short as SVG allows: `-.5`, `12.25`, `0`. */
export function short(value: number): string {
  const rounded = Math.round(value * 100) / 100;
  return rounded === 0 ? '0' : String(rounded).replace(/^(-?)0\./, '$1.');
}

/** One SVG element; the children are markup already. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  let open = `<${name}`;
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    open += ` ${key}="${typeof value === 'number' ? short(value) : escapeXml(value)}"`;
  }
  const body = children.join('');
  return body === '' ? `${open}/>` : `${open}>${body}</${name}>`;
}

/**
 * Path data through points in pixels, in relative steps of 0.01 px: half the size of absolute coordinates,
 * and free of drift because every step is the difference of two rounded positions.
 */
export function pathData(points: readonly (readonly [number, number])[], close = false): string {
  let [px, py] = [Math.round(points[0][0] * 100), Math.round(points[0][1] * 100)];
  let data = `M${pair(px, py)}`;
  let command = 'l';
  for (let i = 1; i < points.length; i++) {
    const [qx, qy] = [Math.round(points[i][0] * 100), Math.round(points[i][1] * 100)];
    if (qx === px && qy === py) continue;
    const step = pair(qx - px, qy - py);
    data += command + (command === '' && !step.startsWith('-') ? ' ' : '') + step;
    command = '';
    [px, py] = [qx, qy];
  }
  return close ? `${data}z` : data;
}

/** Two whole hundredths of a pixel as a coordinate pair. */
function pair(x: number, y: number): string {
  const second = short(y / 100);
  return short(x / 100) + (second.startsWith('-') ? '' : ' ') + second;
}

/** What `svgDocument` needs besides its content. */
interface DocumentOptions {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly description: string;
}

/** A whole SVG figure: named and described for screen readers, on a white ground. */
export function svgDocument(options: DocumentOptions, ...children: readonly string[]): string {
  const { width, height, title, description } = options;
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      role: 'img',
      'aria-label': title,
      width,
      height,
      viewBox: `0 0 ${short(width)} ${short(height)}`,
      'font-family': "'DejaVu Sans', Verdana, 'Bitstream Vera Sans', Geneva, sans-serif",
      'font-size': 9,
      fill: '#1a1a1a',
    },
    element('title', {}, escapeXml(title)),
    element('desc', {}, escapeXml(description)),
    element('rect', { width, height, fill: '#fff' }),
    ...children,
  );
}
