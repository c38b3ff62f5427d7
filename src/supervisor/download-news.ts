// What a download in a process of its own says to the supervisor, a JSON document a line.
export type DownloadNews =
  { readonly url: string } | { readonly progress: string } | { readonly warning: string } | { readonly done: string };

/** Milliseconds for a download: a node stands still meanwhile, and one that takes longer is made by hand. */
export const downloadLimit = 60 * 60 * 1000;
