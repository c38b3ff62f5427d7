import type { Collected } from '../build/collect.js';
import type { Portable } from '../build/portable.js';
import type { ToolVersions } from '../host/tools.js';
import type { StagingRequest } from './request.js';
import type { Built } from './steps/build.js';
import type { Source } from './steps/check-out.js';
import type { BuildSetting } from './steps/prepare-go.js';
import type { Resolved } from './steps/resolve.js';
import type { Verified } from './steps/verify.js';

/** What the last step works with, and what the manifest tells of. */
export interface Ready {
  readonly request: StagingRequest;
  readonly resolved: Resolved;
  readonly source: Source;
  readonly setting: BuildSetting;
  readonly built: Built;
  readonly collected: Collected;
  readonly portable: Portable;
  readonly verified: Verified;
  readonly versions: ToolVersions;
}
