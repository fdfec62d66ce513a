import type { MarkdownRenderer } from 'vitepress';

type Token = ReturnType<MarkdownRenderer['parse']>[number];

/** `MATH (13)`, `MATH (3)–(6)`, `MATH (1) and (2)`, `MATH section 8`. */
const CITATION = /MATH (?:\(\d+b?\)(?:(?:–| and |, )\(\d+b?\))*|section \d+)/g;
const NUMBER = /\((\d+b?)\)|section (\d+)/g;

/** Where an equation or a section is on the theory page. */
export interface Place {
  readonly text: string;
  readonly anchor: string;
}

/** The equations that a theory page states, by the anchors they get, and its numbered sections. */
export function placesOn(theory: string): ReadonlySet<string> {
  const equations = [...theory.matchAll(/\\tag\{(\d+b?)\}/g)].map(([, number]) => `eq-${number}`);
  const sections = [...theory.matchAll(/^## \d+ .*\{#(section-\d+)\}$/gm)].map(([, anchor]) => anchor);
  return new Set([...equations, ...sections]);
}

/** What a text cites, in order, ends of ranges included. */
export function citationsIn(text: string): readonly Place[] {
  return [...text.matchAll(CITATION)].flatMap(([citation]) => placesIn(citation));
}

function placesIn(citation: string): Place[] {
  return [...citation.matchAll(NUMBER)].map(([text, equation, section]) => ({
    text,
    anchor: equation ? `eq-${equation}` : `section-${section}`,
  }));
}

/**
 * Links citations of equations to the theory page, and bare numbers on that page to the equations they name.
 *
 * A citation of something that the page does not state stops the build.
 */
export function linkCitations(md: MarkdownRenderer, places: ReadonlySet<string>): void {
  md.core.ruler.push('equation-citations', (state) => {
    const path = (state.env as { relativePath?: string }).relativePath ?? '';
    const onTheory = path === 'theory.md';
    const pattern = onTheory ? /\(\d+b?\)|\bsection \d+/gi : CITATION;
    for (const block of state.tokens) {
      if (block.type !== 'inline' || !block.children) continue;
      let depth = 0;
      block.children = block.children.flatMap((token) => {
        if (token.type === 'link_open') depth++;
        if (token.type === 'link_close') depth--;
        if (token.type !== 'text' || depth > 0) return [token];
        const parts: Token[] = [];
        const text = (content: string): void => {
          const part = new state.Token('text', '', 0);
          part.content = content;
          if (content) parts.push(part);
        };
        let from = 0;
        for (const match of token.content.matchAll(pattern)) {
          for (const { text: label, anchor } of placesIn(match[0])) {
            if (!places.has(anchor)) {
              if (onTheory) continue;
              throw new Error(`${path} cites ${match[0]}, but theory.md has no ${anchor}`);
            }
            const at = token.content.indexOf(label, Math.max(from, match.index));
            text(token.content.slice(from, at));
            const open = new state.Token('link_open', 'a', 1);
            open.attrSet('href', `/theory#${anchor}`);
            parts.push(open);
            text(label);
            parts.push(new state.Token('link_close', 'a', -1));
            from = at + label.length;
          }
        }
        text(token.content.slice(from));
        return parts;
      });
    }
  });
}

/** Gives a displayed equation the anchor of its number, and keeps Vue's hands off its braces. */
export function anchorEquation(html: string, display: boolean): string {
  if (!display) return html.replace(/^<span/, '<span v-pre');
  const number = /\\tag\{(\d+b?)\}/.exec(html)?.[1];
  return `<div v-pre class="equation"${number ? ` id="eq-${number}"` : ''}>${html}</div>`;
}
