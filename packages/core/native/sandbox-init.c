/*
 * The first process of a sandbox, its number 1: starts the command, waits for it, and tells the launcher outside how it ended.
 * The kernel ends whatever else is in the sandbox when this ends. What makes the sandbox (bubblewrap) only passes on an exit code, in
 * which signals, and programs that could not be started, cannot be told from a command's own; and its environment
 * cannot be the command's, which could have it load a library.
 */
#include "commands.h"
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>

static void give_up(const char *what) {
  dprintf(2, "sandbox-init: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void report(uint32_t kind, int32_t value) {
  struct answer answer = {.kind = kind, .value = value};
  send(INSIDE_CONTROL, &answer, sizeof answer, MSG_NOSIGNAL);
  exit(0);
}

static char *read_order(struct order *order) {
  struct stat stats;
  if (fstat(INSIDE_ORDER, &stats) < 0 || stats.st_size < (off_t)sizeof *order) give_up("reading the order");
  if (read(INSIDE_ORDER, order, sizeof *order) != sizeof *order) give_up("reading the order");
  size_t length = (size_t)stats.st_size - sizeof *order;
  char *payload = malloc(length + 1);
  if (payload == NULL || length != order->length) give_up("reading the order");
  for (size_t at = 0; at < length;) {
    ssize_t got = read(INSIDE_ORDER, payload + at, length - at);
    if (got <= 0) give_up("reading the order");
    at += (size_t)got;
  }
  return payload;
}

int main(void) {
  sigset_t all, children;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  close(INSIDE_PROGRAM);
  fcntl(INSIDE_ORDER, F_SETFD, FD_CLOEXEC);
  fcntl(INSIDE_CONTROL, F_SETFD, FD_CLOEXEC);
  int child_events = signalfd(-1, &children, SFD_NONBLOCK | SFD_CLOEXEC);
  if (child_events < 0) give_up("starting");
  struct order order;
  struct command command = read_command(&order, read_order(&order));
  if (become(order.uid, order.gid) < 0) give_up("becoming another user");
  /* After that: a change of user takes back the first. The second keeps what runs here out of our descriptors. */
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0) give_up("starting");
  pid_t pid;
  struct setting setting = {.in = 0, .out = 1, .err = 2, .uid = SAME_USER, .gid = SAME_USER};
  int failure = spawn(command.directory, command.program, command.argv, command.env, setting, &pid);
  if (failure != 0) report(ANSWER_NOT_STARTED, failure);
  for (;;) {
    struct pollfd events[] = {{.fd = INSIDE_CONTROL, .events = POLLIN}, {.fd = child_events, .events = POLLIN}};
    if (poll(events, 2, -1) < 0 && errno != EINTR) give_up("waiting");
    if (events[1].revents != 0) {
      struct signalfd_siginfo event;
      while (read(child_events, &event, sizeof event) > 0) continue;
      int status;
      for (pid_t over; (over = waitpid(-1, &status, WNOHANG)) > 0;) {
        if (over == pid) report(ANSWER_ENDED, status);
      }
    }
    if (events[0].revents != 0) {
      int32_t signal;
      /* The end of the launcher. */
      if (recv(INSIDE_CONTROL, &signal, sizeof signal, 0) != sizeof signal) exit(1);
      kill(-pid, signal);
    }
  }
}
