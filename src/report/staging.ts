// A staging as text and as data: the plan of --dry-run, and what was staged.
import type { StagingRequest } from '../stage/request.js';
import type { Staged } from '../stage/stage.js';
import type { Resolved } from '../stage/steps/resolve.js';
import { goToolchain } from '../values/go-version.js';
import { durationText } from './duration.js';

/** The plan, a line a fact. */
export function planLines(resolved: Resolved, notes: readonly string[]): readonly string[] {
  const { plan } = resolved;
  const { go } = plan;
  const others =
    go === undefined || go.alternatives.length === 0 ? '' : `, else ${go.alternatives.map(goToolchain).join(', ')}`;
  return [
    'Plan (nothing is built or staged):',
    `  repository   ${plan.repository}`,
    `  tag          ${plan.tag}`,
    `  commit       ${plan.commit} (by ${plan.commitFrom})`,
    `  Go           ${go === undefined ? 'not needed' : `${goToolchain(go.version)}${others} (from ${go.from})`}`,
    `  environment  ${Object.entries(plan.environment)
      .map(([name, value]) => `${name}=${/\s/.test(value) ? `'${value}'` : value}`)
      .join(' ')}`,
    `  commands     ${plan.commands.map((command) => command.join(' ')).join(' && ')}`,
    `  artifact     ${plan.artifact}, version ${plan.version}`,
    `  target       ${plan.folder}${stateText(resolved)}`,
    ...[...notes, ...plan.notes].map((note) => `  note         ${note}`),
  ];
}

function stateText({ alreadyStaged, other }: Resolved): string {
  if (alreadyStaged) return ' (staged already, with these very bytes: nothing to do)';
  return other === undefined ? '' : ` (holds another release, tag ${other.tag}: only --force replaces it)`;
}

/** The same for --json. */
export function planData({ plan, alreadyStaged, other }: Resolved, notes: readonly string[]): object {
  return {
    ok: true,
    dryRun: true,
    alreadyStaged,
    otherRelease: other ?? null,
    plan: { ...plan, go: plan.go ?? null, notes: [...notes, ...plan.notes] },
  };
}

/** The last lines of a staging: what, where, how long, what comes next. */
export function stagedLines(request: StagingRequest, staged: Staged, seconds: number): readonly string[] {
  const { plan, ready, keptSource } = staged;
  const took = durationText(seconds);
  const kept = keptSource === undefined ? [] : [`The source is kept in ${keptSource}`];
  if (ready === undefined || ready.published.unchanged) {
    return [...kept, `Nothing to do: ${plan.folder} holds ${plan.tag} already, byte for byte (${took}).`];
  }
  return [
    ...kept,
    ...ready.published.files.map(({ path, sha256 }) => `  ${sha256}  ${path}`),
    `Staged ${plan.target} from tag ${plan.tag} (commit ${plan.commit.slice(0, 12)}) in ${plan.folder}, in ${took}.`,
    nextLine(request),
  ];
}

function nextLine({ target }: StagingRequest): string {
  return target.kind === 'genesis'
    ? 'Next: `cvtool run` starts it; `cvtool stage-upgrade <name>` stages the upgrade that comes after it.'
    : `Next: nothing before the height. \`${target.plan}\` is taken when the chain reaches it.`;
}

/** What was staged, for --json. */
export function stagedData(request: StagingRequest, staged: Staged, notes: readonly string[], seconds: number): object {
  const { plan, times, ready, keptSource } = staged;
  return {
    ok: true,
    unchanged: ready === undefined || ready.published.unchanged,
    target: plan.target,
    folder: plan.folder,
    daemon: request.home.daemon,
    tag: plan.tag,
    commit: plan.commit,
    go: ready?.setting.go?.version ?? plan.go?.version ?? null,
    files: ready?.published.files ?? [],
    glibcFloor: ready?.verified.glibcFloor ?? null,
    findings: ready?.verified.findings ?? [],
    notes: [...notes, ...plan.notes],
    keptSource: keptSource ?? null,
    seconds,
    steps: times,
  };
}
