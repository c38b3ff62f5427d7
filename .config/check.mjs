// The one gate, `npm run check`: types, lint, the rules of the house, format, unused code and packages, the package itself.
// All steps run, so that one run tells all; it ends with 1 where one of them failed.
import { spawnSync } from 'node:child_process';

import { ready, root } from './ready.mjs';

const steps = [
  { title: 'types', run: 'tsc --noEmit --project tsconfig.json' },
  { title: 'lint', run: 'eslint --config .config/eslint.config.mjs --max-warnings 0 src test .config' },
  { title: 'rules of the house', run: 'node .config/house-rules.mjs' },
  { title: 'format', run: 'prettier --check --log-level warn --config .config/prettier.json src test .config *.json' },
  { title: 'unused code and packages', run: 'knip --config .config/knip.json --no-progress' },
  { title: 'build', run: 'node .config/ready.mjs' },
  { title: 'package', run: 'publint run --strict --pack npm .' },
];

await ready({ dist: false });
const failed = steps.filter(({ title, run }) => {
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync('sh', ['-c', run], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${root}node_modules/.bin:${process.env.PATH}` },
    maxBuffer: 2 ** 28,
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${title} (${seconds} s)`);
  if (status !== 0) console.log(`${stdout}${stderr}\n     from: ${run}\n`);
  return status !== 0;
});
if (failed.length > 0) {
  console.log(`check failed: ${failed.map(({ title }) => title).join(', ')}`);
  process.exitCode = 1;
}
