// A platform as Go names it (`go tool dist list`), which is how the info of an upgrade plan names one: linux/amd64.
import type { Brand } from './brand.js';

export type Platform = Brand<string, 'Platform'>;

/** By Node's names (os.arch()), and by those that people write; all lower case. */
const architectures: Readonly<Record<string, string>> = {
  ...{ x64: 'amd64', x86_64: 'amd64', 'x86-64': 'amd64', amd64: 'amd64' },
  ...{ arm64: 'arm64', aarch64: 'arm64', armv8: 'arm64', arm: 'arm', armv7: 'arm', armv7l: 'arm' },
  ...{ ia32: '386', i386: '386', i686: '386', x86: '386', '386': '386' },
  ...{ ppc64le: 'ppc64le', riscv64: 'riscv64', s390x: 's390x', loong64: 'loong64' },
};
const systems: Readonly<Record<string, string>> = {
  ...{ linux: 'linux', darwin: 'darwin', macos: 'darwin', osx: 'darwin', win32: 'windows', windows: 'windows' },
  freebsd: 'freebsd',
};

/** @param text such as `linux/x64` or `Linux_x86_64` @returns undefined where it names no platform that a node runs on */
export function platformFrom(text: string): Platform | undefined {
  const [, system = '', architecture = ''] = /^([a-z0-9]+)[/_:. -]([a-z0-9_-]+)$/i.exec(text.trim()) ?? [];
  const names = [systems[system.toLowerCase()], architectures[architecture.toLowerCase()]];
  return names.includes(undefined) ? undefined : (names.join('/') as Platform);
}
