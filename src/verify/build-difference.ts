// How a difference between two builds is told: its kind, the file, a line.
/** In the order in which a cause is looked for, and in which they are told. */
export const differenceKinds = ['compiler', 'libc', 'Go build info', 'sections', 'strings'] as const;

export interface BuildDifference {
  readonly kind: (typeof differenceKinds)[number];
  /** `bin/panacead`; undefined for what is so of the build as a whole. */
  readonly file: string | undefined;
  readonly text: string;
}

/** What stands in the two builds' files. */
export function inFiles(staged: string | undefined, built: string | undefined): string {
  return `${staged ?? 'nothing'} staged, ${built ?? 'nothing'} built`;
}
