// A proposal.json around a plan. `v1`: a message for `tx gov submit-proposal` (SDK 0.46 and later). `legacy`: the content that
// x/upgrade's v1beta1 proposal has, for SDK lines before that.
import { CvtoolError } from '../errors/cvtool-error.js';
import { quoted } from '../values/printable.js';

export interface ProposalRequest {
  readonly kind: 'legacy' | 'v1';
  readonly plan: string;
  readonly height: string | undefined;
  readonly info: string;
  readonly title: string | undefined;
  readonly summary: string | undefined;
  /** Such as 10000000umed. */
  readonly deposit: string | undefined;
  /** The address of the module gov, which is the one who may decide an upgrade. */
  readonly authority: string | undefined;
}

/** The Protobuf JSON of an int64: a string. */
const heightPattern = /^[1-9]\d{0,18}$/;

/** @throws USAGE where something that only the proposer knows is missing */
export function proposalText(request: ProposalRequest): string {
  const { kind, plan, info } = request;
  const height = required(request.height, '--height', '15281100');
  if (!heightPattern.test(height)) throw new CvtoolError('USAGE', `--height ${quoted(height)} is no height of a block`);
  const title = request.title ?? `Upgrade to ${plan}`;
  const summary = request.summary ?? title;
  const deposit = required(request.deposit, '--deposit', '10000000000umed');
  const content = { name: plan, height, info };
  const proposal =
    kind === 'legacy'
      ? {
          content: {
            '@type': '/cosmos.upgrade.v1beta1.SoftwareUpgradeProposal',
            title,
            description: summary,
            plan: content,
          },
          deposit,
        }
      : {
          messages: [
            {
              '@type': '/cosmos.upgrade.v1beta1.MsgSoftwareUpgrade',
              authority: required(request.authority, '--authority', 'the address of the module account gov'),
              plan: content,
            },
          ],
          metadata: '',
          deposit,
          title,
          summary,
        };
  return JSON.stringify(proposal, undefined, 2);
}

function required(value: string | undefined, option: string, example: string): string {
  if (value !== undefined && value.trim() !== '') return value;
  throw new CvtoolError('USAGE', `a proposal needs ${option}`, { hint: `Such as: ${option} ${quoted(example)}` });
}
