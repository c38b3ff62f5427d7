import { messageOf } from './cvtool-error.js';

/** What the system said, without Node's code, call and path around it: `no such file or directory`. */
export function systemReason(error: unknown): string {
  const message = messageOf(error);
  return /^E[A-Z0-9]+: (.+?)(?:, \w+(?: '[^]*')?)?$/.exec(message)?.[1] ?? message;
}
