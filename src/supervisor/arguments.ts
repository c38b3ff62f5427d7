// What the supervisor reads out of the daemon's arguments; it hands them on as they are.

/** Is it a node's run, and no short command? (spec 0: the word `start` among its arguments) */
export function isNodeRun(args: readonly string[]): boolean {
  return args.includes('start');
}

/** The last value of a flag, written `--flag value` or `--flag=value`. */
export function flagValue(args: readonly string[], flag: string): string | undefined {
  return args.reduce<string | undefined>((found, word, index) => {
    if (word === flag) return args[index + 1] ?? found;
    return word.startsWith(`${flag}=`) ? word.slice(flag.length + 1) : found;
  }, undefined);
}

/** The heights of --unsafe-skip-upgrades: several values after it, by `=`, by commas, and the flag more than once. */
export function skippedHeights(args: readonly string[]): readonly number[] {
  const flag = '--unsafe-skip-upgrades';
  const words: string[] = [];
  let taking = false;
  for (const word of args) {
    if (word === flag) taking = true;
    else if (word.startsWith(`${flag}=`)) {
      words.push(word.slice(flag.length + 1));
      taking = true;
    } else if (word.startsWith('-')) taking = false;
    else if (taking) words.push(word);
  }
  return words
    .flatMap((word) => word.split(','))
    .map((word) => word.trim())
    .filter((word) => /^\d{1,15}$/.test(word))
    .map(Number);
}
