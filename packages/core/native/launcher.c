/*
 * Starts commands for a runner, one at a time, and ends everything that they leave running.
 *
 * Node starts a process by fork(), which copies the page tables of all that Node has mapped, and then waits for the child; that
 * costs several times what a small command does. This program is small and uses vfork(), which copies nothing. It is also
 * what orphans of a command become children of (PR_SET_CHILD_SUBREAPER), so none gets out of sight by leaving its
 * session, and what all of them used is known. A command in a sandbox is started by the first process of that
 * (sandbox-init.c), which is kept for the next command that is to have the same one.
 *
 * When a command is over it looks at what the runner wants to know the state of, thousands of files: a system call from here costs
 * less than half of what it does in Node.
 *
 * Descriptors: 0 orders, 1 answers, 2 for last words, 3 and 4 the files that commands print to (their 1 and 2). The end of the
 * orders is the end of the runner: then everything is killed. The messages are in src/runner/launch/launcher-messages.ts.
 */
#include "commands.h"
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#if __has_include(<linux/close_range.h>)
#include <linux/close_range.h>
#endif

enum { ORDERS = 0, ANSWERS = 1, STDOUT_FILE = 3, STDERR_FILE = 4 };

/* Arguments and environment together; Linux takes less. */
enum { LONGEST_PAYLOAD = 256 * 1024 * 1024 };

/* A killed process may have to come to the end of a system call first, and one that forks all the time is hard to catch. */
enum { SWEEP_LIMIT_MS = 5000, SWEEP_PAUSE_MS = 20 };

static pid_t pid_of_command; /* 0 when none is running */
static pid_t group;          /* of the last command, and its session: its number */
static uid_t own_user;       /* by whom nothing but the last command, and what it started, is run; SAME_USER for nobody */
static int child_events;
static struct answer books;

/* What is looked at when the next command is over. */
static struct {
  char *strings; /* directories, each followed by names in it and an empty string; to be freed */
  size_t length, count;
} looks;

/* The sandbox that there is. */
static struct {
  pid_t pid;     /* of what made it; 0 when there is none */
  int status;    /* when that is over */
  int control;   /* to its first process; -1 when that is gone */
  int words;     /* a file, for what went wrong in making it */
  int is_busy;   /* with a command */
  int is_heard;  /* how that ended */
  int order;     /* a file, of which nothing was read as long as the command was not begun */
  int has_served;
  int signal;    /* the last that was sent to the command; 0 for none */
  int for_one;   /* command, and then it ends */
  char *walls;   /* the strings of the order that it was made for */
  size_t length; /* of them */
} sandbox = {.control = -1, .words = -1, .order = -1};

