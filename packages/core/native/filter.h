/*
 * What a command in a sandbox cannot ask of the kernel: to leave something for the next action of the slot that no comparison of files
 * would show, and what leads out of its namespaces. Each call that is refused is one that programs find refused elsewhere, too: extended
 * attributes and attributes of files, as on a file system that has none; keys, io_uring (which would do the same behind our back) and sockets of the
 * virtual machine, as in a kernel without them.
 */
#pragma once
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/fscrypt.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The same on all systems. */
enum { CALL_IO_URING_SETUP = 425, CALL_SETXATTRAT = 463 };

/* How calls are numbered; those of 32-bit programs in a second way. */
struct numbering {
  uint32_t architecture, setxattr, lsetxattr, fsetxattr, add_key, request_key, keyctl, ioctl, socket;
};

#if defined(__x86_64__)
#define NUMBERINGS \
  {AUDIT_ARCH_X86_64, SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr, SYS_add_key, SYS_request_key, SYS_keyctl, SYS_ioctl, SYS_socket}, \
  {AUDIT_ARCH_I386, 226, 227, 228, 286, 287, 288, 54, 359}
#elif defined(__aarch64__)
#define NUMBERINGS \
  {AUDIT_ARCH_AARCH64, SYS_setxattr, SYS_lsetxattr, SYS_fsetxattr, SYS_add_key, SYS_request_key, SYS_keyctl, SYS_ioctl, SYS_socket}, \
  {AUDIT_ARCH_ARM, 226, 227, 228, 309, 310, 311, 54, 281}
#endif

#ifdef NUMBERINGS
struct filter {
  struct sock_filter steps[160];
  unsigned short length;
};

static void step(struct filter *filter, struct sock_filter next) {
  filter->steps[filter->length++] = next;
}

static void load(struct filter *filter, size_t offset) {
  step(filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

/* Otherwise skips so many steps. */
static void if_equal(struct filter *filter, uint32_t value, size_t skip) {
  step(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, (uint8_t)skip));
}

static void refuse(struct filter *filter, uint32_t value, int error) {
  if_equal(filter, value, 1);
  step(filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)error));
}

/* Looks at an argument's lower half: all that these calls look at. */
static void refuse_argument(struct filter *filter, uint32_t call, int argument, const uint32_t *values, size_t count, int error) {
  if_equal(filter, call, 2 * count + 2);
  load(filter, offsetof(struct seccomp_data, args) + 8 * (size_t)argument);
  for (size_t n = 0; n < count; n++) refuse(filter, values[n], error);
  load(filter, offsetof(struct seccomp_data, nr));
}

/* For this process and all that it starts, for good. It must not be able to get privileges any more. */
static int filter_calls(void) {
  static const struct numbering numberings[] = {NUMBERINGS};
  static const uint32_t attributes[] = {FS_IOC_SETFLAGS, FS_IOC32_SETFLAGS, FS_IOC_FSSETXATTR, FS_IOC_SET_ENCRYPTION_POLICY};
  static const uint32_t outside[] = {AF_VSOCK};
  struct filter filter = {.length = 0};
  load(&filter, offsetof(struct seccomp_data, arch));
  for (size_t n = 0; n < sizeof numberings / sizeof *numberings; n++) {
    const struct numbering *of = &numberings[n];
    unsigned short begin = filter.length;
    if_equal(&filter, of->architecture, 0);
    load(&filter, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
    /* x32, which has numbers of its own and hardly a user. */
    if (n == 0) step(&filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1));
    if (n == 0) step(&filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS));
#endif
    const uint32_t attribute_calls[] = {of->setxattr, of->lsetxattr, of->fsetxattr, CALL_SETXATTRAT};
    for (size_t at = 0; at < 4; at++) refuse(&filter, attribute_calls[at], EOPNOTSUPP);
    const uint32_t absent[] = {of->add_key, of->request_key, of->keyctl, CALL_IO_URING_SETUP};
    for (size_t at = 0; at < 4; at++) refuse(&filter, absent[at], ENOSYS);
    refuse_argument(&filter, of->ioctl, 1, attributes, sizeof attributes / sizeof *attributes, ENOTTY);
    refuse_argument(&filter, of->socket, 0, outside, 1, EAFNOSUPPORT);
    step(&filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    filter.steps[begin].jf = (uint8_t)(filter.length - begin - 1);
  }
  step(&filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  struct sock_fprog program = {.len = filter.length, .filter = filter.steps};
  /* Programs that have reason to fear what others speculate on say so themselves. */
  return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program);
}
#else
/* Processors whose calls nobody has looked up here. */
static int filter_calls(void) {
  return 0;
}
#endif
