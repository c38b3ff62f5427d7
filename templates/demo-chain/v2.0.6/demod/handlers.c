/* handlers.c: the upgrades that this release can do. */
#include <string.h>

#include "demod.h"

/* v2.0.6 is the genesis release: there is nothing before it to upgrade from. */
static const char *const handlers[] = {NULL};

bool has_handler(const char *upgrade) {
  for (const char *const *name = handlers; *name != NULL; name++)
    if (strcmp(*name, upgrade) == 0) return true;
  return false;
}
