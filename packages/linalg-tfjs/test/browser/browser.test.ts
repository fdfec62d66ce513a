import { conformanceCases } from '@sntk/linalg/conformance';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tfjsBackend } from '../../src/index.ts';
import { DEVICE_JOBS } from '../device-jobs.ts';
import { NO_BROWSER, openPage, type RemotePage } from './chromium.ts';

/** What a case applies to is the same for all devices. */
const like = await tfjsBackend({ device: 'wasm' });
const cases = conformanceCases().filter((one) => one.applies(like));

describe.skipIf(NO_BROWSER && process.env.CI !== 'true')(
  `in Chromium${NO_BROWSER ? `: ${NO_BROWSER}` : ''}`,
  () => {
    let page: RemotePage;
    beforeAll(async () => {
      page = await openPage();
    }, 120_000);
    afterAll(() => page?.close());

    describe.each(['webgl', 'webgpu', 'wasm'] as const)('tfjs-%s', (device) => {
      let missing: string | undefined;
      beforeAll(async () => {
        missing = await page.call('start', device);
        if (missing && process.env.CI === 'true') throw new Error(missing);
      });
      beforeEach(({ skip }) => skip(missing !== undefined, missing));

      it.each(cases)('$name', async ({ name }) => {
        expect(await page.call('conform', device, name)).toBeUndefined();
      });

      it.each(DEVICE_JOBS)(
        'runs $name without leaving the device or leaving anything there',
        async ({ name, reads }) => {
          const report = await page.call('job', device, name);
          expect(report.gap).toBeLessThan(report.accepted);
          expect(report.reads).toBe(reads);
          expect(report.left).toBe(0);
        },
      );

      it('leaves nothing but results behind', async () => {
        expect(await page.call('leaks', device)).toEqual([]);
      });
    });

    it('ends calls in a typed error when WebGL loses its context, and starts it again', async () => {
      const { thrown, product } = await page.call('loseContext');
      const lost = expect.stringMatching(
        /^UnavailableError: tfjs-webgl: the device was lost \(the WebGL context was lost\), .* starts it again$/,
      );
      expect(thrown).toEqual([lost, lost, lost]);
      expect(product).toEqual([9]);
    });
  },
);
