// The info of a plan, made of real archives; and what the linter says of those that people write.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { manifestText, type Manifest } from '../../src/evidence/manifest.js';
import { lintArchives } from '../../src/release/lint-archives.js';
import { lintPlanInfo } from '../../src/release/lint-plan-info.js';
import { pack } from '../../src/release/pack.js';
import { parseUrlBase, planInfo, planInfoText } from '../../src/release/plan-info.js';
import { proposalText } from '../../src/release/proposal.js';
import { runTool } from '../support/run-tool.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { stagedFolder } from '../support/staged-folder.js';

const scratch = scratchFolder();
const base = 'https://example.org/releases';

async function archiveFor(platform: string, more: Partial<Manifest> = {}): Promise<string> {
  const { folder, manifest } = stagedFolder(scratch, '/bin/true', more);
  const build = { ...manifest.build, platform };
  writeFileSync(join(folder, 'manifest.json'), manifestText({ ...manifest, build }));
  const out = mkdtempSync(join(scratch, 'out-'));
  const signal = new AbortController().signal;
  const request = { folder, name: 'x', out, format: 'tar.gz' as const, signingKey: undefined, force: false, signal };
  return (await pack(request)).path;
}

test('one entry a platform, in their order, each with the sum that sha256sum tells', async () => {
  const archives = [await archiveFor('linux/x64'), await archiveFor('linux/arm64'), await archiveFor('darwin/arm64')];
  const info = await planInfo(archives, parseUrlBase(`${base}/`));
  const sum = (path: string): string => runTool('sha256sum', [path]).slice(0, 64);
  const entry = (platform: string, index: number): [string, string] => [
    platform,
    `${base}/quokkad-v2-${platform.replace('/', '-')}.tar.gz?checksum=sha256:${sum(archives[index] ?? '')}`,
  ];
  const wanted = [entry('darwin/arm64', 2), entry('linux/amd64', 0), entry('linux/arm64', 1)];
  const text = planInfoText(info);
  expect(text).toBe(JSON.stringify({ binaries: Object.fromEntries(wanted) }));
  expect(info.plan).toBe('v2');
  const rows = [...lintPlanInfo(text), ...(await lintArchives(text, archives))];
  expect(rows.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 'pass'));
});

test('archives that do not belong together, or twice the same, or none at all', async () => {
  const one = await archiveFor('linux/x64');
  const source = { repository: 'r', tag: 'v2.0.0-2', commit: 'd'.repeat(40), commitTime: 0 };
  const another = await archiveFor('linux/arm64', { source });
  await expect(planInfo([one, another], base)).rejects.toMatchObject({ code: 'USAGE' });
  await expect(planInfo([one, one], base)).rejects.toThrow('a second one for linux/amd64');
  const text = join(scratch, 'text.tar.gz');
  writeFileSync(text, 'no archive');
  await expect(planInfo([text], base)).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
  await expect(planInfo([join(scratch, 'none')], base)).rejects.toMatchObject({ code: 'USAGE' });
});

test.each(['example.org', 'ftp://example.org', `${base}?x=1`, `${base}#x`, 'https://user:pass@example.org'])(
  '--url-base %s is refused',
  (text) => {
    expect(() => parseUrlBase(text)).toThrow(expect.objectContaining({ code: 'USAGE' }) as Error);
  },
);

const sum = 'a'.repeat(64);
const info = (binaries: unknown): string => JSON.stringify({ binaries });
const good = `https://h.org/x.tar.gz?checksum=sha256:${sum}`;

