// What was seen in a log, line by line, in little memory however long it is: each failure once, with its last place and how often
// it came, and the signs that the node was started again or went on making blocks.
import { logText } from './log-text.js';
import type { Captures, Signature } from './signature.js';
import { matchLine, signatures } from './signatures/table.js';

/** One failure, told apart by its row and what its pattern has found. */
export interface Sighting {
  readonly signature: Signature;
  readonly found: Captures;
  /** Of its last place, from 1. */
  readonly line: number;
  /** As it was said there. */
  readonly text: string;
  /** In how many lives of the daemon, as far as they can be told apart. */
  readonly times: number;
  /** What the daemon that said it called its version; undefined where the log does not have it. */
  readonly version: string | undefined;
  /** The upgrade that this daemon had begun. */
  readonly applying: string | undefined;
}

export interface Reading {
  readonly lines: number;
  /** By their last places. */
  readonly sightings: readonly Sighting[];
  /** The line of the last start; 0: none was seen. */
  readonly started: number;
  /** The last block that the node made. */
  readonly block: { readonly line: number; readonly height: number | undefined } | undefined;
  /** The last lines that say something. */
  readonly lastLines: readonly string[];
  /** Lines that journalctl has left out for their bytes. */
  readonly blobs: number;
}

/** Failures kept: of more the ones longest ago are forgotten. */
const mostSightings = 64;
const mostLastLines = 5;
/** Characters of a line that are kept. */
const longestText = 400;

/** Tendermint and CometBFT, state/execution.go and state/txindex: what a node that works says at every block. */
const block = /\b(?:committed state|executed block|finalized block|indexed block)\b/i;
const height = /\bheight="?(\d{1,15})\b/;
/** The daemon's first words (server/start.go), the supervisors', systemd's. */
const start =
  /\bstarting (?:node with |)ABCI\b|\brunning app\b|^(?:systemd: )?Started \S|\bstarting \S{1,64} version=(?<version>\S{1,64})/i;
/** consensus/replay.go: the application tells its version. */
const handshake = /ABCI Handshake App Info.{0,2000}?software-version="?(?<version>[^\s"]{1,64})/;
const blob = /^\[[\d.]+[KM]?B? blob data\]$/;

const signs = ['ommitted state', 'xecuted block', 'inalized block', 'ndexed block'];
signs.push('tarting', 'unning app', 'Started ', 'ABCI Handshake', 'blob data]', '"MESSAGE"');
/** What every line is searched for first: the few that have something are looked at closely. */
const interesting = new RegExp(
  [...signs, ...signatures.flatMap(({ words }) => words)]
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('|'),
);

export class LogReading {
  readonly #sightings = new Map<string, Sighting>();
  #last: string[] = [];
  #lines = 0;
  #started = 0;
  #block: Reading['block'];
  #version: string | undefined;
  #applying: string | undefined;
  #blobs = 0;

  /** @param raw one character a byte */
  add(raw: string): void {
    this.#lines += 1;
    if (raw.length > 1) this.#keepLast(raw);
    if (interesting.test(raw)) this.#look(logText(raw));
  }

  /** Of what was read so far. */
  get result(): Reading {
    return {
      ...{ lines: this.#lines, started: this.#started, block: this.#block, blobs: this.#blobs },
      sightings: [...this.#sightings.values()],
      lastLines: this.#last.map((raw) => logText(raw).slice(0, longestText)).filter((text) => text !== ''),
    };
  }

  #keepLast(raw: string): void {
    this.#last.push(raw.slice(0, longestText * 2));
    if (this.#last.length > mostLastLines * 8) this.#last = this.#last.slice(-mostLastLines);
  }

  #look(text: string): void {
    const match = matchLine(text);
    if (match !== undefined) return this.#see(match.signature, match.found, text);
    if (block.test(text)) {
      const told = height.exec(text)?.[1];
      this.#block = { line: this.#lines, height: told === undefined ? undefined : Number(told) };
      this.#applying = undefined;
    } else if (blob.test(text)) {
      this.#blobs += 1;
    } else {
      this.#lookForStart(text);
    }
  }

  #lookForStart(text: string): void {
    const begun = start.exec(text);
    if (begun === null) {
      this.#version = handshake.exec(text)?.groups?.version ?? this.#version;
      return;
    }
    this.#started = this.#lines;
    this.#version = begun.groups?.version;
    this.#applying = undefined;
  }

  #see(signature: Signature, found: Captures, text: string): void {
    if (signature.id === 'upgrade-applied') this.#applying = found.name;
    const key = JSON.stringify([signature.id, found]);
    const before = this.#sightings.get(key);
    const shown = text.slice(0, longestText);
    const times = (before?.times ?? 0) + (this.#isAnew(before, shown) ? 1 : 0);
    this.#sightings.delete(key); // and put in again at the end: the map is in the order of the last places
    this.#sightings.set(key, {
      ...{ signature, found, text: shown, line: this.#lines, times },
      ...{ version: this.#version, applying: this.#applying },
    });
    if (this.#sightings.size <= mostSightings) return;
    const [oldest] = this.#sightings.keys();
    if (oldest !== undefined) this.#sightings.delete(oldest);
  }

  /** A daemon says one thing in several ways (a log line, a panic): that is once. Word for word the same is another time. */
  #isAnew(before: Sighting | undefined, text: string): boolean {
    return (
      before === undefined || before.line < Math.max(this.#started, this.#block?.line ?? 0) || before.text === text
    );
  }
}
