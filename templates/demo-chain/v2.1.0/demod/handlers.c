/* handlers.c: the upgrades that this release can do. */
#include <string.h>

#include "demod.h"

/* The one thing that v2.1.0 adds. */
static const char *const handlers[] = {"v2.1.0", NULL};

bool has_handler(const char *upgrade) {
  for (const char *const *name = handlers; *name != NULL; name++)
    if (strcmp(*name, upgrade) == 0) return true;
  return false;
}
