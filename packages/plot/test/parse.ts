import { SaxesParser } from 'saxes';

/** An element of a parsed SVG. */
export interface Node {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Node[];
  text: string;
}

/** Parses strictly: anything that is not well-formed XML throws. */
export function parse(svg: string): Node {
  const root: Node = { name: '', attributes: {}, children: [], text: '' };
  const stack = [root];
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', (tag) => {
    const node: Node = {
      name: tag.name,
      attributes: tag.attributes as Record<string, string>,
      children: [],
      text: '',
    };
    stack.at(-1)!.children.push(node);
    stack.push(node);
  });
  parser.on('text', (text) => {
    stack.at(-1)!.text += text;
  });
  parser.on('closetag', () => {
    stack.pop();
  });
  parser.write(svg).close();
  return root.children[0];
}

/** All descendants, in document order, that satisfy `wanted`. */
export function all(node: Node, wanted: (node: Node) => boolean): Node[] {
  return node.children.flatMap((child) => [...(wanted(child) ? [child] : []), ...all(child, wanted)]);
}

/** The contents of all text elements. */
export function texts(node: Node): string[] {
  return all(node, (child) => child.name === 'text').map((child) => child.text);
}

/** A rectangle in pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The panels' frames: unfilled rectangles, in document order. */
export function frames(node: Node): Box[] {
  return all(node, (child) => child.name === 'rect' && child.attributes.fill === 'none').map(
    ({ attributes }) => ({
      left: Number(attributes.x),
      top: Number(attributes.y),
      width: Number(attributes.width),
      height: Number(attributes.height),
    }),
  );
}

/** The subpaths of path data made of absolute M, relative l and z only. */
export function subpaths(d: string): [number, number][][] {
  const result: [number, number][][] = [];
  for (const piece of d.split('M').slice(1)) {
    const numbers = (piece.match(/-?(?:\d+\.?\d*|\.\d+)/g) ?? []).map(Number);
    let [x, y] = [0, 0];
    const points: [number, number][] = [];
    for (let i = 0; i < numbers.length; i += 2) {
      [x, y] = [x + numbers[i], y + numbers[i + 1]];
      points.push([x, y]);
    }
    result.push(points);
  }
  return result;
}
