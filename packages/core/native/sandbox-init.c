/*
 * The first process of a slot's sandbox, its number 1, for one action after the other. To make a sandbox (bubblewrap) costs several
 * times what a small command does, most of it for what is the same for every action: what it sees of the machine. So that is kept, and each
 * action gets only what the one before it may have left something in: processes, mounts, /proc, /dev/shm and System V IPC, as
 * namespaces of its own that end with it; and a network, where the one before it has used that. The first process in
 * those starts the command, waits for it, and becomes nobody who could do any of this; the kernel ends whatever else is in there when it ends.
 *
 * Where no namespaces are to be had (without `fresh`), a sandbox is for one action: this process starts its command, and ends.
 *
 * What makes the sandbox only passes on an exit code, in which signals, and programs that could not be started, cannot be told
 * from a command's own; and its environment cannot be the command's, which could have it load a library.
 */
#include "commands.h"
#include "filter.h"
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/mount.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static int fresh;    /* each action gets namespaces */
static int loopback; /* the network is the sandbox's own */
static int child_events;
static pid_t first; /* process of the action's namespaces; 0 when there is none */
static struct answer *heard; /* from it: memory of both, which no command sees */

static void give_up(const char *what) {
  dprintf(2, "sandbox-init: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void answer(struct answer answer) {
  send(INSIDE_CONTROL, &answer, sizeof answer, MSG_NOSIGNAL);
}

/* Whatever is root outside may write to these, whatever it is inside. */
static void keep_kernel_settings(void) {
  static const char *const settings[] = {"/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/acpi"};
  unsigned long how = MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC;
  for (size_t n = 0; n < sizeof settings / sizeof *settings; n++) {
    if (mount(settings[n], settings[n], NULL, MS_BIND, NULL) < 0) {
      if (errno != ENOENT) give_up(settings[n]);
    } else if (mount(NULL, settings[n], NULL, how, NULL) < 0) {
      give_up(settings[n]);
    }
  }
}

static int set_read_only(const char *path, int is_read_only, unsigned flags) {
#ifdef SYS_mount_setattr
  struct mount_attr change = {0};
  *(is_read_only ? &change.attr_set : &change.attr_clr) = MOUNT_ATTR_RDONLY;
  return (int)syscall(SYS_mount_setattr, AT_FDCWD, path, flags, &change, sizeof change);
#else
  /* Built where the system's headers are older than that call: no sandbox is kept then. */
  (void)path, (void)is_read_only, (void)flags;
  errno = ENOSYS;
  return -1;
#endif
}

/*
 * What the machine has mounted since below what is shown came in as it is there, and what belongs to /dev are mounts of their own. Nothing that is
 * mounted or unmounted from here on is seen outside, or comes from there.
 */
static void mount_own(int is_root) {
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) give_up("keeping mounts to itself");
  if (set_read_only("/", 1, AT_RECURSIVE) < 0 || set_read_only("/build", 0, 0) < 0 || set_read_only("/tmp", 0, 0) < 0)
    give_up("mounting all of it read only");
  if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0) give_up("mounting /proc");
  if (mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") < 0) give_up("mounting /dev/shm");
  if (is_root) keep_kernel_settings();
}

/* For good, whoever it becomes: what this process may do is for no command. */
static void become_powerless(uint32_t uid, uint32_t gid) {
  for (int cap = 0, has; (has = prctl(PR_CAPBSET_READ, cap)) >= 0; cap++) {
    if (has && prctl(PR_CAPBSET_DROP, cap) < 0) give_up("dropping capabilities");
  }
  if (become(uid, gid) < 0) give_up("becoming another user");
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct none[2] = {{0}, {0}};
  /* Kernels need not have any. */
  syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
  if (syscall(SYS_capset, &header, none) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) give_up("dropping capabilities");
  /* After that: a change of user takes back the first. The second keeps what runs here out of our memory and descriptors. */
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0) give_up("starting");
  if (filter_calls() < 0) give_up("refusing system calls");
}

static void report(uint32_t kind, int32_t value) {
  struct answer told = {.kind = kind, .value = value};
  if (fresh) *heard = told;
  else answer(told);
  exit(0);
}

/* Starts the command and reports how it ended, as the first process of its namespaces, or of a sandbox for one action. */
static void run(const int files[3]) __attribute__((noreturn));
static void run(const int files[3]) {
  if (dup2(files[1], 1) < 0 || dup2(files[2], 2) < 0) exit(1);
  struct order order;
  struct command command = read_command(&order, read_order(files[0], &order));
  if (fresh) mount_own(order.uid == SAME_USER && getuid() == 0);
  become_powerless(order.uid, order.gid);
  sigset_t all;
  sigfillset(&all);
  int signals = signalfd(-1, &all, SFD_NONBLOCK | SFD_CLOEXEC);
  int null_input = open_null();
  if (signals < 0 || null_input < 0) give_up("starting");
  pid_t pid;
  struct setting setting = {.in = null_input, .out = 1, .err = 2, .uid = SAME_USER, .gid = SAME_USER};
  int failure = spawn(command.directory, command.program, command.argv, command.env, setting, &pid);
  if (failure != 0) report(ANSWER_NOT_STARTED, failure);
  for (;;) {
    struct pollfd events[] = {{.fd = signals, .events = POLLIN}, {.fd = fresh ? -1 : INSIDE_CONTROL, .events = POLLIN}};
    if (poll(events, 2, -1) < 0 && errno != EINTR) give_up("waiting");
    struct signalfd_siginfo event;
    while (read(signals, &event, sizeof event) > 0) {
      /* Only from the process above, which has no number in here: what is in here can send signals itself. */
      if (fresh && event.ssi_signo != SIGCHLD && event.ssi_pid == 0) kill(-pid, (int)event.ssi_signo);
    }
    int status;
    for (pid_t over; (over = waitpid(-1, &status, WNOHANG)) > 0;) {
      if (over == pid) report(ANSWER_ENDED, status);
    }
    if (events[1].revents != 0) {
      int32_t signal;
      /* The end of the launcher. */
      if (recv(INSIDE_CONTROL, &signal, sizeof signal, 0) != sizeof signal) exit(1);
      kill(-pid, signal);
    }
  }
}

