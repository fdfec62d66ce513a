import { defineConfig } from 'tsdown';

/** One build for every package: ESM and declarations from `src/index.ts`, dependencies left outside. */
export default defineConfig({
  // The configuration is shared; the package is where the build is started.
  cwd: process.cwd(),
  entry: ['src/index.ts'],
  format: 'esm',
  fixedExtension: false,
  platform: 'neutral',
  target: 'es2023',
  dts: true,
  sourcemap: true,
  clean: true,
  logLevel: 'warn',
  inputOptions: { resolve: { conditionNames: ['types', 'import', 'default'] } },
});
