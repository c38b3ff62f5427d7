// The house of src/ as one table: which room may import which, who owns an outside package, and what `run` must not load.
// A room is a folder of src/. `npm run check` holds the sources against this with dependency-cruiser (house-rules.mjs).

/** Above the ground floor a room imports its own wing's rooms as far as `below` says, and all of the wings in `imports`. */
export const wings = {
  front: { rooms: ['commands', 'report'], below: 'all', imports: ['build', 'run', 'gates', 'ground'] },
  build: { rooms: ['prepare', 'stage', 'build', 'git'], below: 'ordered', imports: ['gates', 'ground'] },
  run: { rooms: ['supervisor', 'inspect', 'backup'], below: 'all', imports: ['gates', 'ground'] },
  gates: { rooms: ['release', 'install'], below: 'ordered', imports: ['ground'] },
  ground: {
    rooms: ['verify', 'evidence', 'host', 'chain', 'config', 'home', 'recipe', 'elf', 'values', 'errors'],
    below: 'ordered', // a room imports only what stands after it
    imports: [],
  },
};

/** The program itself: it may import every room, and nothing imports it. */
export const program = 'cli.ts';

/** The rooms that may import an outside package; one that stands in no row may not be imported at all. */
export const owners = {
  commander: ['commands', program],
  listr2: ['stage', 'report'],
  execa: ['build', 'git'],
  'simple-git': ['git'],
  'fs-extra': ['stage', 'release', 'install'],
  undici: ['install'],
  tar: ['release', 'install'],
  yauzl: ['release', 'install'],
  yazl: ['release'],
  fzstd: ['install'],
  'xxhash-wasm': ['install'],
  'xz-decompress': ['install'],
  '@grpc/grpc-js': ['chain'],
  'cosmjs-types': ['chain'],
  '@cyclonedx/cyclonedx-library': ['evidence'],
  yaml: ['recipe'],
  'smol-toml': ['config'],
  semver: ['values', 'host', 'recipe'],
  zod: wings.ground.rooms,
};

/** What nothing reachable from `from` may load, but for the parts named in `with`. */
export const lean = {
  from: 'src/commands/run.ts',
  without: [
    'listr2',
    'simple-git',
    'execa',
    'commander',
    'fs-extra',
    'zod',
    'semver',
    'yaml',
    '@grpc/grpc-js',
    'cosmjs-types',
    'undici',
    'tar',
    'yauzl',
    'xz-decompress',
    'fzstd',
  ],
  with: ['zod/mini'],
};

/** @returns the rooms that files of `room` may import, itself included */
export function mayImport(room) {
  const [, wing] = Object.entries(wings).find(([, { rooms }]) => rooms.includes(room));
  const ownWing = {
    all: wing.rooms,
    ordered: wing.rooms.slice(wing.rooms.indexOf(room)),
    none: [room],
  }[wing.below];
  return [...ownWing, ...wing.imports.flatMap((name) => wings[name].rooms)];
}
