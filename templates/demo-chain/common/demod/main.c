/* main.c: the command line. Nothing is read, written or made before a command needs it. */
#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demod.h"

static const char usage[] =
  "demod, a chain of one\n\n"
  "  demod start [--home DIR] [--upgrade-height N] [--block-time MS]\n"
  "  demod status [--home DIR]\n"
  "  demod version [--long] [--output text|json]\n";

/* The value of `--NAME VALUE` or `--NAME=VALUE`, else that of the variable DEMOD_NAME, else `otherwise`. */
static const char *option(char **args, const char *name, const char *otherwise) {
  size_t length = strlen(name);
  for (; *args != NULL; args++) {
    if (strncmp(*args, name, length) != 0) continue;
    if ((*args)[length] == '=') return *args + length + 1;
    if ((*args)[length] == '\0') return args[1]; /* checked by check_options */
  }
  char variable[64] = "DEMOD_";
  size_t end = strlen(variable);
  for (const char *c = name + 2; *c != '\0' && end < sizeof variable - 1; c++)
    variable[end++] = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
  const char *value = getenv(variable);
  return value != NULL && *value != '\0' ? value : otherwise;
}

static bool has_flag(char **args, const char *flag) {
  while (*args != NULL)
    if (strcmp(*args++, flag) == 0) return true;
  return false;
}

/* Refuses what is not in `known`, a list of options of which those that take a value end in '='. */
static void check_options(char **args, const char *const *known) {
  for (; *args != NULL; args++) {
    const char *const *k = known;
    size_t name = strcspn(*args, "=");
    while (*k != NULL && !(strncmp(*args, *k, name) == 0 && strcspn(*k, "=") == name)) k++;
    bool has_value = (*args)[name] == '=';
    bool wants_value = *k != NULL && (*k)[name] == '=';
    if (**args != '-') fail("unexpected argument \"%s\"", *args);
    if (*k == NULL || (has_value && !wants_value)) fail("unknown flag: %s", *args);
    if (wants_value && !has_value && *++args == NULL) fail("flag needs an argument: %.*s", (int)name, *k);
  }
}

static long number(const char *what, const char *text, long least) {
  char *end;
  long value = strtol(text, &end, 10);
  if (!isdigit((unsigned char)*text) || *end != '\0' || value < least || value > INT_MAX)
    fail("invalid argument \"%s\" for %s: a whole number from %ld on", text, what, least);
  return value;
}

static const char *home_of(char **args) {
  static char otherwise[PATH_MAX];
  const char *user = getenv("HOME");
  if (user != NULL) snprintf(otherwise, sizeof otherwise, "%s/.demo", user);
  const char *home = option(args, "--home", otherwise);
  if (*home == '\0') fail("HOME is not set: give --home");
  return home;
}

static int start(char **args) {
  check_options(args, (const char *const[]){"--home=", "--upgrade-height=", "--block-time=", NULL});
  long height = number("--upgrade-height", option(args, "--upgrade-height", "20"), 0);
  long block_time = number("--block-time", option(args, "--block-time", "200"), 1);
  return run_node(home_of(args), height, block_time);
}

/* The keys are those of a node's RPC. The height is a string there too: Go's int64 does not fit into JSON's numbers. */
static int status(char **args) {
  check_options(args, (const char *const[]){"--home=", NULL});
  const char *home = home_of(args);
  struct state state;
  if (!load_state(home, &state)) fail("there is no chain in %s: `demod start` makes one", home);
  printf("{\"node_info\":{\"network\":\"demo-1\",\"version\":\"%s\"},"
         "\"sync_info\":{\"latest_block_height\":\"%ld\",\"catching_up\":false}}\n",
         VERSION, state.height);
  return 0;
}

static int version(char **args) {
  check_options(args, (const char *const[]){"--long", "--output=", NULL});
  const char *output = option(args, "--output", "text");
  bool json = strcmp(output, "json") == 0;
  if (!json && strcmp(output, "text") != 0) fail("invalid argument \"%s\" for --output: text or json", output);
  if (!has_flag(args, "--long"))
    puts(VERSION);
  else if (json)
    puts("{\"name\":\"demo\",\"server_name\":\"demod\",\"version\":\"" VERSION "\",\"commit\":\"" COMMIT
         "\",\"build_tags\":\"\"}");
  else
    puts("name: demo\nserver_name: demod\nversion: " VERSION "\ncommit: " COMMIT "\nbuild_tags: \"\"");
  return 0;
}

int main(int argc, char **argv) {
  (void)argc;
  const char *command = argv[1];
  if (command == NULL || strcmp(command, "help") == 0 || strcmp(command, "--help") == 0) {
    fputs(usage, stdout);
    return 0;
  }
  if (strcmp(command, "start") == 0) return start(argv + 2);
  if (strcmp(command, "status") == 0) return status(argv + 2);
  if (strcmp(command, "version") == 0) return version(argv + 2);
  fail("unknown command \"%s\" for \"demod\"", command);
}

void fail(const char *format, ...) {
  va_list args;
  va_start(args, format);
  fputs("Error: ", stderr);
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
  va_end(args);
  exit(1);
}
