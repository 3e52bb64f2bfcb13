/*
 * Starts commands for a runner, one at a time, and ends everything that they leave running.
 *
 * Node starts a process by fork(), which copies the page tables of all that Node has mapped, and then waits for the child; that
 * costs several times what a small command does. This program is small and uses vfork(), which copies nothing. It is also
 * what orphans of a command become children of (PR_SET_CHILD_SUBREAPER), so none gets out of sight by leaving its
 * session, and what all of them used is known.
 *
 * Descriptors: 0 orders, 1 answers, 2 for last words, 3 and 4 the files that commands print to (their 1 and 2). The end of the
 * orders is the end of the runner: then everything is killed. The messages are in src/runner/launch/launcher-messages.ts.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#if __has_include(<linux/close_range.h>)
#include <linux/close_range.h>
#endif

enum { ORDERS = 0, ANSWERS = 1, STDOUT_FILE = 3, STDERR_FILE = 4 };

/* Arguments and environment together; Linux takes less. */
enum { LONGEST_PAYLOAD = 256 * 1024 * 1024 };

/* A killed process may have to come to the end of a system call first, and one that forks all the time is hard to catch. */
enum { SWEEP_LIMIT_MS = 5000, SWEEP_PAUSE_MS = 20 };

enum { ORDER_START = 1, ORDER_SIGNAL = 2 };
struct order {
  uint32_t kind;
  uint32_t length; /* of what follows */
  uint32_t a;      /* start: how many arguments; signal: its number */
  uint32_t b;      /* start: how many variables */
};

enum { ANSWER_ENDED = 1, ANSWER_NOT_STARTED = 2 };
struct answer {
  uint32_t kind;
  int32_t value;  /* ended: the status as wait() tells it; not started: errno */
  uint32_t left;  /* 1: something of it may be running yet */
  uint32_t unused;
  uint64_t user_us;
  uint64_t system_us;
  uint64_t peak_bytes;
};

static pid_t command; /* 0 when none is running */
static pid_t group;   /* of the last command, and its session: its number */
static int null_input, child_events;
static struct answer books;

static void give_up(const char *what) {
  dprintf(2, "launcher: %s: %s\n", what, strerror(errno));
  if (command > 0) kill(-command, SIGKILL);
  exit(1);
}

static int read_all(void *target, size_t length) {
  for (char *at = target; length > 0;) {
    ssize_t got = read(ORDERS, at, length);
    if (got == 0) return 0;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) give_up("reading an order");
    at += got;
    length -= (size_t)got;
  }
  return 1;
}

static void answer(void) {
  const char *at = (const char *)&books;
  for (size_t rest = sizeof books; rest > 0;) {
    ssize_t put = write(ANSWERS, at, rest);
    /* Nobody is there to hear it: the end of the orders says the same. */
    if (put < 0 && errno == EPIPE) return;
    if (put < 0 && errno != EINTR) give_up("answering");
    if (put > 0) {
      at += put;
      rest -= (size_t)put;
    }
  }
}

static uint64_t microseconds(struct timeval time) {
  return (uint64_t)time.tv_sec * 1000000u + (uint64_t)time.tv_usec;
}

/* Takes note of every child that is over. Returns 0 when there is no other. */
static int reap(void) {
  for (;;) {
    int status;
    struct rusage used;
    pid_t pid = wait4(-1, &status, WNOHANG, &used);
    if (pid < 0 && errno == EINTR) continue;
    if (pid <= 0) return pid == 0;
    books.user_us += microseconds(used.ru_utime);
    books.system_us += microseconds(used.ru_stime);
    uint64_t peak = (uint64_t)used.ru_maxrss * 1024u;
    if (peak > books.peak_bytes) books.peak_bytes = peak;
    if (pid == command) {
      command = 0;
      books.value = status;
    }
  }
}

/* Returns 0 where the system does not tell who they are. */
static int kill_children(void) {
  char path[64], list[4096];
  snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t length = read(file, list, sizeof list - 1);
  close(file);
  if (length <= 0) return 1;
  list[length] = '\0';
  /* A number that the end of the buffer has cut in two is another process's: it waits for the next look. */
  if ((size_t)length == sizeof list - 1 && strrchr(list, ' ') != NULL) *strrchr(list, ' ') = '\0';
  for (char *at = list, *end; *at != '\0'; at = end) {
    long pid = strtol(at, &end, 10);
    if (end == at) break;
    if (pid > 1) kill((pid_t)pid, SIGKILL);
    while (*end == ' ') end++;
  }
  return 1;
}

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void drain_child_events(void) {
  struct signalfd_siginfo event;
  while (read(child_events, &event, sizeof event) > 0) continue;
}