static void give_up(const char *what) {
  dprintf(2, "launcher: %s: %s\n", what, strerror(errno));
  if (pid_of_command > 0) kill(-pid_of_command, SIGKILL);
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

static void write_all(const void *bytes, size_t length) {
  for (const char *at = bytes; length > 0;) {
    ssize_t put = write(ANSWERS, at, length);
    /* Nobody is there to hear it: the end of the orders says the same. */
    if (put < 0 && errno == EPIPE) return;
    if (put < 0 && errno != EINTR) give_up("answering");
    if (put > 0) {
      at += put;
      length -= (size_t)put;
    }
  }
}

static double milliseconds(struct timespec time) {
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

/* `name`: in that directory; empty for the directory itself. */
static struct found look_at(int directory, const char *name) {
  struct stat stats;
  if (directory < 0 || fstatat(directory, name, &stats, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) < 0) return (struct found){0};
  return (struct found){.inode = (double)stats.st_ino,
                        .mode = stats.st_mode,
                        .size = (double)stats.st_size,
                        .modified = milliseconds(stats.st_mtim),
                        .changed = milliseconds(stats.st_ctim)};
}

static void look(void) {
  struct found *found = calloc(looks.count, sizeof *found);
  if (found == NULL) give_up("looking at files");
  size_t n = 0;
  for (char *at = looks.strings, *end = at + looks.length; at < end;) {
    int directory = open(next(&at, end), O_PATH | O_NOFOLLOW | O_CLOEXEC);
    const char *name = "";
    do {
      if (n == looks.count) {
        errno = EBADMSG;
        give_up("an order to look at more than it says");
      }
      found[n++] = look_at(directory, name);
    } while (*(name = next(&at, end)) != '\0');
    if (directory >= 0) close(directory);
  }
  write_all(found, looks.count * sizeof *found);
  free(found);
  free(looks.strings);
  looks.strings = NULL;
  looks.count = 0;
}

static void answer(void) {
  write_all(&books, sizeof books);
  if (looks.count > 0) look();
}

/* Takes note of every child that is over. Returns 0 when there is no other. */
static int reap(void) {
  for (;;) {
    int status;
    struct rusage used;
    pid_t pid = wait4(-1, &status, WNOHANG, &used);
    if (pid < 0 && errno == EINTR) continue;
    if (pid <= 0) return pid == 0;
    int is_sandbox = pid == sandbox.pid;
    if (is_sandbox) {
      sandbox.pid = 0;
      sandbox.status = status;
    }
    /* What a command used in a sandbox that is kept is told from there. */
    if (sandbox.is_busy ? sandbox.for_one : !is_sandbox) count_usage(&books, &used);
    if (pid == pid_of_command) {
      pid_of_command = 0;
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

/* All that a user has running, at once: nothing can fork faster than that, or hide. */
static void kill_all_of(uid_t user) {
  pid_t pid = vfork();
  if (pid != 0) return;
  if (setuid(user) == 0) kill(-1, SIGKILL);
  _exit(0);
}

/* Kills all children, and what become children when those are gone. Returns whether somebody may be left. */
static int sweep(void) {
  if (reap() == 0) return 0;
  /* A whole group at once, faster than it can fork. */
  if (group > 0) kill(-group, SIGKILL);
  if (own_user != SAME_USER) kill_all_of(own_user);
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

/* Above the descriptors that mean something to whoever is started. */
static int high(int file) {
  int moved = fcntl(file, F_DUPFD_CLOEXEC, INSIDE_PROGRAM + 1);
  if (file < 0 || moved < 0) give_up("starting a sandbox");
  close(file);
  return moved;
}

/* The order as a file: the process inside finds it there however long it is. */
static int file_of(const struct order *order, const char *payload) {
  int file = memfd_create("order", MFD_CLOEXEC);
  if (file < 0 || write(file, order, sizeof *order) != sizeof *order) give_up("an order");
  for (size_t at = 0; at < order->length;) {
    ssize_t put = write(file, payload + at, order->length - at);
    if (put <= 0) give_up("an order");
    at += (size_t)put;
  }
  lseek(file, 0, SEEK_SET);
  return file;
}

static void forget_control(void) {
  if (sandbox.control >= 0) close(sandbox.control);
  sandbox.control = -1;
}

static void end_sandbox(void) {
  forget_control();
  if (sandbox.pid == 0) return;
  kill(-sandbox.pid, SIGKILL);
  sweep();
  sandbox.pid = 0;
}

/* What makes the sandbox gets an empty environment, and no signal: there is nothing in it that would pass one on. Returns what could not be started. */
static const char *make_sandbox(const struct command *command, const char *walls, size_t length) {
  int init = open(command->sandbox[0], O_RDONLY | O_CLOEXEC);
  if (init < 0) return command->sandbox[0];
  if (sandbox.words < 0) sandbox.words = memfd_create("words", MFD_CLOEXEC);
  int ends[2];
  int null_input = open_null();
  if (sandbox.words < 0 || ftruncate(sandbox.words, 0) < 0 || lseek(sandbox.words, 0, SEEK_SET) < 0 || null_input < 0 ||
      socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
    give_up("starting a sandbox");
  free(sandbox.walls);
  sandbox.walls = malloc(length);
  if (sandbox.walls == NULL) give_up("starting a sandbox");
  memcpy(sandbox.walls, walls, length);
  sandbox.length = length;
  sandbox.for_one = command->sandbox[1][0] == '\0';
  sandbox.has_served = 0;
  int passed[] = {high(ends[1]), high(init)};
  struct setting setting = {
      .in = null_input, .out = sandbox.words, .err = sandbox.words, .uid = SAME_USER, .gid = SAME_USER, .passed = passed};
  char *nothing[] = {NULL}, **argv = command->sandbox + 2;
  const char *program = argv[0];
  int failure = spawn("/", program, argv, nothing, setting, &sandbox.pid);
  for (int n = 0; n < 2; n++) close(passed[n]);
  close(null_input);
  sandbox.control = ends[0];
  if (failure == 0) return NULL;
  forget_control();
  errno = failure;
  return program;
}

/* An end of the other side is told by the end of its process. */
static void order_inside(const struct order *order, const char *payload, int out, int err) {
  int32_t nothing = 0;
  sandbox.order = file_of(order, payload);
  int files[] = {sandbox.order, out, err};
  char space[CMSG_SPACE(sizeof files)] = {0};
  struct iovec bytes = {.iov_base = &nothing, .iov_len = sizeof nothing};
  struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
  struct cmsghdr *attached = CMSG_FIRSTHDR(&message);
  attached->cmsg_level = SOL_SOCKET;
  attached->cmsg_type = SCM_RIGHTS;
  attached->cmsg_len = CMSG_LEN(sizeof files);
  memcpy(CMSG_DATA(attached), files, sizeof files);
  if (sendmsg(sandbox.control, &message, MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET) give_up("an order");
}

static void end_busy(void) {
  sandbox.is_busy = 0;
  sandbox.has_served = 1;
  close(sandbox.order);
  sandbox.order = -1;
}

/* Returns what could not be started, which is nothing of the command's. */
static const char *start_in_sandbox(const struct order *order, const char *payload, const struct command *command, int out, int err) {
  const char *walls = command->sandbox[0];
  size_t length = (size_t)(payload + order->length - walls);
  int is_same = length == sandbox.length && sandbox.walls != NULL && memcmp(walls, sandbox.walls, length) == 0;
  if (sandbox.pid == 0 || sandbox.control < 0 || sandbox.for_one || !is_same) {
    end_sandbox();
    const char *failed = make_sandbox(command, walls, length);
    if (failed != NULL) return failed;
  }
  group = 0;
  sandbox.is_busy = 1;
  sandbox.is_heard = 0;
  sandbox.signal = 0;
  order_inside(order, payload, out, err);
  return NULL;
}

static void start(const struct order *order, char *payload) {
  struct command command = read_command(order, payload);
  int out = open_afresh(STDOUT_FILE), err = open_afresh(STDERR_FILE), null_input = open_null();
  if (null_input < 0) give_up("/dev/null");
  struct setting setting = {.in = null_input, .out = out, .err = err, .uid = order->uid, .gid = order->gid};
  books = (struct answer){.kind = ANSWER_ENDED};
  own_user = order->exclusive == 1 && order->uid != 0 ? order->uid : SAME_USER;
  int failure = 0;
  const char *no_sandbox = NULL;
  if (order->sandbox > 0) {
    no_sandbox = start_in_sandbox(order, payload, &command, out, err);
    failure = no_sandbox == NULL ? 0 : errno;
  } else {
    end_sandbox();
    failure = spawn(command.directory, command.program, command.argv, command.env, setting, &pid_of_command);
    group = pid_of_command;
  }
  if (no_sandbox != NULL) dprintf(err, "%s: %s\n", no_sandbox, strerror(failure));
  close(out);
  close(err);
  close(null_input);
  free(command.strings);
  if (failure == 0) return;
  books = (struct answer){.kind = no_sandbox == NULL ? ANSWER_NOT_STARTED : ANSWER_NO_SANDBOX, .value = failure};
  answer();
}

/* How a command ended is known inside. */
static void hear_from_inside(void) {
  struct answer heard;
  ssize_t got = sandbox.control < 0 ? 0 : recv(sandbox.control, &heard, sizeof heard, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got != sizeof heard) {
    forget_control();
  } else if (sandbox.is_busy) {
    if (!sandbox.for_one) books = heard;
    books.kind = heard.kind;
    books.value = heard.value;
    sandbox.is_heard = 1;
  }
}

static void copy_words(void) {
  char words[4096];
  ssize_t length = pread(sandbox.words, words, sizeof words, 0);
  int err = open_afresh(STDERR_FILE);
  if (length > 0 && write(err, words, (size_t)length) < 0) give_up("saying what went wrong with a sandbox");
  close(err);
}

static void send_signal(int number) {
  if (sandbox.is_busy) {
    int32_t told = number;
    sandbox.signal = number;
    if (sandbox.control >= 0) send(sandbox.control, &told, sizeof told, MSG_NOSIGNAL | MSG_DONTWAIT);
    /* What makes it may hang, and who is in it be stopped: then nobody hears that. */
    if (number == SIGKILL && sandbox.pid > 0) kill(-sandbox.pid, SIGKILL);
  }
  /* It may have ended just now. */
  if (pid_of_command > 0) kill(-pid_of_command, number);
}

/* A sandbox that was there already, and is no more, may not have begun with the command. */
static void start_again(void) {
  int file = sandbox.order, signal = sandbox.signal;
  sandbox.is_busy = 0;
  struct order order;
  char *payload = read_order(file, &order);
  close(file);
  start(&order, payload);
  free(payload);
  if (signal != 0) send_signal(signal);
}

/* The sandbox is over: killed, or not to be made, where nobody told how the command ended. */
static void lose_sandbox(void) {
  hear_from_inside();
  forget_control();
  int left = sweep();
  if (!sandbox.is_busy) return;
  if (!sandbox.is_heard) {
    if (sandbox.has_served && sandbox.signal != SIGKILL && lseek(sandbox.order, 0, SEEK_CUR) == 0) return start_again();
    int is_killed = sandbox.signal == SIGKILL || WIFSIGNALED(sandbox.status) || WEXITSTATUS(sandbox.status) == 128 + SIGKILL;
    books.kind = is_killed ? ANSWER_ENDED : ANSWER_NO_SANDBOX;
    books.value = is_killed ? SIGKILL : sandbox.status;
    if (!is_killed) copy_words();
  }
  books.left = (uint32_t)left;
  end_busy();
  answer();
}

static void end(void) {
  if (pid_of_command > 0) kill(-pid_of_command, SIGKILL);
  if (sandbox.pid > 0) kill(-sandbox.pid, SIGKILL);
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
  if (order.kind == ORDER_START && pid_of_command == 0 && !sandbox.is_busy && payload != NULL) {
    start(&order, payload);
  } else if (order.kind == ORDER_LOOK && looks.count == 0 && order.a < order.length) {
    looks.strings = payload;
    looks.length = order.length;
    looks.count = order.a;
    return;
  } else if (order.kind == ORDER_SIGNAL) {
    send_signal((int)order.a);
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
  own_user = SAME_USER;
  child_events = signalfd(-1, &children, SFD_NONBLOCK | SFD_CLOEXEC);
  if (child_events < 0) give_up("starting");
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0) give_up("becoming the parent of orphans");
  keep_from_commands();
  for (;;) {
    struct pollfd events[] = {{.fd = ORDERS, .events = POLLIN}, {.fd = child_events, .events = POLLIN}, {.fd = sandbox.control, .events = POLLIN}};
    if (poll(events, 3, -1) < 0 && errno != EINTR) give_up("waiting");
    if (events[2].revents != 0) {
      hear_from_inside();
      /* One that ends with its command has all that was in it ended first. */
      if (sandbox.is_busy && sandbox.is_heard && !sandbox.for_one) {
        end_busy();
        answer();
      }
    }
    if (events[1].revents != 0) {
      drain_child_events();
      int was_running = pid_of_command > 0, had_sandbox = sandbox.pid > 0;
      reap();
      if (was_running && pid_of_command == 0) {
        books.left = (uint32_t)sweep();
        answer();
      }
      if (had_sandbox && sandbox.pid == 0) lose_sandbox();
    }
    if (events[0].revents != 0) take_order();
  }
}
