// The two gits that cvtool uses: one that goes out to a repository with the user's own settings (proxies, credentials,
// insteadOf), and one for checked-out trees, which reads nobody's settings, so that no hook, filter or fsmonitor runs.
import { simpleGit, type SimpleGit } from 'simple-git';

import type { Environment } from '../config/environment.js';

export interface GitOptions {
  readonly folder: string;
  readonly environment: Environment;
  readonly signal: AbortSignal;
  /** Milliseconds without a word from git after which it is ended. */
  readonly stallLimit: number;
  readonly onProgress?: ((text: string) => void) | undefined;
}

/** What of the user's environment git needs to reach a repository. */
const reachNames = [
  'HOME',
  'PATH',
  'USER',
  'LOGNAME',
  'XDG_CONFIG_HOME',
  'XDG_RUNTIME_DIR',
  'SSH_AUTH_SOCK',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'GIT_SSH_COMMAND',
  'GIT_SSL_CAINFO',
  'GIT_ASKPASS',
  'SSH_ASKPASS',
] as const;

/** For every git: no hook, no fsmonitor, no helper program as an address, and no git of its own that outlives it. */
const always = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'protocol.ext.allow=never',
  'gc.auto=0', // it would go on in the background, and a shared checkout needs the mirror's objects
  'maintenance.auto=false',
];

/** A git for clone and fetch into a bare mirror: nothing is checked out there, so nothing of the repository runs. */
export function outgoingGit({ folder, environment, signal, stallLimit, onProgress }: GitOptions): SimpleGit {
  const variables = Object.fromEntries(reachNames.flatMap((name) => pair(name, environment[name])));
  return simpleGit({
    baseDir: folder,
    abort: signal,
    timeout: { block: stallLimit },
    config: [...always, 'http.lowSpeedLimit=1000', `http.lowSpeedTime=${Math.ceil(stallLimit / 1000)}`],
    unsafe: {
      allowUnsafeHooksPath: true, // set to nothing
      allowUnsafeFsMonitor: true, // set to false
      allowUnsafeProtocolOverride: true, // set to never
      allowUnsafeSshCommand: true, // the user's own, as git itself would take it
      allowUnsafeAskPass: true,
      allowUnsafeTemplateDir: true, // set to nothing
    },
    allowEnvironment: ['GIT_SSH_COMMAND', 'GIT_SSL_CAINFO', 'GIT_ASKPASS', 'SSH_ASKPASS', 'GIT_TERMINAL_PROMPT'],
  })
    .env({ ...variables, LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0' })
    .outputHandler((_command, _stdout, stderr) => {
      stderr.on('data', (data: Buffer) => onProgress?.(lastLine(data.toString())));
    });
}

/** A git that reads no settings but those of the repository that we made ourselves. */
export function isolatedGit(
  { folder, environment, signal, stallLimit }: GitOptions,
  variables: Readonly<Record<string, string>> = {},
): SimpleGit {
  return simpleGit({
    baseDir: folder,
    abort: signal,
    timeout: { block: stallLimit },
    config: always,
    unsafe: {
      allowUnsafeHooksPath: true,
      allowUnsafeFsMonitor: true,
      allowUnsafeProtocolOverride: true,
      allowUnsafeConfigPaths: true, // GIT_CONFIG_GLOBAL: set to nothing
      allowUnsafeTemplateDir: true,
    },
    allowEnvironment: [
      'GIT_ATTR_NOSYSTEM',
      'GIT_CONFIG_GLOBAL',
      'GIT_CONFIG_NOSYSTEM',
      'GIT_TERMINAL_PROMPT',
      ...Object.keys(variables),
    ],
  }).env({
    ...pairObject('PATH', environment.PATH),
    HOME: '/dev/null', // no folder, and root cannot make it one
    LC_ALL: 'C',
    GIT_ATTR_NOSYSTEM: '1', // gitattributes(5): /etc/gitattributes may turn line ends
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    ...variables,
  });
}

function pair(name: string, value: string | undefined): [string, string][] {
  return value === undefined ? [] : [[name, value]];
}

function pairObject(name: string, value: string | undefined): Record<string, string> {
  return Object.fromEntries(pair(name, value));
}

function lastLine(text: string): string {
  return (
    text
      .split(/[\r\n]+/)
      .filter((line) => line.trim() !== '')
      .at(-1)
      ?.trim() ?? ''
  );
}