/* Kills all children, and what become children when those are gone. Returns whether somebody may be left. */
static int sweep(void) {
  if (reap() == 0) return 0;
  /* A whole group at once, faster than it can fork. */
  if (group > 0) kill(-group, SIGKILL);
  for (int64_t limit = now_ms() + SWEEP_LIMIT_MS; now_ms() < limit;) {
    if (!kill_children()) break;
    struct pollfd event = {.fd = child_events, .events = POLLIN};
    if (reap() == 0) return 0;
    poll(&event, 1, SWEEP_PAUSE_MS);
    drain_child_events();
  }
  return reap();
}

static int open_afresh(int kept) {
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", kept);
  int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0) give_up("opening a file that commands print to");
  return file;
}

/* What fork() would have copied is shared here: nothing but system calls, and one variable. */
static int spawn(const char *directory, const char *program, char **argv, char **env, int out, int err) {
  volatile int failure = 0;
  sigset_t none;
  sigemptyset(&none);
  pid_t pid = vfork();
  if (pid < 0) return errno;
  if (pid == 0) {
    if (setsid() < 0 || dup2(null_input, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0 || chdir(directory) < 0) {
      failure = errno;
      _exit(127);
    }
    sigprocmask(SIG_SETMASK, &none, NULL);
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
  command = group = pid;
  return 0;
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

/* Strings: directory, program, arguments, variables. */
static void start(const struct order *order, char *payload) {
  size_t argc = order->a, envc = order->b;
  if (argc > order->length || envc > order->length) {
    errno = EBADMSG;
    give_up("an order with more strings than bytes");
  }
  char *at = payload, *end = payload + order->length;
  const char *directory = next(&at, end), *program = next(&at, end);
  /* One place before the arguments, for the shell. */
  char **strings = calloc(argc + envc + 3, sizeof *strings);
  if (strings == NULL) give_up("an order");
  char **argv = strings + 1, **env = argv + argc + 1;
  for (size_t n = 0; n < argc; n++) argv[n] = next(&at, end);
  for (size_t n = 0; n < envc; n++) env[n] = next(&at, end);
  int out = open_afresh(STDOUT_FILE), err = open_afresh(STDERR_FILE);
  books = (struct answer){.kind = ANSWER_ENDED};
  int failure = spawn(directory, program, argv, env, out, err);
  close(out);
  close(err);
  free(strings);
  if (failure == 0) return;
  books = (struct answer){.kind = ANSWER_NOT_STARTED, .value = failure};
  answer();
}

static void end(void) {
  if (command > 0) kill(-command, SIGKILL);
  sweep();
  exit(0);
}

static void take_order(void) {
  struct order order;
  if (!read_all(&order, sizeof order)) end();
  if (order.length > LONGEST_PAYLOAD) {
    errno = EMSGSIZE;
    give_up("an order");
  }
  char *payload = NULL;
  if (order.length > 0) {
    payload = malloc(order.length);
    if (payload == NULL) give_up("an order");
    if (!read_all(payload, order.length)) end();
  }
  if (order.kind == ORDER_START && command == 0 && payload != NULL) {
    start(&order, payload);
  } else if (order.kind == ORDER_SIGNAL) {
    /* It may have ended just now. */
    if (command > 0) kill(-command, (int)order.a);
  } else {
    errno = EBADMSG;
    give_up("an order that makes no sense");
  }
  free(payload);
}

/* Also what whoever started the server has left open. Kernels before 5.11 do not know how: there it stays as it is with Node. */
static void keep_from_commands(void) {
  fcntl(STDOUT_FILE, F_SETFD, FD_CLOEXEC);
  fcntl(STDERR_FILE, F_SETFD, FD_CLOEXEC);
#if defined(SYS_close_range) && defined(CLOSE_RANGE_CLOEXEC)
  syscall(SYS_close_range, 5, ~0U, CLOSE_RANGE_CLOEXEC);
#endif
}

int main(void) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  sigset_t children;
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  child_events = signalfd(-1, &children, SFD_NONBLOCK | SFD_CLOEXEC);
  null_input = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (child_events < 0 || null_input < 0) give_up("starting");
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) give_up("becoming the parent of orphans");
  keep_from_commands();
  for (;;) {
    struct pollfd events[] = {{.fd = ORDERS, .events = POLLIN}, {.fd = child_events, .events = POLLIN}};
    if (poll(events, 2, -1) < 0 && errno != EINTR) give_up("waiting");
    if (events[1].revents != 0) {
      drain_child_events();
      int was_running = command > 0;
      reap();
      if (was_running && command == 0) {
        books.left = (uint32_t)sweep();
        answer();
      }
    }
    if (events[0].revents != 0) take_order();
  }
}
