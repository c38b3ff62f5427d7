// A node for the supervisor's tests: a small C program that does what a list of steps beside it says, and writes down what
// happens to it. It halts, hangs, ignores signals, writes its plan in pieces, forks, holds locks, dies.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { compileC } from './compile-c.js';

/** One step a line; numbers are milliseconds where nothing else is said. */
export type DaemonStep =
  | `plan ${string} ${number}` // upgrade-info.json, truncated and written as x/upgrade does
  | `halves ${string} ${number}` // the same in two halves, 300 ms apart
  | `empty ${string} ${number}` // empty first, whole after 300 ms
  | `raw ${string}` // these bytes
  | `remove` // upgrade-info.json
  | `out ${string}` // a line on stdout
  | `err ${string}`
  | `height ${number}` // what `status` answers from now on
  | `wait ${string}` // for a flag of the test
  | `sleep ${number}`
  | `ignore ${string}` // a signal: TERM, INT, …
  | `slow ${number}` // it takes so long to stop
  | `code ${number}` // its status after a signal
  | `lock ${'flock' | 'fcntl'} ${number}` // a child holds the database's LOCK for so long
  | `fork ${number}` // a child of its own group, which lives so long
  | `grow ${string}` // a file below data/ is appended to, until it is stopped
  | 'closefds'
  | `exit ${number}`
  | `die ${number}` // by this signal
  | 'hang';

/** `pre`: what each run of pre-upgrade ends with, the last one for ever: a status, `hang`, `kill`. */
export interface DaemonScript {
  readonly steps: readonly DaemonStep[];
  readonly pre?: readonly (number | 'hang' | 'kill')[];
  /** `off`: no answer; `stderr`: the answer goes there; `hang`. */
  readonly status?: 'off' | 'stderr' | 'hang';
}

/** @returns the program's path, to be handed to `putDaemon` */
export function compileDaemon(folder: string): string {
  return compileC(folder, 'scripted-daemon', source);
}

/** Puts a copy of the program at `binary`, with its steps beside it. */
export function putDaemon(program: string, binary: string, { steps, pre = [1], status }: DaemonScript): void {
  mkdirSync(dirname(binary), { recursive: true });
  copyFileSync(program, binary);
  writeFileSync(`${binary}.steps`, steps.map((step) => `${step}\n`).join(''));
  writeFileSync(`${binary}.pre`, pre.map((each) => `${each}\n`).join(''));
  writeFileSync(`${binary}.status`, status ?? '');
}

