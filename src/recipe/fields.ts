// The smallest parts of a recipe's schema. Every scalar of a recipe is read as text (YAML's failsafe schema), since
// `version: 1.20` must not become 1.2, nor a commit of digits a number; what must be a number is made one here.
import * as z from 'zod';

import { CvtoolError } from '../errors/cvtool-error.js';
import { parseCommitPrefix } from '../values/commit.js';
import { parseDigest } from '../values/digest.js';
import { parseGitAddress } from '../values/git-address.js';
import { parseGoDuration } from '../values/go-duration.js';
import { parseGoVersion } from '../values/go-version.js';
import { parseFileName, parseInnerPath } from '../values/inner-path.js';
import { parseModuleHash } from '../values/module-hash.js';
import { parsePlanName } from '../values/plan-name.js';
import { quoted } from '../values/printable.js';
import { parsePublicKey } from '../values/public-key.js';
import { parseTag } from '../values/tag.js';

const scalar = z.string({ error: (issue) => (issue.input === undefined ? 'is missing' : 'must be a single value') });

/** Text for people or a program: one line, or several; no control characters. */
export const text = scalar.refine(
  (value) => value.trim() !== '' && !/(?!\n)\p{Cc}/u.test(value),
  'must be text that can be printed',
);

export const tag = parsed(parseTag);
export const commit = parsed(parseCommitPrefix);
export const digest = parsed(parseDigest);
export const duration = parsed(parseGoDuration).refine((value) => value > 0n, 'must be longer than nothing');
export const fileName = parsed(parseFileName);
export const goVersion = parsed(parseGoVersion);
export const moduleHash = parsed(parseModuleHash);
export const innerPath = parsed(parseInnerPath);
export const repository = parsed(parseGitAddress);

/** In the chain's own spelling, since a handler is found by it to the letter; folders are lower-cased. */
export const planName = parsed((value) => {
  parsePlanName(value); // must be usable lower-cased, too
  return parsePlanName(value, { recase: false });
});

export const publicKey = text.superRefine((value, context) => {
  try {
    parsePublicKey(value);
  } catch (error) {
    if (!(error instanceof CvtoolError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
  }
});

export const flag = scalar
  .refine((value) => value === 'true' || value === 'false', 'must be true or false')
  .transform((v) => v === 'true');

/** A block height. */
export const height = scalar
  .refine((value) => /^[1-9]\d{0,14}$/.test(value), 'must be a block height: digits only')
  .transform(Number);

/** A moment in UTC, as governance proposals give it. */
export const time = scalar
  .refine((value) => /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?Z$/.test(value) && !Number.isNaN(Date.parse(value)), {
    error: 'must be a moment in UTC, such as 2021-10-01T07:00Z',
  })
  .transform((value) => new Date(value).toISOString().replace('.000Z', 'Z'));

/** Arguments as execve(2) gets them: a shell is never asked. */
export const argumentList = z.array(
  scalar.refine((value) => !value.includes('\0'), 'has a zero byte in it'),
  { error: 'must be a list, such as [make, build]: no shell reads it' },
);

/** A program and its arguments. */
export const command = argumentList
  .min(1, 'names no program')
  .refine(([program]) => program !== '' && program?.startsWith('-') !== true, 'must start with a program');

/** Variables that decide which programs run, and on what; they are cvtool's own affair. */
const reserved =
  /^(?:PATH|HOME|SHELL|ENV|BASH_ENV|TMPDIR|GOENV|GOTOOLCHAIN|GOROOT|GOPATH|GOMODCACHE|GOCACHE|NODE_.*|LD_.*|GIT_.*|DAEMON_.*)$/;

export const variables = z.record(
  z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is no name of a variable')
    .refine((name) => !reserved.test(name), 'is a variable that a recipe cannot set'),
  scalar.refine((value) => !value.includes('\0'), 'has a zero byte in it'),
);

/** One of our parsers as a schema: its error's sentence is the problem that is told. */
function parsed<Value>(parse: (value: string) => Value): z.ZodType<Value, string> {
  return scalar.transform((value, context) => {
    try {
      return parse(value);
    } catch (error) {
      if (!(error instanceof CvtoolError)) throw error;
      context.addIssue({ code: 'custom', message: error.message, input: value });
      return z.NEVER;
    }
  });
}

/** A list without the same entry twice. */
export function distinct<Value extends string>(entry: z.ZodType<Value, string>): z.ZodType<Value[], string[]> {
  return z.array(entry, { error: 'must be a list' }).superRefine((values, context) => {
    values.forEach((value, index) => {
      if (values.indexOf(value) !== index) {
        context.addIssue({ code: 'custom', message: `${quoted(value)} stands there twice`, path: [index] });
      }
    });
  });
}
