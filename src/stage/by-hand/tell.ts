// How a command that works beside `run` tells what it does and what verification has found.
import { worstStatus, type Finding, type Level, type Status } from '../../verify/finding.js';

export interface Tell {
  /** @param event a stable name for scripts @param message the sentence for people */
  info(event: string, message: string, fields?: Readonly<Record<string, string | number>>): void;
  warn(message: string, hint?: string): void;
}

/** What fails is told, and what is a warning. @param name what they are about */
export function tellFindings(name: string, findings: readonly Finding[], tell: Tell): void {
  for (const { level, status, text, hint } of findings) {
    if (status === 'fail' || status === 'warn')
      tell.warn(`${name}: ${level}${status === 'fail' ? ' fails' : ''}: ${text}`, hint);
  }
}

/** `{ L0: 'pass', L1: 'unknown', … }`: unknown where nothing of a level could be judged. */
export function worstByLevel(findings: readonly Finding[]): Readonly<Partial<Record<Level, Status>>> {
  const levels = [...new Set(findings.map(({ level }) => level))];
  return Object.fromEntries(
    levels.map((level) => [
      level,
      worstStatus(findings.filter((row) => row.level === level && row.status !== 'unknown')),
    ]),
  );
}