test.each<[string, string, string]>([
  ['empty', ' \n', 'it is empty'],
  ['plain text', 'upgrade to v2', 'neither JSON'],
  ['JSON of another shape', '[1]', 'no "binaries"'],
  ['another spelling', '{"binary":{}}', 'spelled "binary"'],
  ['no entry', info({}), 'is empty'],
  ['a list', info([good]), 'no list of platforms'],
  ['no text', info({ 'linux/amd64': 1 }), 'no text'],
  ["uname's name", info({ 'linux/x86_64': good, any: good }), 'not how Go names it'],
  ["Node's name", info({ 'linux/x64': good, any: good }), 'not how Go names it'],
  ['a capital', info({ 'Linux/amd64': good, any: good }), 'not how Go names it'],
  ['no slash', info({ linux: good, any: good }), 'no <os>/<arch>'],
  ['a folder', info({ any: `https://h.org/x/?checksum=sha256:${sum}` }), 'a folder'],
  ['a host alone', info({ any: `https://h.org?checksum=sha256:${sum}` }), 'a folder'],
  ['a page', info({ any: `https://github.com/a/b/blob/main/x.zip?checksum=sha256:${sum}` }), 'a page about'],
  ['half a sum', info({ any: 'https://h.org/x.zip?checksum=sha256:abc' }), 'is no checksum'],
  ['an unknown sum', info({ any: 'https://h.org/x.zip?checksum=crc32:00000000' }), '"crc32"'],
  ['behind #', info({ any: `https://h.org/x.zip#checksum=sha256:${sum}` }), 'behind #'],
  ['misspelled', info({ any: `https://h.org/x.zip?sha256=${sum}` }), 'spelled "sha256"'],
  ['http without a sum', info({ any: 'http://h.org/x.zip' }), 'no checksum'],
  ['a blank', info({ any: `https://h.org/a b.zip?checksum=sha256:${sum}` }), 'a blank'],
  ['no URL', info({ any: 'x.zip' }), 'no URL'],
  ['a password', info({ any: `https://u:p@h.org/x.zip?checksum=sha256:${sum}` }), 'public'],
  ['as it is', info({ any: `https://h.org/x.zip?archive=false&checksum=sha256:${sum}` }), 'archive=false'],
])('%s fails', (_, text, words) => {
  const failed = lintPlanInfo(text).filter(({ status }) => status === 'fail');
  expect(failed.map((row) => row.text).join('\n')).toContain(words);
});

test.each<[string, string, string]>([
  ['https without a sum', info({ any: 'https://h.org/x.zip' }), 'no checksum'],
  ['an address of a document', `https://h.org/info.json?checksum=sha256:${sum}`, 'not fetched here'],
  ['sha1', info({ any: `https://h.org/x.zip?checksum=${'a'.repeat(40)}` }), 'md5 and sha1'],
  ['nothing for linux/amd64', info({ 'linux/arm64': good }), 'linux/amd64 find nothing'],
  ['another protocol', info({ any: `s3://h.org/x.zip` }), 'usual way'],
])('%s is a warning', (_, text, words) => {
  const rows = lintPlanInfo(text);
  expect(rows.filter(({ status }) => status === 'fail')).toEqual([]);
  expect(
    rows
      .filter(({ status }) => status === 'warn')
      .map((row) => row.text)
      .join('\n'),
  ).toContain(words);
});

test.each([good, `https://h.org/panacead?checksum=sha256:${sum.toUpperCase()}`, `https://h.org/x.gz?checksum=${sum}`])(
  '%s is sound',
  (url) => {
    expect(lintPlanInfo(`\n${info({ 'linux/amd64': url })} `).map(({ status }) => status)).toEqual(['pass']);
  },
);

test('an archive with other bytes than the info says, one without bin/, and one that nothing names', async () => {
  const path = await archiveFor('linux/x64');
  const wrong = info({ any: `${base}/quokkad-v2-linux-amd64.tar.gz?checksum=sha256:${sum}` });
  const [other] = await lintArchives(wrong, [path]);
  expect(other?.text).toContain(`and the info says ${sum}`);
  const folder = mkdtempSync(join(scratch, 'flat-'));
  for (const name of ['README', 'quokka']) writeFileSync(join(folder, name), name);
  const flat = join(folder, 'flat.tar');
  runTool('tar', ['cf', flat, '-C', folder, 'README', 'quokka']);
  const [row] = await lintArchives(info({ any: `${base}/flat.tar` }), [flat]);
  expect(row?.text).toContain('there is no bin/');
  const [stranger] = await lintArchives(info({ any: good }), [path]);
  expect(stranger?.text).toContain('no address of the info');
});

test('a proposal: the plan with the info as a text, its height as the Protobuf JSON has it', () => {
  const request = { plan: 'v2', info: info({ any: good }), title: undefined, summary: undefined, deposit: '1umed' };
  const plan = { name: 'v2', height: '5', info: request.info };
  expect(JSON.parse(proposalText({ ...request, kind: 'v1', height: '5', authority: 'gov1' }))).toMatchObject({
    messages: [{ '@type': '/cosmos.upgrade.v1beta1.MsgSoftwareUpgrade', authority: 'gov1', plan }],
    deposit: '1umed',
    title: 'Upgrade to v2',
  });
  expect(JSON.parse(proposalText({ ...request, kind: 'legacy', height: '5', authority: undefined }))).toMatchObject({
    content: { '@type': '/cosmos.upgrade.v1beta1.SoftwareUpgradeProposal', plan },
  });
  for (const height of [undefined, '0', '-1', '1e3', '05'])
    expect(() => proposalText({ ...request, kind: 'legacy', height, authority: undefined })).toThrow('--height');
  expect(() => proposalText({ ...request, kind: 'v1', height: '5', authority: undefined })).toThrow('--authority');
});
