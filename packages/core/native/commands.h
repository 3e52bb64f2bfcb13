/*
 * What launcher.c and sandbox-init.c have in common: orders to start a command, and how one is started. The other end of the
 * messages is src/runner/launch/launcher-messages.ts.
 */
#pragma once
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ORDER_START = 1, ORDER_SIGNAL = 2, ORDER_LOOK = 3 };
struct order {
  uint32_t kind;
  uint32_t length;  /* of what follows */
  uint32_t a;       /* start: how many arguments; signal: its number; look: how many states it finds */
  uint32_t b;       /* start: how many variables */
  uint32_t sandbox; /* start: how many strings say what stands between the command and the machine; 0 for nothing */
  uint32_t uid;     /* start: who the command is run by; SAME_USER for whoever runs this */
  uint32_t gid;
  uint32_t exclusive; /* start: 1 where nothing else is run by that user */
};
static const uint32_t SAME_USER = 0xffffffff;

enum { ANSWER_ENDED = 1, ANSWER_NOT_STARTED = 2, ANSWER_NO_SANDBOX = 3 };
struct answer {
  uint32_t kind;
  int32_t value; /* ended: the status as wait() tells it; not started: errno; no sandbox: the status of what should have made it */
  uint32_t left; /* 1: something of it may be running yet */
  uint32_t unused;
  uint64_t user_us;
  uint64_t system_us;
  uint64_t peak_bytes;
};

/* Follows the answer to a command, for each path that was to be looked at; all zero where there is nothing. Times in milliseconds since 1970. */
struct found {
  double inode, mode, size, modified, changed;
};

static uint64_t microseconds(struct timeval time) {
  return (uint64_t)time.tv_sec * 1000000u + (uint64_t)time.tv_usec;
}

/* Adds what a process used, and its children that it waited for. */
static void count_usage(struct answer *answer, const struct rusage *used) {
  answer->user_us += microseconds(used->ru_utime);
  answer->system_us += microseconds(used->ru_stime);
  uint64_t peak = (uint64_t)used->ru_maxrss * 1024u;
  if (peak > answer->peak_bytes) answer->peak_bytes = peak;
}

/* Descriptors of sandbox-init: orders and signals come from and answers go to the launcher; its own program. */
enum { INSIDE_CONTROL = 5, INSIDE_PROGRAM = 6 };

/* Says why, and ends the program. */
static void give_up(const char *what) __attribute__((noreturn));

/* An order that is a file, of which nothing was read yet. */
static char *read_order(int file, struct order *order) {
  struct stat stats;
  if (fstat(file, &stats) < 0 || stats.st_size < (off_t)sizeof *order) give_up("reading the order");
  if (read(file, order, sizeof *order) != sizeof *order) give_up("reading the order");
  size_t length = (size_t)stats.st_size - sizeof *order;
  char *payload = malloc(length + 1);
  if (payload == NULL || length != order->length) give_up("reading the order");
  for (size_t at = 0; at < length;) {
    ssize_t got = read(file, payload + at, length - at);
    if (got <= 0) give_up("reading the order");
    at += (size_t)got;
  }
  return payload;
}

struct command {
  const char *directory, *program;
  char **argv, **env;
  char **sandbox; /* the path of sandbox-init, what the sandbox is told from others by, then the program that makes it, and its arguments */
  char **strings; /* to be freed */
};

/* One for each command: a lock on it, or a mode of reading, is then only that one's. */
static int open_null(void) {
  return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* The next of the strings, each of which ends with a NUL. */
static char *next(char **at, const char *end) {
  char *string = *at, *nul = memchr(string, '\0', (size_t)(end - string));
  if (nul == NULL) {
    errno = EBADMSG;
    give_up("an order with too few strings");
  }
  *at = nul + 1;
  return string;
}

/* Strings: directory, program, arguments, variables, sandbox. */
static struct command read_command(const struct order *order, char *payload) {
  size_t argc = order->a, envc = order->b, walls = order->sandbox;
  if (argc > order->length || envc > order->length || walls > order->length) {
    errno = EBADMSG;
    give_up("an order with more strings than bytes");
  }
  if (walls > 0 && walls < 3) {
    errno = EBADMSG;
    give_up("an order with half a sandbox");
  }
  char *at = payload, *end = payload + order->length;
  struct command command = {.directory = next(&at, end), .program = next(&at, end)};
  /* One place before the arguments, for the shell. */
  command.strings = calloc(argc + envc + walls + 4, sizeof *command.strings);
  if (command.strings == NULL) give_up("an order");
  command.argv = command.strings + 1;
  command.env = command.argv + argc + 1;
  command.sandbox = command.env + envc + 1;
  for (size_t n = 0; n < argc; n++) command.argv[n] = next(&at, end);
  for (size_t n = 0; n < envc; n++) command.env[n] = next(&at, end);
  for (size_t n = 0; n < walls; n++) command.sandbox[n] = next(&at, end);
  return command;
}

/* For good: no program that is started from here gives it more. Supplementary groups are those of whoever runs this, and go, too. */
static int become(uint32_t uid, uint32_t gid) {
  if (uid == SAME_USER) return 0;
  return setgroups(0, NULL) < 0 || setgid(gid) < 0 || setuid(uid) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -1 : 0;
}

/* What a process is started with, beside its program. */
struct setting {
  int in, out, err;
  uint32_t uid, gid;
  const int *passed; /* two that sandbox-init finds at its descriptors, or NULL */
};

/* What fork() would have copied is shared here: nothing but system calls, and one variable. Returns errno, or 0. */
static int spawn(const char *directory, const char *program, char **argv, char **env, struct setting setting, pid_t *started) {
  volatile int failure = 0;
  sigset_t none;
  sigemptyset(&none);
  pid_t pid = vfork();
  if (pid < 0) return errno;
  if (pid == 0) {
    if (setsid() < 0 || dup2(setting.in, 0) < 0 || dup2(setting.out, 1) < 0 || dup2(setting.err, 2) < 0 ||
        chdir(directory) < 0 || become(setting.uid, setting.gid) < 0) {
      failure = errno;
      _exit(127);
    }
    if (setting.passed == NULL) {
      sigprocmask(SIG_SETMASK, &none, NULL);
    } else if (dup2(setting.passed[0], INSIDE_CONTROL) < 0 || dup2(setting.passed[1], INSIDE_PROGRAM) < 0) {
      failure = errno;
      _exit(127);
    }
    execve(program, argv, env);
    failure = errno;
    if (failure == ENOEXEC) {
      /* A script that does not say what runs it is the shell's, as with every execvp(). */
      argv[0] = (char *)program;
      argv[-1] = "/bin/sh";
      failure = 0;
      execve("/bin/sh", argv - 1, env);
      failure = ENOEXEC;
    }
    _exit(127);
  }
  if (failure != 0) {
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
    return failure;
  }
  *started = pid;
  return 0;
}
