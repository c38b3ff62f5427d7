// Holds src/ against the table in rooms.mjs: edges between rooms, owners of outside packages, the lean `run`, no circles.
// `node .config/house-rules.mjs` prints each breach and ends with 1; with `--graph` the rooms as a mermaid diagram.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { cruise } from 'dependency-cruiser';

import { lean, mayImport, owners, program, wings } from './rooms.mjs';

const rooms = Object.values(wings).flatMap((wing) => wing.rooms);
const escaped = (text) => text.replace(/[.\\/]/g, '\\$&');
const filesOf = (names) => names.map((name) => `^src/${escaped(name)}${name === program ? '$' : '/'}`);
const packageFiles = (name) => `(^|/)node_modules/${escaped(name)}/`;

const edges = rooms.map((room) => ({
  ...{ name: `the room ${room}`, severity: 'error', comment: `${room}/ imports only ${mayImport(room).join(', ')}` },
  from: { path: filesOf([room]) },
  to: { path: '^src/', pathNot: filesOf(mayImport(room)) },
}));

const ownership = Object.entries(owners).map(([name, owning]) => ({
  ...{ name: `the owner of ${name}`, severity: 'error', comment: `only ${owning.join(', ')} may import ${name}` },
  from: { path: '^src/', pathNot: filesOf(owning) },
  to: { path: packageFiles(name) },
}));

const general = [
  {
    ...{ name: 'no circle', severity: 'error', comment: 'move what both need into a module below them' },
    from: { path: '^src/' },
    to: { circular: true },
  },
  {
    ...{ name: 'an owner', severity: 'error', comment: 'the package has no row in `owners` of .config/rooms.mjs' },
    from: { path: '^src/' },
    to: { path: '(^|/)node_modules/', pathNot: Object.keys(owners).map(packageFiles) },
  },
  {
    ...{ name: 'inside src', severity: 'error', comment: 'src/ imports neither tests nor settings' },
    from: { path: '^src/' },
    to: { pathNot: ['^src/', '(^|/)node_modules/'], dependencyTypesNot: ['core'], couldNotResolve: false },
  },
  {
    ...{ name: 'there', severity: 'error', comment: 'there is no such module' },
    from: { path: '^src/' },
    to: { couldNotResolve: true },
  },
];

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const { output } = await cruise(
  ['src'],
  {
    validate: true,
    ruleSet: { forbidden: [...edges, ...ownership, ...general] },
    tsPreCompilationDeps: true, // what only the compiler sees is an edge of the house too
    doNotFollow: { path: '(^|/)node_modules/' },
  },
  { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
);
const modules = new Map(output.modules.map((module) => [module.source, module]));

if (process.argv.includes('--graph')) {
  console.log(graph());
} else {
  const breaches = [...notRead(), ...strays(), ...output.summary.violations.map(describe), ...leanBreaches()];
  console.log(
    [...breaches, `${sources().length} modules, ${breaches.length} breaches of the house's rules`].join('\n'),
  );
  process.exitCode = breaches.length === 0 ? 0 : 1;
}

function sources() {
  const names = readdirSync('src', { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.ts')).map((name) => `src/${name}`);
}

/** With a TypeScript that it cannot read, dependency-cruiser sees no modules, hence no fault, and is content. */
function notRead() {
  if (sources().length === 0) return ['src/ has no modules'];
  return sources().flatMap((file) => (modules.has(file) ? [] : [`${file} was not read by dependency-cruiser`]));
}

function strays() {
  const known = new RegExp(filesOf([...rooms, program]).join('|'));
  return sources().flatMap((file) => (known.test(file) ? [] : [`${file} stands in no room of .config/rooms.mjs`]));
}

function describe({ from, to, rule, cycle }) {
  const comment = [...edges, ...ownership, ...general].find(({ name }) => name === rule.name)?.comment;
  const where = cycle === undefined ? `${from} imports ${to}` : [from, ...cycle.map(({ name }) => name)].join(' > ');
  return `${where}\n    ${comment}`;
}

/** Walks all that `run` can load, `import()` included; what only the compiler sees is not loaded. */
function leanBreaches() {
  const breaches = [];
  const trails = new Map([[lean.from, [lean.from]]]);
  for (const [file, trail] of trails) {
    for (const { module, resolved, typeOnly, dependencyTypes } of modules.get(file)?.dependencies ?? []) {
      if (typeOnly || dependencyTypes.includes('type-only')) continue;
      if (isHeavy(module)) breaches.push(`${[...trail, module].join(' > ')}\n    \`run\` must not load ${module}`);
      if (!trails.has(resolved)) trails.set(resolved, [...trail, resolved]);
    }
  }
  return breaches;
}

function isHeavy(module) {
  return !lean.with.includes(module) && lean.without.some((name) => module === name || module.startsWith(`${name}/`));
}

function graph() {
  const roomOf = (path) => /^src\/([^/]+)/.exec(path)?.[1].replace(program, 'cli');
  const arrows = [...modules.values()].flatMap(({ source, dependencies }) =>
    dependencies.map(({ resolved }) => [roomOf(source), roomOf(resolved)]),
  );
  const drawn = arrows.filter(([from, to]) => from !== undefined && to !== undefined && from !== to);
  return ['graph TD', ...new Set(drawn.map(([from, to]) => `  ${from} --> ${to}`).sort())].join('\n');
}