const source = String.raw`
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *self, *trace, *home;
static char label[300];
static int ignored[65], slow, code;

static void pause_ms(long ms) {
  struct timespec left = { ms / 1000, ms % 1000 * 1000000 };
  while (nanosleep(&left, &left) && errno == EINTR) ;
}
static const char *in(const char *folder, const char *name) {
  static char path[4][5000]; static int n; n = (n + 1) % 4;
  snprintf(path[n], sizeof path[n], "%s/%s", folder, name); return path[n];
}
static void put(const char *path, const char *text, int len, int flags) {
  int fd = open(path, O_WRONLY | O_CREAT | flags, 0644);
  if (fd >= 0) { if (write(fd, text, len) < 0) perror(path); close(fd); }
}
static void tell(const char *event) {
  char line[1000];
  int n = snprintf(line, sizeof line, "%s %d %s\n", label, getpid(), event);
  put(in(trace, "trace"), line, n, O_APPEND);
}
static void leave(int status) {
  char text[50]; snprintf(text, sizeof text, "stop %d", status);
  tell(text); _exit(status);
}
static char *slurp(const char *path, char *buffer, int size) {
  FILE *f = fopen(path, "r"); buffer[0] = 0;
  if (f) { int n = fread(buffer, 1, size - 1, f); buffer[n] = 0; fclose(f); }
  return buffer;
}
static const char *beside(const char *ending) {
  static char path[5000]; snprintf(path, sizeof path, "%s.%s", self, ending); return path;
}
/* As a real node's database: held for life. One that was just killed has 50 ms to be gone. */
static int database = -1;
static int alone(void) {
  int fd = database = open(in(trace, "lock"), O_RDWR | O_CREAT, 0644);
  for (int i = 0; i < 25; i++) { if (!flock(fd, LOCK_EX | LOCK_NB)) return 1; pause_ms(2); }
  return 0;
}
static const struct { const char *name; int number; } names[] = {
  { "HUP", SIGHUP }, { "INT", SIGINT }, { "QUIT", SIGQUIT }, { "USR1", SIGUSR1 }, { "USR2", SIGUSR2 }, { "TERM", SIGTERM } };
static const char *name_of(int number) {
  for (int i = 0; i < 6; i++) if (names[i].number == number) return names[i].name;
  return "?";
}
static int number_of(const char *name) {
  for (int i = 0; i < 6; i++) if (!strcmp(names[i].name, name)) return names[i].number;
  return 0;
}
static void on_signal(int number) {
  char text[50]; snprintf(text, sizeof text, "signal %s", name_of(number));
  tell(text);
  if (ignored[number]) return;
  pause_ms(slow);
  leave(code);
}
static void lock_database(const char *how, int ms) {
  if (fork()) { pause_ms(100); return; }
  close(database);
  mkdir(in(home, "data"), 0755); mkdir(in(home, "data/application.db"), 0755);
  int fd = open(in(home, "data/application.db/LOCK"), O_RDWR | O_CREAT, 0644);
  struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
  if (!strcmp(how, "flock") ? flock(fd, LOCK_EX) : fcntl(fd, F_SETLKW, &whole)) perror("lock");
  signal(SIGTERM, SIG_IGN);
  pause_ms(ms); tell("unlocked"); _exit(0);
}
static void play(char *line) {
  char word[100] = "", a[400] = ""; int b = 0, n = 0;
  sscanf(line, "%99s %n", word, &n);
  char *rest = line + n; sscanf(rest, "%399s %d", a, &b);
  const char *info = in(home, "data/upgrade-info.json");
  char text[700]; int len = snprintf(text, sizeof text, "{\"name\":\"%s\",\"height\":%d,\"info\":\"\"}", a, b);
  if (!strcmp(word, "plan")) { put(info, text, len, O_TRUNC); tell("plan"); }
  else if (!strcmp(word, "halves")) { put(info, text, len / 2, O_TRUNC); pause_ms(300); put(info, text + len / 2, len - len / 2, O_APPEND); tell("plan"); }
  else if (!strcmp(word, "empty")) { put(info, "", 0, O_TRUNC); pause_ms(300); put(info, text, len, O_TRUNC); tell("plan"); }
  else if (!strcmp(word, "raw")) put(info, rest, strlen(rest), O_TRUNC);
  else if (!strcmp(word, "remove")) unlink(info);
  else if (!strcmp(word, "out") || !strcmp(word, "err")) { char l[800]; int k = snprintf(l, sizeof l, "%s\n", rest); if (write(word[0] == 'o' ? 1 : 2, l, k) < 0) tell("no reader"); }
  else if (!strcmp(word, "height")) put(in(trace, "height"), a, strlen(a), O_TRUNC);
  else if (!strcmp(word, "wait")) while (access(in(trace, a), F_OK)) pause_ms(5);
  else if (!strcmp(word, "sleep")) pause_ms(atoi(a));
  else if (!strcmp(word, "ignore")) ignored[number_of(a)] = 1;
  else if (!strcmp(word, "slow")) slow = atoi(a);
  else if (!strcmp(word, "code")) code = atoi(a);
  else if (!strcmp(word, "lock")) lock_database(a, b);
  else if (!strcmp(word, "fork")) { if (!fork()) { close(database); tell("child"); pause_ms(atoi(a)); _exit(0); } }
  else if (!strcmp(word, "grow")) for (;;) { put(in(in(home, "data"), a), "more\n", 5, O_APPEND); pause_ms(1); }
  else if (!strcmp(word, "closefds")) { for (int fd = 0; fd < 256; fd++) close(fd); }
  else if (!strcmp(word, "exit")) leave(atoi(a));
  else if (!strcmp(word, "die")) { tell("dies"); kill(getpid(), atoi(a)); }
  else if (!strcmp(word, "hang")) for (;;) pause_ms(1000);
  else if (word[0]) { tell("unknown step"); _exit(99); }
}
static int pre_upgrade(void) {
  char runs[5000]; snprintf(runs, sizeof runs, "%s/pre.%s", trace, label);
  struct stat st; int n = stat(runs, &st) ? 0 : st.st_size;
  put(runs, ".", 1, O_APPEND);
  tell(alone() ? "pre" : "pre overlap");
  printf("pre-upgrade speaks\n"); fflush(stdout);
  char all[1000]; char *word = strtok(slurp(beside("pre"), all, sizeof all), "\n"), *next;
  for (; n-- > 0 && (next = strtok(NULL, "\n")); word = next) ;
  if (!strcmp(word, "hang")) for (;;) pause_ms(1000);
  if (!strcmp(word, "kill")) kill(getpid(), SIGKILL);
  return atoi(word);
}
static int status(void) {
  char how[50], height[50];
  tell("status"); slurp(beside("status"), how, sizeof how);
  if (!strcmp(how, "hang")) for (;;) pause_ms(1000);
  if (!strcmp(how, "off") || !slurp(in(trace, "height"), height, sizeof height)[0]) { fprintf(stderr, "Error: connection refused\n"); return 1; }
  fprintf(stderr, "WARN {a line around it}\n");
  fprintf(strcmp(how, "stderr") ? stdout : stderr, "{\"node_info\":{},\"sync_info\":{\"latest_block_height\":\"%s\"}}\n", height);
  return 0;
}
int main(int argc, char **argv) {
  self = strdup(argv[0]); trace = getenv("TEST_TRACE"); home = getenv("DAEMON_HOME");
  snprintf(label, sizeof label, "%s", basename(dirname(dirname(strdup(self)))));
  if (argc > 1 && !strcmp(argv[1], "pre-upgrade")) return pre_upgrade();
  if (argc > 1 && !strcmp(argv[1], "status")) return status();
  int is_alone = alone();
  for (int i = 0; i < 6; i++) signal(names[i].number, on_signal);
  tell(is_alone ? "start" : "start overlap");
  char steps[4000], *rest = slurp(beside("steps"), steps, sizeof steps), *line;
  while ((line = strsep(&rest, "\n"))) play(line);
  leave(0);
}
`;
