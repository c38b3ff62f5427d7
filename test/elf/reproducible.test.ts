// Which bytes of a cgo program depend on where its module cache is, and that after rewriteRunpath and makeBuildIdsCanonical
// none does, under two conditions that a build must keep:
//   - the cache's path has one fixed length: it is the runpath's, hence the dynamic string table's, and all behind it moves;
//   - the C compiler hears -fmacro-prefix-map=<cache>=<fixed>: -trimpath maps the paths in debug information, but not
//     __FILE__, and assert() in a module's C source (zondax/hid, which a ledger build links) puts it into .rodata.
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect } from 'vitest';

import { makeBuildIdsCanonical } from '../../src/elf/build-ids.js';
import { fromBuffer } from '../../src/elf/bytes.js';
import { readElf } from '../../src/elf/elf-file.js';
import { rewriteRunpath } from '../../src/elf/runpath.js';
import { buildGo, runGo, writeFiles } from '../support/go-program.js';
import { needs } from '../support/needs.js';
import { scratchFolder } from '../support/scratch-folder.js';

const folder = scratchFolder();
const toolchain = 'go1.19.2';
const build = needs({ go: true, network: true, slow: true });

interface Place {
  /** The clone's folder, below the scratch folder. */
  readonly clone: string;
  /** The real module cache, GOCACHE and TMPDIR go by this name. */
  readonly host: string;
  /** Path that go is told as GOMODCACHE: a link to the real one. */
  readonly alias: string;
  readonly flags?: readonly string[];
  readonly mapMacros?: boolean;
}

let goPath = '';
let proxy = '';

function prepare(): void {
  if (goPath !== '') return;
  writeFiles(folder, {
    'clone/go.mod':
      'module example.org/fixture\n\ngo 1.19\n\n' +
      'require (\n\tgithub.com/CosmWasm/wasmvm v1.0.0-beta7\n\tgithub.com/zondax/hid v0.9.0\n)\n',
    'clone/main.go':
      'package main\n\nimport (\n\t"fmt"\n\t"os"\n\n\twasmvm "github.com/CosmWasm/wasmvm"\n\t"github.com/zondax/hid"\n)\n\n' +
      'func main() {\n\tvm, err := wasmvm.NewVM(os.TempDir(), "staking", 32, false, 0)\n' +
      '\tfmt.Println(vm, err, hid.Supported())\n}\n',
  });
  const clone = join(folder, 'clone');
  runGo(clone, ['mod', 'tidy'], { toolchain });
  const [root, cache, goProxy] = runGo(clone, ['env', 'GOROOT', 'GOMODCACHE', 'GOPROXY'], { toolchain }).split('\n');
  goPath = `${join(root!, 'bin')}:${process.env.PATH}`;
  proxy = `file://${cache!}/cache/download,${goProxy!}`;
  cpSync(clone, join(folder, 'elsewhere/another-clone'), { recursive: true });
}

/** A path of exactly this length in the scratch folder. */
function pathOfLength(name: string, length: number): string {
  return join(folder, name).padEnd(length, 'x');
}

function buildAt({ clone, host, alias, flags = [], mapMacros = true }: Place): Buffer {
  prepare();
  for (const kind of ['mod', 'tmp']) mkdirSync(join(folder, host, kind), { recursive: true });
  try {
    symlinkSync(join(folder, host, 'mod'), alias);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const environment = {
    PATH: goPath,
    GOPROXY: proxy,
    GOFLAGS: '-trimpath -buildvcs=false -mod=mod -modcacherw',
    GOMODCACHE: alias,
    GOCACHE: join(folder, host, 'build-cache'),
    TMPDIR: join(folder, host, 'tmp'),
    HOME: join(folder, host),
    CGO_ENABLED: '1',
    CGO_CFLAGS: `-O2 -g${mapMacros ? ` -fmacro-prefix-map=${alias}=/module-cache` : ''}`,
  };
  return readFileSync(buildGo(join(folder, clone), 'program', { toolchain: 'local', flags, environment }));
}

/** Names of the sections in which two images of the same layout differ; headers is all that is in none. */
function sectionsThatDiffer(one: Buffer, other: Buffer): string[] {
  const { sections } = readElf(fromBuffer('one', one));
  const names = new Set<string>();
  for (let at = 0; at < one.length; at += 1) {
    if (one[at] === other[at]) continue;
    const section = sections.find(({ type, offset, size }) => type !== 8 && at >= offset && at < offset + size);
    names.add(section?.name ?? 'headers');
  }
  return [...names].sort();
}

function canonical(image: Buffer): Buffer {
  const copy = Buffer.from(image);
  rewriteRunpath(copy, '$ORIGIN/../lib');
  makeBuildIdsCanonical(copy);
  return copy;
}

describe.each([
  ['as it is linked', []],
  ['stripped', ['-ldflags=-s -w']],
])('%s', (_, flags) => {
  build(
    'two module caches under paths of one length, two clones, two build caches: the same bytes in the end',
    () => {
      const first = buildAt({ clone: 'clone', host: 'a', alias: pathOfLength('one-', 200), flags });
      const second = buildAt({ clone: 'clone', host: 'other-host', alias: pathOfLength('two-', 200), flags });
      const alias = pathOfLength('three-', 200);
      const third = buildAt({ clone: 'elsewhere/another-clone', host: 'c', alias, flags });

      expect(second.length).toBe(first.length);
      expect(sectionsThatDiffer(first, second)).toEqual(['.dynstr', '.note.gnu.build-id', '.note.go.buildid']);
      expect(canonical(second).equals(canonical(first))).toBe(true);
      expect(canonical(third).equals(canonical(first))).toBe(true);
      expect(canonical(first).includes(folder)).toBe(false);
    },
    600_000,
  );
});

describe('the conditions are needed', () => {
  build(
    'a path of another length moves the tables behind it',
    () => {
      const first = buildAt({ clone: 'clone', host: 'a', alias: pathOfLength('one-', 200) });
      const longer = buildAt({ clone: 'clone', host: 'a', alias: pathOfLength('one-', 220) });
      expect(canonical(longer).equals(canonical(first))).toBe(false);
      expect(sectionsThatDiffer(canonical(first), canonical(longer))).toEqual(
        expect.arrayContaining(['.gnu.version_r', 'headers']),
      );
    },
    600_000,
  );

  build(
    'without -fmacro-prefix-map the path stands in .rodata too',
    () => {
      const [one, two] = ['one-', 'two-'].map((name, index) =>
        buildAt({
          clone: 'clone',
          host: index === 0 ? 'a' : 'other-host',
          alias: pathOfLength(name, 200),
          mapMacros: false,
        }),
      );
      expect(sectionsThatDiffer(canonical(one!), canonical(two!))).toEqual([
        '.note.gnu.build-id',
        '.note.go.buildid',
        '.rodata',
      ]);
    },
    600_000,
  );
});
