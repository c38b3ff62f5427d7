/* demod.h: what the parts of demod know of each other. */
#ifndef DEMOD_H
#define DEMOD_H

#include <stdbool.h>

/* An upgrade: planned as long as it is not done. No name: there is none. */
struct plan {
  char name[64];
  long height;
  bool done;
};

/* The whole state of this chain. */
struct state {
  long height; /* of the last block */
  struct plan plan;
};

/* node.c: runs until SIGTERM or SIGINT. block_time is in milliseconds. Returns the exit status. */
int run_node(const char *home, long upgrade_height, long block_time);

/* upgrade.c: false when the chain cannot go on with this binary; the reason, a line as the Cosmos SDK words it, is then in
 * `reason`, and where a new binary is needed the plan was written to data/upgrade-info.json. */
#define REASON_SIZE 256
bool begin_block(const char *home, struct state *state, long height, char reason[REASON_SIZE]);
bool can_continue(const struct state *state, char reason[REASON_SIZE]);

/* handlers.c: does this release know how to do the upgrade? */
bool has_handler(const char *upgrade);

/* store.c: each ends the program with a message when the file system says no. */
void open_store(const char *home);                             /* makes data/, and locks it against a second node */
bool load_state(const char *home, struct state *state);        /* false where there is none */
void save_state(const char *home, const struct state *state);
void write_plan(const char *home, const struct plan *plan);    /* data/upgrade-info.json */

/* main.c */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
