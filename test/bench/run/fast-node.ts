// A node whose first act is to note the time, and which behaves as a halted panacead does: it stays up, tells its height, and ends
// some milliseconds after a signal.
import { compileC } from '../../support/compile-c.js';

/** The height of every plan here, and what the node tells as its own. */
export const haltHeight = 52;
/** Milliseconds from SIGTERM or SIGINT to its end: the least that was seen of a halted panacead. */
const stopTime = 4;

/** @returns the program's path; `start` appends `<folder> <pid> <nanoseconds of CLOCK_MONOTONIC>` to the file $BENCH_LOG */
export function compileFastNode(folder: string): string {
  return compileC(folder, 'fast-node', source, ['-O2']);
}

const source = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
static void end(int number) {
  (void)number;
  struct timespec left = { 0, ${stopTime} * 1000000 };
  nanosleep(&left, NULL);
  _exit(0);
}
int main(int argc, char **argv) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  const char *word = argc > 1 ? argv[1] : "";
  if (!strcmp(word, "status")) return puts("{\\"SyncInfo\\":{\\"latest_block_height\\":\\"${haltHeight}\\"}}") < 0;
  if (!strcmp(word, "version")) return puts("1.0") < 0;
  if (strcmp(word, "start")) { fprintf(stderr, "Error: unknown command \\"%s\\"\\n", word); return 1; }
  signal(SIGTERM, end); signal(SIGINT, end); signal(SIGQUIT, end);
  char self[4096], line[4200];
  ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  if (length < 0) return 2;
  self[length] = 0;
  int size = snprintf(line, sizeof line, "%s %d %lld\\n", basename(dirname(dirname(self))), getpid(),
    now.tv_sec * 1000000000LL + now.tv_nsec);
  int log = open(getenv("BENCH_LOG"), O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (log < 0 || write(log, line, size) != size) return 2;
  close(log);
  for (;;) pause();
}
`;
