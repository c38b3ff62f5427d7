// Bundles src/ into dist/: one CommonJS file for cli.ts and one for each commands/<verb>.ts that is reached from there by an
// `import()`, which stays for run time, so a verb loads nothing of another; some for what `run` needs now and then. What
// parts share is in each of them, but for the class of our errors: that is a part of its own, since `instanceof` must hold for an
// error that another part has thrown.
// dist/ is made beside the old one and renamed into place. Beside it: the licences of all that was bundled.
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build as bundle } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const commands = join(root, 'src/commands');
const errorClass = join(root, 'src/errors/cvtool-error.ts');
/** What `run` needs at its start only, if at all: a named config.toml, the look at a binary's libraries, a short command. */
const laterParts = ['config/toml-file.ts', 'supervisor/check-binary.ts', 'supervisor/run-short.ts'].map((path) =>
  join(root, 'src', path),
);
/** What a node's run needs one day: its bytes are read at the start, since cvtool may be another by then, or gone. */
const heldPart = join(root, 'src/supervisor/later.ts');
/** Keeping the names of functions makes each of them at the start: on Node 24 that is 3 MB of a supervisor that idles. */
const leanParts = ['src/cli.ts', 'src/commands/run.ts', 'src/commands/version.ts', 'src/commands/config.ts'].map(
  (path) => join(root, path),
);
const dist = join(root, 'dist');

export async function build() {
  const scratch = `${dist}.${process.pid}`;
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch);
  try {
    const inputs = await bundleParts(scratch);
    await writeFile(join(scratch, 'package.json'), '{ "type": "commonjs" }\n');
    await writeFile(join(scratch, 'THIRD_PARTY_LICENSES'), await licences(inputs));
    await chmod(join(scratch, 'cli.js'), 0o755);
    await rename(dist, `${scratch}.old`).catch(unlessMissing);
    await rename(scratch, dist);
  } finally {
    await rm(scratch, { recursive: true, force: true });
    await rm(`${scratch}.old`, { recursive: true, force: true });
  }
}

/** @returns the paths of all files that went into a bundle */
async function bundleParts(folder) {
  const inputs = new Set();
  const parts = [join(root, 'src/cli.ts')]; // grows while the loop goes: each bundle tells which parts it loads
  for (const part of parts) {
    const addPart = (path) => void (parts.includes(path) || parts.push(path));
    const { metafile, outputFiles } = await bundle(options(part, folder, addPart));
    for (const { path, text } of outputFiles) await writeFile(path, head(part, text) + onceEach(text));
    for (const path of Object.keys(metafile.inputs)) inputs.add(resolve(root, path));
  }
  return [...inputs];
}

function options(part, folder, addPart) {
  return {
    absWorkingDir: root,
    entryPoints: [part],
    outdir: folder,
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    minify: true,
    external: ['xmlbuilder2'], // with it the SBOM library would write XML; it asks for it, and goes on without
    keepNames: ![...leanParts, ...laterParts, heldPart].includes(part),
    legalComments: 'none', // they stand in THIRD_PARTY_LICENSES
    metafile: true,
    define: { 'import.meta.url': 'importMetaUrl' }, // empty in CommonJS otherwise
    supported: { 'dynamic-import': false }, // becomes require(): the loader of ES modules costs time and memory
    plugins: [partsStayApart(addPart)],
    logLevel: 'warning',
  };
}

/** What stands before a bundle: what it names and nothing in it declares. */
function head(part, text) {
  const lines = [
    text.includes('importMetaUrl') && "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;",
    text.includes('heldPart') && "const heldPart = require('node:fs').readFileSync(__dirname + '/later.js');",
  ];
  return [part.endsWith('cli.ts') && '#!/usr/bin/env node', '"use strict";', ...lines].filter(Boolean).join('\n');
}

/** Each file of the sources requires what it needs; of what all of them do, one `require` is enough for the bundle. */
function onceEach(text) {
  const names = ['node:fs', 'node:path'].filter((name) => text.includes(`require("${name}")`));
  const variable = (name) => name.replace('node:', '$');
  const taken = names.find((name) => text.includes(variable(name)));
  if (taken !== undefined) throw new Error(`${variable(taken)} is a name that the bundler has taken`);
  const declared = names.map((name) => `const ${variable(name)}=require("${name}");`).join('');
  const body = names.reduce((all, name) => all.replaceAll(`require("${name}")`, () => variable(name)), text);
  return body.replace(/^(?:#!.*\n)?"use strict";/, () => declared); // `head` says it
}

/** What `import()` of the held part becomes: its bytes become a module when they are asked for. */
const evaluateHeld = `
  const { compileFunction } = require('node:vm');
  const names = ['module', 'exports', 'require', '__filename', '__dirname'];
  const evaluate = compileFunction(heldPart.toString(), names, { filename: __dirname + '/later.js' });
  evaluate(module, module.exports, require, __filename, __dirname);
`;

/** Leaves an import of a part to run time, and tells of it. */
function partsStayApart(addPart) {
  return {
    name: 'parts-stay-apart',
    setup(builder) {
      builder.onResolve({ filter: /^\.{1,2}\/.*\.js$/ }, ({ kind, path, resolveDir }) => {
        const source = resolve(resolveDir, path).replace(/\.js$/, '.ts');
        const isLater = kind === 'dynamic-import' && (dirname(source) === commands || laterParts.includes(source));
        const isHeld = kind === 'dynamic-import' && source === heldPart;
        if (!isLater && !isHeld && source !== errorClass) return undefined;
        addPart(source);
        return isHeld ? { path: source, namespace: 'held' } : { path: `./${basename(path)}`, external: true };
      });
      builder.onLoad({ filter: /./, namespace: 'held' }, () => ({ contents: evaluateHeld, resolveDir: root }));
    },
  };
}

/** Name, version and licence text of each package that a bundle has something of. */
async function licences(inputs) {
  const folders = inputs.flatMap((path) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0] ?? []);
  const texts = await Promise.all([...new Set(folders)].map(licenceOf));
  const head = 'cvtool is distributed with parts of these packages in it.\n';
  return [head, ...texts.sort()].join(`\n${'-'.repeat(78)}\n\n`);
}

async function licenceOf(folder) {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file)).sort();
  if (files.length === 0 && license === undefined) throw new Error(`${name} is bundled and states no licence`);
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return [`${name} ${version} (${license ?? 'see below'})`, ...texts.map((text) => text.trim())].join('\n\n') + '\n';
}

function unlessMissing(error) {
  if (error.code !== 'ENOENT') throw error;
}
