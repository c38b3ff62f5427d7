import { ownVersion } from '../host/own-version.js';
import { print } from '../report/terminal.js';

/** `cvtool version`. @returns the exit status */
export function versionCommand(): number {
  print(`cvtool version: ${ownVersion()}`);
  return 0;
}
