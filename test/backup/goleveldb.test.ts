// Real goleveldb files, as a Cosmos SDK node writes them: linked, written on, compacted, and read back from the backup.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'vitest';

import { suspectFiles } from '../../src/backup/check.js';
import { bytePath } from '../../src/backup/bytes.js';
import { listBackups } from '../../src/backup/list.js';
import { readRecord } from '../../src/backup/record.js';
import { carryOutRollback, planRollback } from '../../src/backup/restore.js';
import { homePaths } from '../../src/home/paths.js';
import { backUp, expectSame, seenIn } from './homes.js';
import { buildGo, runGo, writeFiles } from '../support/go-program.js';
import { needs } from '../support/needs.js';
import { runTool } from '../support/run-tool.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
const source = `package main

import (
	"fmt"
	"math/rand"
	"os"
	"strconv"

	"github.com/syndtr/goleveldb/leveldb"
	"github.com/syndtr/goleveldb/leveldb/opt"
	"github.com/syndtr/goleveldb/leveldb/util"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func key(i int) []byte { return []byte(fmt.Sprintf("key %06d", i)) }

func value(i int, age string) string {
	bytes := make([]byte, 500)
	rand.New(rand.NewSource(int64(i))).Read(bytes)
	return age + string(bytes)
}

// write|compact|read|hang <folder> <keys> <age>
func main() {
	count, err := strconv.Atoi(os.Args[3])
	must(err)
	age := os.Args[4]
	db, err := leveldb.OpenFile(os.Args[2], &opt.Options{CompactionTableSize: 128 << 10, WriteBuffer: 256 << 10})
	must(err)
	switch os.Args[1] {
	case "write", "hang":
		for i := 0; i < count; i++ {
			must(db.Put(key(i), []byte(value(i, age)), nil))
		}
	case "compact":
		must(db.CompactRange(util.Range{}))
	case "read":
		for i := 0; i < count; i++ {
			got, err := db.Get(key(i), nil)
			must(err)
			if string(got) != value(i, age) {
				must(fmt.Errorf("key %d is another", i))
			}
		}
	}
	if os.Args[1] == "hang" {
		fmt.Println("written")
		select {}
	}
	must(db.Close())
}
`;

needs({ go: true, network: true, slow: true })(
  'a linked backup of goleveldb: later writes and compactions do not reach it, and all its keys are read again',
  async () => {
    const program = build();
    const home = join(scratch, 'home');
    const database = join(home, 'data/application.db');
    mkdirSync(join(home, 'data'), { recursive: true });
    runTool(program, ['write', database, '20000', 'old']);
    const before = seenIn(join(home, 'data'));
    const { folder, linked } = await backUp(home);
    expect(linked.files).toBeGreaterThan(20);
    for (const age of ['new', 'newer']) {
      runTool(program, ['write', database, '20000', age]);
      runTool(program, ['compact', database, '0', '']);
    }
    const stillShared = readdirSync(database).filter((name) => statSync(join(database, name)).nlink > 1);
    expect(stillShared.length).toBeLessThan(linked.files);
    expectSame(seenIn(folder), before);
    expect(suspectFiles(folder, listBackups(home)[0]!.record)).toEqual([]);
    runTool('cp', ['-a', folder, join(scratch, 'restored')]);
    runTool(program, ['read', join(scratch, 'restored/application.db'), '20000', 'old']);
    runTool(program, ['read', database, '20000', 'newer']);
    expectSame(seenIn(folder), before);

    // put back by a rollback, written on and compacted again, put back again
    const paths = homePaths(home, 'panacead');
    mkdirSync(join(paths.genesis, 'bin'), { recursive: true });
    writeFileSync(join(paths.genesis, 'bin/panacead'), '#!/bin/sh\n');
    for (const age of ['newest', 'last']) {
      const [backup] = listBackups(home);
      await carryOutRollback(paths, planRollback(paths, backup!, new Date()), { mode: 'auto' });
      runTool(program, ['read', database, '20000', 'old']);
      runTool(program, ['write', database, '20000', age]);
      runTool(program, ['compact', database, '0', '']);
      expect(suspectFiles(folder, backup!.record)).toEqual([]);
      expectSame(seenIn(folder), before);
    }
  },
  600_000,
);

needs({ go: true, network: true, slow: true })(
  'the same after a daemon that was killed while it wrote',
  async () => {
    const program = build();
    let orphans = 0;
    for (let round = 0; round < 40 && (round < 12 || orphans === 0); round += 1) {
      const home = join(scratch, `killed ${round}`);
      const database = join(home, 'data/application.db');
      mkdirSync(join(home, 'data'), { recursive: true });
      runTool(program, ['write', database, '3000', 'old']);
      spawnSync('timeout', ['-s', 'KILL', `0.${10 + ((round * 7) % 80)}`, program, 'hang', database, '900000', 'torn']);
      const before = seenIn(join(home, 'data'));
      const { folder, linked } = await backUp(home);
      expect(linked.files).toBeGreaterThan(1);
      const shared = new Set(readRecord(bytePath(folder))!.linkedFiles.map(({ path }) => path as string));
      orphans += [...before.keys()].filter((path) => path.endsWith('.ldb') && !shared.has(path)).length;
      runTool(program, ['write', database, '20000', 'new']);
      runTool(program, ['compact', database, '0', '']);
      expect(suspectFiles(folder, readRecord(bytePath(folder))!), `round ${round}`).toEqual([]);
      expectSame(seenIn(folder), before);
      runTool('cp', ['-a', folder, join(scratch, `restored ${round}`)]);
      runTool(program, ['write', join(scratch, `restored ${round}/application.db`), '10', 'old']);
    }
    expect(orphans).toBeGreaterThan(0); // tables that the manifest did not know were there, and were not linked
  },
  600_000,
);

function build(): string {
  const folder = join(scratch, 'program');
  writeFiles(folder, { 'go.mod': 'module levels\n\ngo 1.21\n', 'main.go': source });
  runGo(folder, ['get', 'github.com/syndtr/goleveldb@v1.0.1-0.20210819022825-2ae1ddf74ef7'], { toolchain: 'local' });
  return buildGo(folder, 'levels', { toolchain: 'local' });
}
