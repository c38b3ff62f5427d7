/* node.c: a node's run. It makes a block, keeps it, waits, and so on, until a signal ends it or an upgrade halts it. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "demod.h"
#include "libwasmvm.h"

/* A line as the console logger of a Cosmos SDK node writes it: `3:04PM INF message key=value`. */
__attribute__((format(printf, 2, 3))) static void say(const char *level, const char *format, ...) {
  char clock[16];
  time_t now = time(NULL);
  strftime(clock, sizeof clock, "%I:%M%p", localtime(&now));
  printf("%s %s ", *clock == '0' ? clock + 1 : clock, level);
  va_list args;
  va_start(args, format);
  vprintf(format, args);
  va_end(args);
  putchar('\n');
}

/* The signal that came within `milliseconds` (-1: whenever it comes), or 0. */
static int wait_for_signal(const sigset_t *signals, long milliseconds) {
  struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  int signal = sigtimedwait(signals, NULL, milliseconds < 0 ? NULL : &time);
  return signal > 0 ? signal : 0;
}

/* As a node of the 0.47 line: consensus has ended for good, but the process stays until somebody stops it. */
static void stay_halted(const sigset_t *signals, const char *reason) {
  say("ERR", "%s module=x/upgrade", reason);
  say("ERR", "CONSENSUS FAILURE!!! err=\"%s\" module=consensus", reason);
  while (wait_for_signal(signals, -1) == 0) continue;
}

/* The same at the start, before anything is served: the panic ends the process, and Go's status for that is 2. */
static int panic(const char *reason) {
  say("ERR", "%s module=x/upgrade", reason);
  fprintf(stderr, "panic: %s\n", reason);
  return 2;
}

int run_node(const char *home, long upgrade_height, long block_time) {
  /* Blocked, these wait for sigtimedwait: a block is never cut in two, and no signal is lost between two of them. */
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigprocmask(SIG_BLOCK, &signals, NULL);
  setvbuf(stdout, NULL, _IOLBF, 0);

  open_store(home);
  say("INF", "starting demod version=%s libwasmvm=%s module=server", VERSION, version_str());
  struct state state;
  char reason[REASON_SIZE];
  if (!load_state(home, &state)) {
    state = (struct state){.plan = {.name = "v2.1.0", .height = upgrade_height}};
    if (upgrade_height == 0) state.plan = (struct plan){0};
    save_state(home, &state);
  }
  say("INF", "found chain height=%ld module=store", state.height);
  if (!can_continue(&state, reason)) return panic(reason);

  /* Halted on a block that is known but not executed: it is the first thing to do now. */
  bool halted = state.plan.height > 0 && !state.plan.done && state.height == state.plan.height;
  if (halted) {
    if (!begin_block(home, &state, state.height, reason)) return panic(reason);
    say("INF", "applying upgrade \"%s\" at height: %ld module=x/upgrade", state.plan.name, state.height);
    save_state(home, &state);
  }
  while (wait_for_signal(&signals, block_time) == 0) {
    if (!begin_block(home, &state, state.height + 1, reason)) {
      stay_halted(&signals, reason);
      break;
    }
    state.height++;
    save_state(home, &state);
    say("INF", "committed state height=%ld module=state", state.height);
  }
  say("INF", "stopped height=%ld module=server", state.height);
  return 0;
}
