// The verdict on all that is staged, in the order of the chain. The programs are not started.
import { join } from 'node:path';

import { userHome } from '../../config/folders.js';
import { digestsOf } from '../../verify/digests.js';
import { manifestState } from '../../verify/manifest-state.js';
import { allSubjects } from '../../verify/staged-subjects.js';
import type { Subject } from '../../verify/subject.js';
import { type Verdict, verifySubject } from '../../verify/verdict.js';
import { inChainOrder } from '../chain-order.js';
import type { Examination } from './examination.js';
import type { Setting } from './who-runs.js';

export function verifyAll(request: Examination, setting: Setting): Promise<readonly Verdict[]> {
  return verifyStaged(allSubjects(request.home), request, setting);
}

/** All folders at once: hashing is done by threads. */
export async function verifyStaged(
  staged: readonly Subject[],
  { recipe, environment }: Pick<Examination, 'recipe' | 'environment'>,
  setting: Pick<Setting, 'environment' | 'values'>,
): Promise<readonly Verdict[]> {
  const subjects = staged.map((subject) => ({ subject, digests: begin(subject) }));
  const goPath = environment.GOPATH?.split(':')[0] ?? join(userHome(environment), 'go');
  const around = {
    daemonEnvironment: setting.environment,
    execute: false,
    moduleCaches: [environment.GOMODCACHE ?? join(goPath, 'pkg/mod')],
    recase: setting.values.disableRecase !== true,
  };
  const verdicts: Verdict[] = [];
  for (const { subject, digests } of subjects) {
    verdicts.push(await verifySubject(subject, { manifest: manifestState(subject.folder), recipe, digests }, around));
  }
  const inOrderOfChain = inChainOrder(
    recipe,
    verdicts.map((verdict) => ({ verdict, target: verdict.subject.target })),
  );
  return inOrderOfChain.map(({ verdict }) => verdict);
}

function begin({ folder }: Subject): ReturnType<typeof digestsOf> {
  const digests = digestsOf(folder);
  digests.catch(() => undefined); // whoever awaits it is told
  return digests;
}
