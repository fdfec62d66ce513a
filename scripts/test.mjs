// `npm test`: builds every package, since some tests run what users get, and runs every test.
import { run } from './workspace.mjs';

run('turbo', ['run', 'build', '--output-logs=errors-only', '--log-prefix=none']);
run('vitest', ['run', ...process.argv.slice(2)]);
