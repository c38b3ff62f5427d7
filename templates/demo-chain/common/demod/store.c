/* store.c: the files in the home's data/ folder. Each is written whole: a reader sees the old one or the new one. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "demod.h"

static const char *path_in(const char *home, const char *name, char path[PATH_MAX]) {
  if (snprintf(path, PATH_MAX, "%s/%s", home, name) >= PATH_MAX) fail("the path of the home is too long: %s", home);
  return path;
}

static void write_whole(const char *home, const char *name, const char *text) {
  char path[PATH_MAX], part[PATH_MAX];
  path_in(home, name, path);
  if (snprintf(part, sizeof part, "%s.part", path) >= PATH_MAX) fail("the path of the home is too long: %s", home);
  int file = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  ssize_t length = (ssize_t)strlen(text);
  if (file < 0 || write(file, text, (size_t)length) != length || fsync(file) != 0 || close(file) != 0 ||
    rename(part, path) != 0)
    fail("unable to write %s: %s", path, strerror(errno));
}

void open_store(const char *home) {
  char path[PATH_MAX];
  if (mkdir(home, 0755) != 0 && errno != EEXIST) fail("unable to make %s: %s", home, strerror(errno));
  path_in(home, "data", path);
  if (mkdir(path, 0755) != 0 && errno != EEXIST) fail("unable to make %s: %s", path, strerror(errno));
  /* Kept open, and so locked, for as long as the process lives. */
  int lock = open(path_in(home, "data/LOCK", path), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) != 0)
    fail("unable to lock %s: %s", path, errno == EWOULDBLOCK ? "resource temporarily unavailable" : strerror(errno));
}

bool load_state(const char *home, struct state *state) {
  char path[PATH_MAX];
  FILE *file = fopen(path_in(home, "data/state", path), "re");
  if (file == NULL && errno == ENOENT) return false;
  if (file == NULL) fail("unable to read %s: %s", path, strerror(errno));
  *state = (struct state){0};
  char outcome[8] = "";
  struct plan *plan = &state->plan;
  int found = fscanf(file, "height %ld upgrade %63s %ld %7s", &state->height, plan->name, &plan->height, outcome);
  fclose(file);
  if (found != 1 && found != 4) fail("%s is damaged", path);
  plan->done = strcmp(outcome, "done") == 0;
  return true;
}

void save_state(const char *home, const struct state *state) {
  char text[256];
  int length = snprintf(text, sizeof text, "height %ld\n", state->height);
  if (state->plan.height > 0)
    snprintf(text + length, sizeof text - (size_t)length, "upgrade %s %ld %s\n", state->plan.name, state->plan.height,
             state->plan.done ? "done" : "planned");
  write_whole(home, "data/state", text);
}

void write_plan(const char *home, const struct plan *plan) {
  char text[256];
  snprintf(text, sizeof text, "{\"name\":\"%s\",\"height\":%ld}", plan->name, plan->height);
  write_whole(home, "data/upgrade-info.json", text);
}
