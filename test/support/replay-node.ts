// A node that replays a chain, as those of four lines of the SDK do: how it stops at the height of an upgrade, what it does when it
// is started again on halted data, what `status` prints and where, with which status it ends. One small C program is the binary of
// every upgrade: it knows by its own path which one it is.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { compileC } from './compile-c.js';

export type SdkLine = '0.42' | '0.45' | '0.47' | '0.50';

export interface ReplayUpgrade {
  readonly name: string;
  readonly height: number;
  /** `chain`: x/upgrade has the plan, and halts a binary that lacks the handler. `manual`: only the operator knows of it. */
  readonly by: 'chain' | 'manual';
  /** Of the SDK that its binary was built with. */
  readonly line: SdkLine;
}

export interface ReplayedChain {
  readonly genesis: SdkLine;
  /** In the order of their heights. */
  readonly upgrades: readonly ReplayUpgrade[];
  /** The node ends by itself, with 0, when it has committed this block. */
  readonly last: number;
  /** Milliseconds. */
  readonly blockTime: number;
}

/** @returns the program's path */
export function compileReplayNode(folder: string): string {
  return compileC(folder, 'replay-node', source);
}

/** @param trace the folder that TEST_TRACE names */
export function writeChain(trace: string, { genesis, upgrades, last, blockTime }: ReplayedChain): void {
  const rows = upgrades.map(({ name, height, by, line }) => `${height} ${name} ${by} ${line}`);
  writeFileSync(join(trace, 'chain'), [`${last} ${blockTime}`, `0 genesis chain ${genesis}`, ...rows, ''].join('\n'));
}

