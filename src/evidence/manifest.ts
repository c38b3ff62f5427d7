// What a staged folder says of itself: manifest.json beside bin/ and lib/. docs/manifest.md describes it; `schema` counts up
// when a reader of the old form would misread the new one.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import * as z from 'zod/mini';

import { CvtoolError, hasCode, messageOf } from '../errors/cvtool-error.js';

export const manifestName = 'manifest.json';

/** Those that tell of what is in bin/ and lib/: whoever puts other files there removes them. */
export const documentNames = [manifestName, 'provenance.intoto.jsonl', 'sbom.cdx.json', 'SHA256SUMS'] as const;

const file = z.object({
  /** Relative to the staged folder, `/` between its parts, never leading out. */
  path: z.string().check(z.regex(/^(bin|lib)\/(?!\.{1,2}$)[^/\p{Cc}]+$/u)),
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  size: z.int().check(z.nonnegative()),
});

const manifestSchema = z.object({
  schema: z.literal(1),
  /** The version of cvtool that wrote it. */
  cvtool: z.string(),
  /** `genesis`, or the plan's name. */
  target: z.union([z.object({ genesis: z.literal(true) }), z.object({ upgrade: z.string() })]),
  daemon: z.string(),
  recipe: z.object({ name: z.string(), sha256: z.string() }),
  source: z.object({
    repository: z.string(),
    tag: z.string(),
    commit: z.string(),
    /** Seconds since the epoch. */
    commitTime: z.int(),
  }),
  build: z.object({
    go: z.nullable(z.string()),
    /** Where the choice of that Go came from. */
    goFrom: z.nullable(z.string()),
    cc: z.nullable(z.string()),
    ld: z.nullable(z.string()),
    libc: z.nullable(z.string()),
    platform: z.string(),
    /** The variables that decide the bytes. */
    environment: z.record(z.string(), z.string()),
    commands: z.array(z.array(z.string())),
    startedAt: z.string(),
    finishedAt: z.string(),
  }),
  files: z.array(file).check(z.minLength(1)),
  libraries: z.array(
    z.object({
      name: z.string(),
      /** Module and version that it came from, where the binary's build info names them. */
      module: z.nullable(z.string()),
      version: z.nullable(z.string()),
      sha256: z.string(),
    }),
  ),
  /** What was changed in the binary after it was linked: `runpath`, `build ids`. */
  rewritten: z.array(z.string()),
  runpath: z.nullable(z.string()),
  /** The oldest glibc that it starts with, as `2.34`. */
  glibcFloor: z.nullable(z.string()),
  /** What `<daemon> version --long` said. */
  version: z.record(z.string(), z.string()),
  /** The upgrades that its source handles; not there where the recipe does not say how to find them. */
  handlers: z.optional(z.array(z.string())),
});

export type Manifest = z.infer<typeof manifestSchema>;

/**
 * @returns undefined where the folder has none: staged by hand or by another tool
 * @throws MANIFEST_INVALID
 */
export function readManifest(folder: string): Manifest | undefined {
  const path = join(folder, manifestName);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw damaged(path, messageOf(error), error);
  }
  return parseManifest(text, path);
}

/**
 * @param path for messages
 * @throws MANIFEST_INVALID
 */
export function parseManifest(text: string, path: string): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damaged(path, messageOf(error), error);
  }
  const { data, error } = manifestSchema.safeParse(value); // naming zod's error class would bundle all its languages
  if (error !== undefined) throw damaged(path, z.prettifyError(error), error);
  return data;
}

function damaged(path: string, why: string, cause: unknown): CvtoolError {
  return new CvtoolError('MANIFEST_INVALID', `${path} is damaged`, {
    details: why.split('\n'),
    hint: 'Stage it again with --force.',
    cause,
  });
}

/** The manifest as its file holds it. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify(manifestSchema.parse(manifest), undefined, 2)}\n`;
}