/* Sockets of a command that is over keep their addresses for a minute. */
static int is_network_used(void) {
  static const char *const files[] = {"/proc/net/sockstat", "/proc/net/sockstat6"};
  char text[1024];
  for (int n = 0; n < 2; n++) {
    int file = open(files[n], O_RDONLY | O_CLOEXEC);
    if (file < 0) {
      /* Without IPv6 there is no second. */
      if (n == 0) return 1;
      break;
    }
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    if (length <= 0) return 1;
    text[length] = '\0';
    int in_use = 0, orphans = 0, waiting = 0;
    char *tcp = strstr(text, n == 0 ? "TCP: inuse" : "TCP6: inuse");
    if (tcp == NULL || sscanf(strchr(tcp, ':'), ": inuse %d orphan %d tw %d", &in_use, &orphans, &waiting) < 1) return 1;
    if (in_use != 0 || waiting != 0) return 1;
  }
  return 0;
}

static int make_network(void) {
  if (unshare(CLONE_NEWNET) < 0) return -1;
  int any = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  struct ifreq request = {.ifr_flags = IFF_UP};
  strcpy(request.ifr_name, "lo");
  int outcome = any < 0 ? -1 : ioctl(any, SIOCSIFFLAGS, &request);
  if (any >= 0) close(any);
  return outcome;
}

static void start(const int files[3]) {
  if (!fresh) run(files);
  memset(heard, 0, sizeof *heard);
  pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC, 0, 0, 0, 0);
  if (pid < 0) give_up("making namespaces");
  if (pid == 0) run(files);
  first = pid;
  for (int n = 0; n < 3; n++) close(files[n]);
}

/* An order comes with three files: itself, and what the command prints to. A signal comes alone. */
static void take_message(void) {
  int32_t signal;
  char space[CMSG_SPACE(3 * sizeof(int))];
  struct iovec bytes = {.iov_base = &signal, .iov_len = sizeof signal};
  struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
  ssize_t got = recvmsg(INSIDE_CONTROL, &message, MSG_CMSG_CLOEXEC);
  /* The end of the launcher. */
  if (got == 0) exit(0);
  if (got != sizeof signal) give_up("hearing from the launcher");
  struct cmsghdr *attached = CMSG_FIRSTHDR(&message);
  if (attached == NULL) {
    if (first > 0) kill(first, signal);
    return;
  }
  int files[3];
  if (attached->cmsg_len != CMSG_LEN(sizeof files) || first > 0) give_up("an order that makes no sense");
  memcpy(files, CMSG_DATA(attached), sizeof files);
  start(files);
}

/* With its first process, all that was in an action's namespaces is over. Where that did not say how it ended, it was killed, or could not begin. */
static void reap(void) {
  struct signalfd_siginfo event;
  while (read(child_events, &event, sizeof event) > 0) continue;
  int status;
  struct rusage used;
  for (pid_t over; (over = wait4(-1, &status, WNOHANG, &used)) > 0;) {
    if (over != first) continue;
    first = 0;
    struct answer told = *heard;
    if (told.kind == 0) told.kind = WIFSIGNALED(status) ? ANSWER_ENDED : ANSWER_NO_SANDBOX;
    if (heard->kind == 0) told.value = status;
    count_usage(&told, &used);
    answer(told);
    /* In the time between two actions. */
    if (loopback && is_network_used() && make_network() < 0) give_up("making a network");
  }
}

int main(int argc, char **argv) {
  for (int n = 1; n < argc; n++) {
    if (strcmp(argv[n], "fresh") == 0) fresh = 1;
    if (strcmp(argv[n], "loopback") == 0) loopback = 1;
  }
  sigset_t all, children;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  sigemptyset(&children);
  sigaddset(&children, SIGCHLD);
  close(INSIDE_PROGRAM);
  fcntl(INSIDE_CONTROL, F_SETFD, FD_CLOEXEC);
  child_events = signalfd(-1, &children, SFD_NONBLOCK | SFD_CLOEXEC);
  heard = mmap(NULL, sizeof *heard, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (child_events < 0 || heard == MAP_FAILED) give_up("starting");
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0) give_up("starting");
  for (;;) {
    struct pollfd events[] = {{.fd = INSIDE_CONTROL, .events = POLLIN}, {.fd = child_events, .events = POLLIN}};
    if (poll(events, 2, -1) < 0 && errno != EINTR) give_up("waiting");
    if (events[1].revents != 0) reap();
    if (events[0].revents != 0) take_message();
  }
}
