// Runs a pipeline under Listr2. On a terminal Listr2 draws it, and while it draws nobody else writes; elsewhere it is silent
// and the lines are ours, each written whole: in a log, an old line cannot be redrawn.
import { Listr, type ListrTask } from 'listr2';

import type { CheckedStep, Pipeline, StepTime } from '../stage/step.js';
import { printable } from '../values/printable.js';
import { durationText } from './duration.js';
import { coloured, print, printError, type Style } from './terminal.js';

export interface RunOptions {
  readonly style: Style;
  /** Every line of a command's output. */
  readonly verbose: boolean;
  readonly signal: AbortSignal;
}

/**
 * Runs the steps in order; what each gives is put into `start`, which is what comes back.
 * @throws whatever a step throws; the steps after it did not run
 */
export async function runPipeline<Context extends object>(
  pipeline: Pipeline<Context>,
  start: object,
  options: RunOptions,
): Promise<{ readonly context: Context; readonly times: readonly StepTime[] }> {
  const times: StepTime[] = [];
  const tasks = pipeline.steps.map((step) =>
    options.style === 'live' ? drawn(step, times, options) : said(step, times, options),
  );
  const shared = { concurrent: false, exitOnError: true, registerSignalListeners: false } as const;
  const listr =
    options.style === 'live'
      ? new Listr<object>(tasks, { ...shared, renderer: 'default', rendererOptions: { showErrorMessage: false } })
      : new Listr<object, 'silent'>(tasks as ListrTask<object, never>[], { ...shared, renderer: 'silent' });
  await listr.run(start);
  return { context: start as Context, times };
}

/** A step as Listr2's live renderer draws it. */
function drawn(step: CheckedStep, times: StepTime[], options: RunOptions): ListrTask<object> {
  return {
    title: step.title,
    task: async (context, task): Promise<void> => {
      const show = (line: string): void => {
        if (!options.signal.aborted) task.output = printable(line).slice(0, roomFor(line));
      };
      const stopping = (): void => void (task.output = 'stopping');
      options.signal.addEventListener('abort', stopping);
      const started = performance.now();
      const clock = setInterval(() => {
        task.title = `${step.title} ${coloured('dim', `(${durationText((performance.now() - started) / 1000)})`)}`;
      }, 1000);
      try {
        task.title = await timed(step, context, times, options, { progress: show, output: show });
      } finally {
        clearInterval(clock);
        options.signal.removeEventListener('abort', stopping);
      }
    },
  };
}

/** A step as lines: one where it begins, its news at most every `newsInterval`, one where it ends. */
function said(step: CheckedStep, times: StepTime[], options: RunOptions): ListrTask<object> {
  const say = options.style === 'silent' ? printError : print;
  return {
    title: step.title,
    task: async (context): Promise<void> => {
      const group = options.style === 'groups';
      say(group ? `::group::${step.title}` : `- ${step.title}`);
      const margin = group ? '  | ' : '    '; // behind blanks alone `::error::` of a build's output would be a command to GitHub
      let last = performance.now();
      const progress = (line: string): void => {
        if (performance.now() - last < newsInterval) return;
        last = performance.now();
        say(`${margin}${printable(line)}`);
      };
      const output =
        options.verbose || group ? (line: string): void => say(`${margin}${printable(line)}`) : (): void => undefined;
      try {
        const ended = await timed(step, context, times, options, { progress, output });
        say(`✓ ${ended}`);
      } finally {
        if (group) say('::endgroup::');
      }
    },
  };
}

const newsInterval = 10_000;

/** A line that wraps would make the picture jump with each line of a build. */
function roomFor(line: string): number {
  const { columns } = process.stdout;
  return Number.isInteger(columns) ? Math.max(10, columns - 6) : line.length;
}

async function timed(
  step: CheckedStep,
  context: object,
  times: StepTime[],
  { signal }: RunOptions,
  show: { readonly progress: (line: string) => void; readonly output: (line: string) => void },
): Promise<string> {
  const started = performance.now();
  signal.throwIfAborted();
  Object.assign(context, await step.run(context, { signal, ...show }));
  const seconds = (performance.now() - started) / 1000;
  times.push({ title: step.title, seconds });
  const outcome = step.outcome?.(context);
  return `${step.title}${outcome === undefined ? '' : `: ${outcome}`} ${coloured('dim', `(${durationText(seconds)})`)}`;
}