/*
What differs between the lines (SDK: x/upgrade, server; Tendermint, CometBFT: blocksync, consensus, replay):
- x/upgrade writes upgrade-info.json (0.42: name and height alone) in place, then panics (0.50: returns an error). The block is in
  the block store by then, so `status` tells the plan's height.
- In consensus the panic is recovered: the process lives on, and its RPC with it. While blocks are fetched from peers it is not:
  the process dies with 2. Here 0.42 and 0.47 are in consensus, 0.45 and 0.50 fetch blocks.
- Started again on such data, the block is replayed before the RPC is served: the same panic, status 2; 0.50 ends with an error, 1.
- `status` prints on stderr before 0.47; `SyncInfo` before 0.50, `sync_info` since.
- After SIGTERM: status 128+15 before 0.50, 0 since.
*/
const source = String.raw`
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { most = 1000 };
static struct { int height, manual, line; char name[100]; } plans[most];
static int count, own, last, block_time;
static const char *home, *trace;
static char label[300];
static volatile sig_atomic_t stopped;

static const char *in(const char *folder, const char *name) {
  static char path[4][5000]; static int n; n = (n + 1) % 4;
  snprintf(path[n], sizeof path[n], "%s/%s", folder, name); return path[n];
}
static void put(const char *path, const char *text, int flags) {
  int fd = open(path, O_WRONLY | O_CREAT | flags, 0644);
  if (fd < 0 || write(fd, text, strlen(text)) < 0) { perror(path); _exit(90); }
  close(fd);
}
static void tell(const char *event, const char *what, int height) {
  char line[700]; snprintf(line, sizeof line, "%s %d %s%s%s %d\n", label, getpid(), event, what[0] ? " " : "", what, height);
  if (height < 0) snprintf(line, sizeof line, "%s %d %s\n", label, getpid(), event);
  put(in(trace, "trace"), line, O_APPEND);
}
static void put_whole(const char *folder, const char *name, const char *text) {
  put(in(folder, ".new"), text, O_TRUNC);
  if (rename(in(folder, ".new"), in(folder, name))) { perror(name); _exit(91); }
}
static void pause_ms(long ms) {
  struct timespec left = { ms / 1000, ms % 1000 * 1000000 };
  while (!stopped && nanosleep(&left, &left) && errno == EINTR) ;
}
static void read_chain(void) {
  FILE *f = fopen(in(trace, "chain"), "r"); char by[20], line[20];
  if (!f || fscanf(f, "%d %d", &last, &block_time) != 2) _exit(92);
  own = -1;
  for (; fscanf(f, "%d %99s %19s %19s", &plans[count].height, plans[count].name, by, line) == 4; count++) {
    plans[count].manual = by[0] == 'm'; plans[count].line = atoi(line + 2);
    if (!strcmp(plans[count].name, label)) own = count;
  }
  fclose(f);
  if (own < 0) _exit(93);
}
static int line(void) { return plans[own].line; }

/* app: the last block that was executed; store: the last one that is there; applied: the last upgrade of the chain's. */
static int app, store, applied;
static void load(void) {
  FILE *f = fopen(in(home, "data/state"), "r");
  if (f) { if (fscanf(f, "%d %d %d", &app, &store, &applied) != 3) _exit(94); fclose(f); }
}
static void save(void) {
  char text[100]; snprintf(text, sizeof text, "%d %d %d\n", app, store, applied);
  put_whole(in(home, "data"), "state", text);
}
static void serve(void) {
  char text[100]; snprintf(text, sizeof text, "%d %d\n", getpid(), store);
  put_whole(trace, "rpc", text);
}

static void needed(int plan) {
  char text[400]; int height = plans[plan].height;
  snprintf(text, sizeof text, line() == 42 ? "{\"name\":\"%s\",\"height\":%d}" : "{\"name\":\"%s\",\"height\":%d,\"info\":\"\"}", plans[plan].name, height);
  put(in(home, "data/upgrade-info.json"), text, O_TRUNC);
  fprintf(stderr, "ERR UPGRADE \"%s\" NEEDED at height: %d: module=x/upgrade\n", plans[plan].name, height);
  tell("needs", plans[plan].name, height);
}
/* 0: executed; 1: an upgrade is needed for which this binary has no handler */
static int execute(int height) {
  for (int i = 1; i < count; i++) {
    if (plans[i].manual || plans[i].height != height) continue;
    if (own < i) { needed(i); return 1; }
    for (int before = applied + 1; before < i; before++)
      if (!plans[before].manual) { tell("lost", plans[before].name, height); _exit(95); }
    if (own > i) { tell("too-early", plans[i].name, height); fprintf(stderr, "BINARY UPDATED BEFORE TRIGGER!\n"); _exit(2); }
    applied = i; tell("applied", plans[i].name, height);
  }
  app = height; save();
  return 0;
}
static void end(int status) { char text[20]; snprintf(text, sizeof text, "stop %d", status); tell(text, "", -1); _exit(status); }
static void on_signal(int number) { (void)number; stopped = 1; }
static void halt(void) {
  if (line() == 45 || line() == 50) end(2); /* blocks from peers */
  serve(); /* the RPC lives on */
  while (!stopped) pause_ms(1000);
  end(143);
}
static int start(void) {
  int lock = open(in(trace, "lock"), O_RDWR | O_CREAT, 0644), alone = 0;
  for (int i = 0; i < 25 && !alone; i++) { alone = !flock(lock, LOCK_EX | LOCK_NB); if (!alone) pause_ms(2); }
  tell(alone ? "start" : "start overlap", "", -1);
  signal(SIGTERM, on_signal); signal(SIGINT, on_signal);
  load();
  if (plans[own].manual && app < plans[own].height && store < plans[own].height) tell("before-its-height", "", app);
  if (store > app && execute(store)) end(line() == 50 ? 1 : 2); /* before the RPC is served */
  for (serve(); !stopped; ) {
    if (app >= last) end(0);
    pause_ms(block_time);
    store = app + 1; save();
    if (execute(store)) halt();
    serve();
  }
  end(line() == 50 ? 0 : 143);
  return 0;
}
static int status(void) {
  int pid = 0, height = 0; FILE *f = fopen(in(trace, "rpc"), "r");
  if (f) { if (fscanf(f, "%d %d", &pid, &height) != 2) pid = 0; fclose(f); }
  FILE *out = line() < 47 ? stderr : stdout;
  if (!pid || kill(pid, 0)) { fprintf(stderr, "Error: post failed: dial tcp 127.0.0.1:26657: connect: connection refused\n"); return 1; }
  if (line() == 42) fprintf(stderr, "WARNING: (ast) sonic only supports go1.17~1.23, but your environment is not suitable {}\n");
  fprintf(out, line() < 50 ? "{\"NodeInfo\":{\"network\":\"replay\"},\"SyncInfo\":{\"latest_block_height\":\"%d\",\"catching_up\":true}}\n"
    : "{\"node_info\":{\"network\":\"replay\"},\"sync_info\":{\"latest_block_height\":\"%d\",\"catching_up\":true}}\n", height);
  return 0;
}
int main(int argc, char **argv) {
  trace = getenv("TEST_TRACE"); home = getenv("DAEMON_HOME");
  snprintf(label, sizeof label, "%s", basename(dirname(dirname(strdup(argv[0])))));
  read_chain();
  if (argc > 1 && !strcmp(argv[1], "status")) return status();
  if (argc > 1 && !strcmp(argv[1], "start")) return start();
  fprintf(stderr, "Error: unknown command \"%s\"\n", argc > 1 ? argv[1] : "");
  return 1;
}
`;
