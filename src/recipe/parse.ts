// The text of a recipe becomes a Recipe, or a list of all its mistakes with line and column. The text may be a stranger's:
// aliases are bounded, deep nesting is an error, nothing in it is executed or fetched.
import { LineCounter, parseDocument, visit, type Document } from 'yaml';
import type { z } from 'zod';

import { messageOf } from '../errors/cvtool-error.js';
import { printable, quoted } from '../values/printable.js';
import { locate } from './locate.js';
import { recipeSchema, type Recipe } from './schema.js';
import { contradictions } from './soundness.js';

/** `problems` have the form `line:column: text`, in the order of the lines. */
export type ParsedRecipe = { readonly recipe: Recipe } | { readonly problems: readonly string[] };

/** Enough for a list that several releases share; far too few for "billion laughs". */
const maxAliasCount = 50;

export function parseRecipe(text: string): ParsedRecipe {
  const lines = new LineCounter();
  let document: Document;
  let data: unknown;
  try {
    document = parseDocument(text, { lineCounter: lines, schema: 'failsafe', prettyErrors: false, stringKeys: true });
    const mistakes = [...document.errors, ...document.warnings].map(({ pos: [offset], message }) =>
      at(lines, offset, message),
    );
    if (mistakes.length > 0) return { problems: inOrder(mistakes) };
    const loose = looseAliases(document, lines);
    if (loose.length > 0) return { problems: inOrder(loose) };
    data = document.toJS({ maxAliasCount });
  } catch (error) {
    // The yaml package recurses, and counts aliases only in toJS: a RangeError is its stack, a ReferenceError too many of them.
    if (error instanceof RangeError) return { problems: ['1:1: is nested too deeply'] };
    if (error instanceof ReferenceError) return { problems: [`1:1: ${printable(messageOf(error))}`] };
    throw error;
  }
  const result = recipeSchema.safeParse(data, { reportInput: true });
  const problems = result.success
    ? contradictions(result.data).map(({ path, message }) => ({ path, message, atKey: false }))
    : result.error.issues.flatMap(flatten);
  if (result.success && problems.length === 0) return { recipe: result.data };
  const located = problems.map(({ path, message, atKey }) => {
    const name = path.length === 0 ? 'the recipe' : spell(path);
    return `${locate(document, lines, path, atKey)}: ${name} ${printable(message)}`;
  });
  return { problems: inOrder(located) };
}

/** Aliases of anchors that are not there before them. */
function looseAliases(document: Document, lines: LineCounter): string[] {
  const found: string[] = [];
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) === undefined)
        found.push(at(lines, alias.range?.[0] ?? 0, `nothing before it has the anchor &${alias.source}`));
    },
  });
  return found;
}

/** One problem for each unknown key, and the problem of a record's key at that key. */
function flatten(issue: z.core.$ZodIssue): { path: PropertyKey[]; message: string; atKey: boolean }[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      message: 'is no key of a recipe here',
      atKey: true,
    }));
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.map(({ message }) => ({ path: issue.path, message, atKey: true }));
  }
  if (issue.code === 'invalid_type') {
    const message = /^Invalid input/.test(issue.message) ? `must be ${expected(issue.expected)}` : issue.message;
    return [{ path: issue.path, message: issue.input === undefined ? missing(message) : message, atKey: false }];
  }
  return [{ path: issue.path, message: issue.message, atKey: false }];
}

function missing(message: string): string {
  return message === 'is missing' ? message : `is missing: it ${message}`;
}

function expected(type: string): string {
  return type === 'object' || type === 'record' ? 'a group of keys' : type === 'array' ? 'a list' : `a ${type}`;
}

/** `releases[3].tag`, for people. */
function spell(path: readonly PropertyKey[]): string {
  const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  return printable(/^[\w.[\]-]+$/.test(text) ? text.slice(1) : quoted(text.slice(1)));
}

function at(lines: LineCounter, offset: number, message: string): string {
  const { line, col } = lines.linePos(offset);
  return `${line}:${col}: ${printable(message)}`;
}

function inOrder(problems: readonly string[]): string[] {
  const place = (problem: string): number[] => problem.split(':', 2).map(Number);
  return [...new Set(problems)].sort((a, b) => {
    const [lineA = 0, columnA = 0] = place(a);
    const [lineB = 0, columnB = 0] = place(b);
    return lineA - lineB || columnA - columnB;
  });
}
