// `npm run bench -- <name> [arguments]`: makes a fresh clone ready and runs test/bench/<name>.mjs or .ts. Without a name it
// lists the benches, each with its first comment line.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { ready, root } from './ready.mjs';

const folder = join(root, 'test/bench');
const files = existsSync(folder) ? readdirSync(folder).filter((file) => /\.(mjs|ts)$/.test(file)) : [];
const [name, ...rest] = process.argv.slice(2);
const file = files.find((candidate) => candidate.replace(/\.(mjs|ts)$/, '') === name);

if (file === undefined) {
  if (name !== undefined) console.error(`There is no bench named ${name}.`);
  const known = files.length === 0 ? ['  (none yet)'] : files.map(describe);
  console.log(['npm run bench -- <name>, where <name> is one of', ...known].join('\n'));
  process.exitCode = name === undefined ? 0 : 1;
} else {
  await ready({ tools: true });
  process.exitCode = file.endsWith('.ts') ? await runTypeScript(file) : run(join(folder, file));
}

function describe(candidate) {
  const [first = ''] = readFileSync(join(folder, candidate), 'utf8').split('\n');
  return `  ${candidate.replace(/\.(mjs|ts)$/, '').padEnd(12)} ${first.replace(/^\/\/ ?/, '')}`;
}

function run(path) {
  return spawnSync(process.execPath, [path, ...rest], { stdio: 'inherit' }).status ?? 1;
}

/** Node 20 does not read TypeScript: esbuild makes one file of it, in which `import.meta.url` still names the source. */
async function runTypeScript(source) {
  const { build } = await import('esbuild');
  const scratch = mkdtempSync(join(root, 'node_modules/.bench-'));
  const ownAddress = {
    name: 'own-address',
    setup(builder) {
      builder.onLoad({ filter: /\.ts$/ }, ({ path }) => ({
        contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
        loader: 'ts',
      }));
    },
  };
  try {
    const outfile = join(scratch, 'bench.mjs');
    const entryPoints = [join(folder, source)];
    const how = { bundle: true, packages: 'external', platform: 'node', format: 'esm', logLevel: 'warning' };
    await build({ entryPoints, outfile, plugins: [ownAddress], ...how });
    return run(outfile);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
