// The binary of an upgrade that is not there, fetched by a process of its own (`cvtool internal download`), whose memory goes when it ends.
// A stop ends it with all that it has; what it leaves then is removed here.
import { lstatSync } from 'node:fs';

import { CvtoolError } from '../errors/cvtool-error.js';
import type { ErrorCode } from '../errors/catalogue.js';
import { sweepDownloads } from '../home/download-folder.js';
import { targetFolder } from '../home/paths.js';
import { mendStaging } from '../home/replace-folder.js';
import type { StepContext } from './context.js';
import { runHelper } from './helper-process.js';
import type { Plan } from './machine/plan.js';
import { describeEnd } from './sayings.js';

/** @throws what kept it from being there whole, verified, in its place: then there is nothing in its place */
export async function downloadBinary(plan: Plan, context: StepContext, signal: AbortSignal): Promise<void> {
  const { home, log, config, environment, program } = context;
  const folder = targetFolder(home, { kind: 'upgrade', plan: plan.name });
  if (lstatSync(folder, { throwIfNoEntry: false }) !== undefined) {
    throw new CvtoolError(
      'TARGET_DIFFERS',
      `cannot download binary. ${folder} already exists, and is not overwritten`,
      {
        hint: `It has no bin/${home.daemon}: put the binary there, or move the folder away, then start again.`,
      },
    );
  }
  log.info('download-started', 'no upgrade binary found, beginning to download it', { name: plan.name });
  const [file, script] = program;
  const policy = config.mustHaveChecksum ? 'checksum' : 'any';
  const news = new NewsReader(context);
  const { end, stderr } = await runHelper({
    file,
    args: [script, 'internal', 'download', home.root, home.daemon, policy],
    folder: undefined,
    environment,
    lockFile: home.helperLock,
    signal,
    onOutput: (text) => news.take(text),
  });
  if (signal.aborted) {
    sweepDownloads(home);
    mendStaging(home);
    return;
  }
  if (end.kind === 'exited' && end.status === 0 && news.isDone) {
    log.info('download-completed', 'downloading binary complete', { path: folder });
    return;
  }
  throw problemOf(news.error, `the download ${describeEnd(end)}`, stderr, plan);
}

class NewsReader {
  readonly #context: StepContext;
  #rest = '';
  isDone = false;
  error: unknown;

  constructor(context: StepContext) {
    this.#context = context;
  }

  take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#tell(line);
  }

  #tell(line: string): void {
    const { log } = this.#context;
    const news = newsIn(line);
    if (news.url !== undefined) log.info('download-url', 'Downloading upgrade binary', { url: news.url });
    if (news.progress !== undefined) log.info('download-progress', 'downloading binary', { progress: news.progress });
    if (news.warning !== undefined) log.warn('download-warning', news.warning);
    if (news.done !== undefined) this.isDone = true;
    if (news.error !== undefined) this.error = news.error;
  }
}

type AnyNews = Partial<Record<'url' | 'progress' | 'warning' | 'done', string>> & { readonly error?: unknown };

/** What somebody's NODE_OPTIONS make it print besides is no news, be it JSON or not. */
function newsIn(line: string): AnyNews {
  try {
    return (JSON.parse(line) as AnyNews | null) ?? {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function problemOf(told: unknown, otherwise: string, stderr: string, { name, height }: Plan): CvtoolError {
  const { code, message, details, hint } = (told ?? {}) as Partial<{
    readonly code: ErrorCode | 'BUG';
    readonly message: string;
    readonly details: readonly string[];
    readonly hint: string;
  }>;
  const why = message ?? otherwise;
  const onward = `Or stage it yourself: \`cvtool stage-upgrade ${name}\`. Then start again: the upgrade goes on from here.`;
  return new CvtoolError(
    code === undefined || code === 'BUG' ? 'DOWNLOAD_FAILED' : code,
    `upgrade ${name} at height ${height}: cannot download binary. ${why}`,
    {
      details: [...(details ?? []), ...(message === undefined ? stderr.trim().split('\n').slice(-5) : [])],
      hint:
        code === 'TARGET_DIFFERS' // whose hint is for a person who called `install`
          ? 'Somebody has staged another binary there meanwhile. Start again, and that one is taken.'
          : [...(hint === undefined ? [] : [hint]), onward].join('\n'),
    },
  );
}
