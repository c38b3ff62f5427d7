// What a recipe says: how one chain's programs are built, and which releases the chain had. docs/recipes.md tells it to
// operators. Whatever passes here is safe to use: names and paths lead out of no folder, commands are argument lists.
import * as z from 'zod';

import { isWholeCommit } from '../values/commit.js';
import * as field from './fields.js';
import { whyNoHandlerPattern } from './handler-patterns.js';

const go = z.strictObject({
  /** The Go that the chain's own builds use for these tags. */
  version: field.goVersion,
  /** Later patch releases that will do where `version` cannot be had, best first. */
  alternatives: field.distinct(field.goVersion).default([]),
  /** Tags, or beginnings of tags followed by `*`. A whole tag goes before a beginning. */
  tags: field
    .distinct(z.string({ error: 'must be a single value' }))
    .refine((tags) => tags.length > 0, 'names no tag')
    .superRefine((tags, context) => {
      tags.forEach((tag, index) => {
        const result = field.tag.safeParse(tag.replace(/\*$/, 'x'));
        for (const { message } of result.error?.issues ?? [])
          context.addIssue({ code: 'custom', message, path: [index] });
      });
    }),
});

/** By the version of Go, then by the platform: the module hash of golang.org/toolchain, by which a download is known. */
const toolchains = z.record(
  z.string().refine((version) => field.goVersion.safeParse(version).success, 'is no version of Go, such as 1.19.2'),
  z.record(z.string().regex(/^[a-z0-9]+-[a-z0-9]+$/, 'is no platform of Go, such as linux-amd64'), field.moduleHash),
);

const build = z.strictObject({
  /** Added to the build's environment. */
  environment: field.variables.default({}),
  /** Run one after another in the checkout. */
  commands: z.array(field.command, { error: 'must be a list of commands, each a list' }).min(1, 'has no command'),
  /** What `go list -deps` is asked, to know how many packages will be compiled. */
  packages: field.distinct(field.text.refine((name) => !name.startsWith('-'), 'must not start with "-"')).default([]),
  /** Go build tags for that question; the build's own come from its Makefile. */
  tags: field.distinct(field.text.refine((name) => /^[\w.]+$/.test(name), 'is no build tag')).default([]),
  timeLimit: field.duration,
});

const version = z.strictObject({
  /** Arguments with which the program tells its version. */
  arguments: field.argumentList.default(['version', '--long']),
  /** Does the program say v2.0.6 as `2.0.6` or as the whole tag? */
  ofTag: z.enum(['without-v', 'whole'], { error: 'must be without-v or whole' }).default('without-v'),
  /** The lines of its answer, `name: value`, by what they tell. */
  fields: z.strictObject({
    version: field.text,
    commit: field.text.optional(),
    tags: field.text.optional(),
    go: field.text.optional(),
  }),
});

const library = z.strictObject({
  /** The file names under which it is linked; no other library but the system's is taken. */
  files: field.distinct(field.fileName).refine((names) => names.length > 0, 'names no file'),
  /** The Go module that ships it, and the folders in it that may hold it. */
  module: field.text.optional(),
  folders: field.distinct(field.innerPath).default([]),
  /** By the module's version: the SHA-256 of each file. */
  pinned: z.record(field.text, z.record(field.fileName, field.digest)).default({}),
});

const handlers = z.strictObject({
  /** Folders of the source that are searched; all of it where none is named. */
  folders: field.distinct(field.innerPath).default([]),
  /** Ending of the files that are searched. */
  ending: field.text.default('.go'),
  patterns: field.distinct(
    field.text.superRefine((pattern, context) => {
      const problem = whyNoHandlerPattern(pattern);
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
    }),
  ),
});

const otherTag = z.strictObject({
  tag: field.tag,
  commit: field.commit,
  /** False: the upgrade's handler is not in this tag. */
  handler: field.flag.optional(),
  notes: field.text.optional(),
});

/** A setting of the node's home that decides how this release, and those after it, start. docs/recipes.md has the keys. */
const homeCheck = z
  .strictObject({
    /** Below the home: config/app.toml, config/config.toml. */
    file: field.innerPath,
    /** With its sections: `grpc.enable`. */
    key: field.text,
    /** Exactly one of these three: it must have a value; the key must stand there; it must be one of these. */
    filled: field.flag.optional(),
    there: field.flag.optional(),
    oneOf: z.array(z.string({ error: 'must be a single value' }), { error: 'must be a list' }).optional(),
    /** What the program takes where the key is missing. */
    default: z.string({ error: 'must be a single value' }).optional(),
    /** It matters only where another key of the file has this value, or has none and `default` is that value. */
    when: z.strictObject({ key: field.text, is: field.text, default: field.text.optional() }).optional(),
    /** `fail`: the program does not start, or does harm. */
    severity: z.enum(['fail', 'warn'], { error: 'must be fail or warn' }),
    because: field.text,
    /** What to write. */
    line: field.text,
    /** The upgrade from which on it matters no more. */
    until: field.planName.optional(),
  })
  .superRefine(({ filled, there, oneOf }, context) => {
    if ([filled, there, oneOf].filter((wanted) => wanted !== undefined && wanted !== false).length !== 1)
      context.addIssue({ code: 'custom', message: 'must have exactly one of filled: true, there: true and oneOf' });
  });

