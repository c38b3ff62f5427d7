/* upgrade.c: the rules of the Cosmos SDK's upgrade module, in its words (x/upgrade/abci.go). */
#include <stdio.h>

#include "demod.h"

bool begin_block(const char *home, struct state *state, long height, char reason[REASON_SIZE]) {
  struct plan *plan = &state->plan;
  if (plan->height == 0 || plan->done) return true;
  bool known = has_handler(plan->name);
  if (height < plan->height) {
    if (!known) return true;
    snprintf(reason, REASON_SIZE,
             "BINARY UPDATED BEFORE TRIGGER! UPGRADE \"%s\" - in binary but not executed on chain. "
             "Downgrade your binary",
             plan->name);
    return false;
  }
  if (known) {
    plan->done = true;
    return true;
  }
  /* The block is there, it only cannot be executed: a halted node tells the plan's height as its own. */
  state->height = plan->height;
  save_state(home, state);
  write_plan(home, plan);
  snprintf(reason, REASON_SIZE, "UPGRADE \"%s\" NEEDED at height: %ld: ", plan->name, plan->height);
  return false;
}

bool can_continue(const struct state *state, char reason[REASON_SIZE]) {
  if (!state->plan.done || has_handler(state->plan.name)) return true;
  snprintf(reason, REASON_SIZE, "Wrong app version 0, upgrade handler is missing for %s upgrade plan", state->plan.name);
  return false;
}
