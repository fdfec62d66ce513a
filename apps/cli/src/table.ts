/** Lines of a table in columns as wide as they need, numbers to the right; the first column may be of names. */
export function tabulate(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  { names = false }: { readonly names?: boolean } = {},
): string[] {
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, i) => (names && i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('   ')}`;
  const rule = `  ${'─'.repeat(widths.reduce((sum, width) => sum + width + 3, -3))}`;
  return [line(header), rule, ...rows.map(line)];
}
