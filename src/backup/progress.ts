// How far a copy is, told at most once a second. Its clock does not jump with the host's.

export interface CopyProgress {
  readonly bytes: number;
  readonly totalBytes: number;
  /** Bytes a second since the copy began. */
  readonly rate: number;
  readonly secondsLeft: number;
}

export type OnProgress = (progress: CopyProgress) => void;

/** @returns what is to be called with the count of bytes that were copied since the last call */
export function tellProgress(totalBytes: number, onProgress: OnProgress | undefined): (copied: number) => void {
  const start = performance.now();
  let told = start;
  let bytes = 0;
  return (copied) => {
    bytes += copied;
    const now = performance.now();
    if (now - told < 1000) return;
    told = now;
    const rate = Math.round((bytes / (now - start)) * 1000);
    const total = Math.max(totalBytes, bytes);
    onProgress?.({ bytes, totalBytes: total, rate, secondsLeft: rate === 0 ? Infinity : (total - bytes) / rate });
  };
}