/** An argument of `start` that earlier releases took, and this one and those after it refuse. */
const goneFlag = z.strictObject({
  flag: field.text.refine((flag) => /^--[\w.-]+$/.test(flag), 'is no flag, such as --grpc-web.address'),
  because: field.text,
  /** The flag that took its place. */
  instead: field.text.optional(),
});

const release = z
  .strictObject({
    /** The plan's name in the chain's spelling; or it is the genesis release, or an alpha of a plan that never came; or none of them. */
    upgrade: field.planName.optional(),
    genesis: field.flag.optional(),
    alphaOf: field.planName.optional(),
    tag: field.tag,
    commit: field.commit.optional(),
    height: field.height.optional(),
    time: field.time.optional(),
    sdk: field.text.optional(),
    /** By the names in the recipe's `libraries`: the version that the binary needs. `{}`: it needs none. */
    libraries: z.record(z.string(), field.text).optional(),
    /** All upgrades whose handler is in this tag. */
    handlers: field.distinct(field.planName).optional(),
    /** False: it is known, but cannot be built; `reason` says why. */
    built: field.flag.default(true),
    reason: field.text.optional(),
    otherTags: z.array(otherTag, { error: 'must be a list' }).default([]),
    /** What `cvtool doctor` looks at in the home, from this release on. */
    homeChecks: z.array(homeCheck, { error: 'must be a list' }).default([]),
    goneFlags: z.array(goneFlag, { error: 'must be a list' }).default([]),
    notes: field.text.optional(),
  })
  .transform((given, context) => {
    const { upgrade, genesis, alphaOf, commit, built, reason, ...facts } = given;
    const problem = (message: string, ...path: string[]): void =>
      context.addIssue({ code: 'custom', message, path, input: given });
    if ([upgrade, genesis === true ? 'genesis' : undefined, alphaOf].filter((kind) => kind !== undefined).length > 1) {
      problem('can be only one of upgrade, genesis and alphaOf');
    }
    if (facts.height !== undefined && facts.time !== undefined)
      problem('can have a height or a time, not both', 'time');
    if (upgrade !== undefined && facts.handlers?.includes(upgrade) === false) {
      problem(`does not have ${upgrade}, so this tag cannot run that upgrade`, 'handlers');
    }
    const kind = whichKind(upgrade, genesis, alphaOf);
    if (!built) {
      if (reason === undefined) problem('must say why it is not built', 'built');
      return { ...facts, ...kind, commit, built: false as const, reason: reason ?? '' };
    }
    if (reason !== undefined) problem('goes with built: false only', 'reason');
    if (commit !== undefined && isWholeCommit(commit)) return { ...facts, ...kind, commit, built: true as const };
    problem('must be the whole commit id, 40 digits: a tag can be moved', 'commit');
    return z.NEVER;
  });

export const recipeSchema = z.strictObject({
  schema: z.literal('1', { error: 'must be 1: this cvtool knows no other' }),
  name: field.text.refine(
    (name) => /^[a-z0-9][a-z0-9-]{0,62}$/.test(name),
    'must be of lower-case letters, digits and "-"',
  ),
  chain: field.text.optional(),
  /** Absent: there is none to clone from unless the operator names it. */
  repository: field.repository.optional(),
  daemon: field.fileName,
  /** Below the user's home folder. */
  home: field.text
    .refine((home) => home.startsWith('~/'), 'must start with ~/, the home folder of whoever runs cvtool')
    .transform((home) => home.slice(2))
    .pipe(field.innerPath),
  go: z.array(go, { error: 'must be a list' }).optional(),
  toolchains: toolchains.default({}),
  build,
  artifact: field.innerPath,
  version,
  libraries: z
    .record(z.string().regex(/^[a-z0-9-]+$/, 'must be of lower-case letters, digits and "-"'), library)
    .default({}),
  handlers: handlers.optional(),
  /** Whose signatures `install` takes: public keys of minisign, or in PEM. */
  signingKeys: field.distinct(field.publicKey).default([]),
  releases: z.array(release, { error: 'must be a list' }),
});

/** A recipe that was read and found sound by `loadRecipe`. */
export type Recipe = z.output<typeof recipeSchema>;
export type Release = Recipe['releases'][number];
export type OtherTag = Release['otherTags'][number];
export type HomeCheck = Release['homeChecks'][number];

function whichKind<Name>(upgrade: Name | undefined, genesis: boolean | undefined, alphaOf: Name | undefined) {
  if (upgrade !== undefined) return { kind: 'upgrade' as const, upgrade };
  if (alphaOf !== undefined) return { kind: 'alpha' as const, alphaOf };
  return { kind: genesis === true ? ('genesis' as const) : ('unproposed' as const) };
}
