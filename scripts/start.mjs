// `npm start`: builds what the command line needs and runs the main job. Arguments go to `sntk figure1`.
import { join } from 'node:path';
import { root, run } from './workspace.mjs';

console.log('Building (cached after the first time) …');
run('turbo', ['run', 'build', '--filter=sntk', '--output-logs=errors-only', '--log-prefix=none'], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
run(process.execPath, [join(root, 'apps/cli/dist/main.js'), 'figure1', ...process.argv.slice(2)]);
