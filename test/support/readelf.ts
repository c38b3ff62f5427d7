// What readelf says of a file, as data: the second opinion on our own reading.
import { runTool } from './run-tool.js';

export interface ReadelfSays {
  readonly class: number;
  readonly byteOrder: string;
  readonly segments: readonly string[];
  readonly sections: readonly string[];
  readonly interpreter: string | undefined;
  readonly needed: readonly string[];
  readonly soname: string | undefined;
  readonly rpath: string | undefined;
  readonly runpath: string | undefined;
  /** DT_NULL left out. */
  readonly dynamicEntries: number;
  /** Name with version, binding, type, whether defined. */
  readonly symbols: readonly string[];
  readonly needs: readonly string[];
  readonly definitions: readonly string[];
}

export function readelf(path: string): ReadelfSays {
  const text = runTool('readelf', ['-hldSW', '--dyn-syms', '-V', path]);
  const first = (pattern: RegExp) => pattern.exec(text)?.[1];
  const all = (pattern: RegExp) => Array.from(text.matchAll(pattern), (match) => match.slice(1));
  const entries = /Dynamic section at offset \S+ contains (\d+) entr/.exec(text)?.[1];
  return {
    class: Number(first(/Class: +ELF(\d+)/)),
    byteOrder: first(/Data: .*, (little|big) endian/) ?? '?',
    segments: all(
      /^ {2}\S+ +0x([0-9a-f]+) 0x([0-9a-f]+) 0x[0-9a-f]+ 0x([0-9a-f]+) 0x([0-9a-f]+) [R ][W ][E ] 0x[0-9a-f]+$|^ {2}\S+ +0x([0-9a-f]+) 0x([0-9a-f]+) 0x[0-9a-f]+ 0x([0-9a-f]+) 0x([0-9a-f]+) [R ][W ][E ] 0$/gm,
    ).map((numbers) =>
      numbers
        .filter(Boolean)
        .map((hex) => Number.parseInt(hex, 16))
        .join(' '),
    ),
    sections: all(
      /^ {2}\[ *\d+\] (.*?) +(?:[A-Z][A-Z_0-9]*|[0-9a-f]{8}: <unknown>|<\S+>) +([0-9a-f]{8,16}) ([0-9a-f]{6,}) ([0-9a-f]{6,}) /gm,
    ).map(([name = '', ...numbers]) => [name.trim(), ...numbers.map((hex) => Number.parseInt(hex, 16))].join(' ')),
    interpreter: first(/Requesting program interpreter: (.*)\]/),
    needed: all(/\(NEEDED\) +Shared library: \[(.*)\]/g).flat(),
    soname: first(/\(SONAME\) +Library soname: \[(.*)\]/),
    rpath: first(/\(RPATH\) +Library rpath: \[(.*)\]/),
    runpath: first(/\(RUNPATH\) +Library runpath: \[(.*)\]/),
    dynamicEntries: entries === undefined ? 0 : Number(entries) - 1,
    symbols: all(/^ +(\d+): [0-9a-f]+ +\S+ +(\S+) +(\S+) +\S+ +(?:\[.*\] +)?(\S+) ?(.*)$/gm)
      .filter(([index]) => index !== '0')
      .map(([, type = '', binding = '', section = '', name = '']) =>
        [name.replace(/ \(\d+\)$/, ''), binding, type, section !== 'UND'].join(' '),
      ),
    needs: readNeeds(text),
    definitions: all(/^ {2}\S+ Rev: 1 +Flags: (.*?) +Index: \d+ +Cnt: \d+ +Name: (.*)$/gm)
      .filter(([flags = '']) => !flags.includes('BASE'))
      .map(([, name = '']) => name),
  };
}

function readNeeds(text: string): string[] {
  const needs: string[] = [];
  let file = '';
  for (const line of text.split('\n')) {
    file = /^ {2}\S+ Version: 1 +File: (.*?) +Cnt: \d+$/.exec(line)?.[1] ?? file;
    const need = /^ {2}\S+ +Name: (.*?) +Flags: (.*?) +Version: \d+$/.exec(line);
    if (need !== null) needs.push([file, need[1], need[2]?.includes('WEAK')].join(' '));
  }
  return needs;
}
