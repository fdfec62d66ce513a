import { ArgumentError } from '@sntk/errors';

/** What a run may need at its peak. */
const LIMIT = 8 * 2 ** 30;

/** Refuses a run whose parts, in bytes by the options that set them, do not fit; names the largest. */
export function checkMemory(where: string, parts: readonly (readonly [string, number])[]): void {
  const total = parts.reduce((sum, [, bytes]) => sum + bytes, 0);
  if (total <= LIMIT) return;
  const [name] = parts.reduce((worst, part) => (part[1] > worst[1] ? part : worst));
  throw new ArgumentError({
    where,
    argument: name,
    wanted: `so small that a run fits in ${LIMIT / 2 ** 30} GiB`,
    got: `a run of about ${Math.round(total / 2 ** 30).toLocaleString('en-US')} GiB`,
  });
}
