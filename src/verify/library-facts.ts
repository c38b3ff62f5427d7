// Which Go module a library comes from, in which folders of the module it lies, and what its bytes are: from a recipe, else
// from what is known of wasmvm, which every chain with CosmWasm uses.
import type { GoBuildInfo } from '../elf/go-build-info.js';
import type { Module } from '../elf/go-module-info.js';
import type { Recipe } from '../recipe/schema.js';
import { knownWasmvm } from './known-libraries.js';

/** Digest by file name, by the module's version. */
export type KnownDigests = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface LibraryFacts {
  /** `wasmvm` */
  readonly name: string;
  readonly files: readonly string[];
  readonly module: string | undefined;
  readonly folders: readonly string[];
  readonly known: KnownDigests;
}

const wasmvmModule = 'github.com/CosmWasm/wasmvm';
const wasmvm: LibraryFacts = {
  name: 'wasmvm',
  files: ['libwasmvm.so', 'libwasmvm.x86_64.so', 'libwasmvm.aarch64.so'],
  module: wasmvmModule,
  folders: ['api', 'internal/api'],
  known: knownWasmvm,
};

/** The recipe's libraries, each with all digests that are known; wasmvm where there is no recipe. */
export function libraryFacts(recipe: Recipe | undefined): readonly LibraryFacts[] {
  if (recipe === undefined) return [wasmvm];
  return Object.entries(recipe.libraries).map(([name, { files, module, folders, pinned }]) => ({
    name,
    files,
    module,
    folders,
    known: module === wasmvmModule ? { ...knownWasmvm, ...(pinned as KnownDigests) } : pinned,
  }));
}

export interface BuiltWith {
  readonly path: string;
  readonly version: string;
  /** Where it stands in for another: `github.com/CosmWasm/wasmvm v1.0.0`. */
  readonly replaces: string | undefined;
}

/** The module of a library that a program was built with, by its build information; a replacement counts for what it replaces. */
export function moduleOf({ module }: LibraryFacts, buildInfo: GoBuildInfo | undefined): BuiltWith | undefined {
  if (module === undefined) return undefined;
  const found = buildInfo?.deps.find(({ path }) => path === module || isLaterMajor(path, module));
  return found && builtWith(found);
}

/** Go puts the major version at the end of a module's path: wasmvm/v2 */
function isLaterMajor(path: string, module: string): boolean {
  return path.startsWith(`${module}/`) && /^\/v[2-9]\d{0,3}$/.test(path.slice(module.length));
}

function builtWith({ path, version, replace }: Module): BuiltWith {
  if (replace === undefined) return { path, version, replaces: undefined };
  return { path: replace.path, version: replace.version, replaces: `${path} ${version}` };
}
