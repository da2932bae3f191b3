/* Faults at the n-th call that changes (or opens) a file below one folder; loaded by LD_PRELOAD.
 *
 * What reaches the disk through the C library is counted, whoever calls it: Python, SQLite, numpy.
 * Nothing happens until faults_arm() is called, in the process that is to suffer or in one that it
 * was forked from. The counters are shared with the processes forked since.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* Kinds of calls, as in injector.py. */
enum { WRITE = 1, SYNC = 2, RENAME = 4, CREATE = 8, MKDIR = 16, UNLINK = 32, TRUNCATE = 64, OPEN = 128 };
/* What happens at the n-th. */
enum { COUNT = 0, KILL_BEFORE = 1, KILL_AFTER = 2, KILL_TORN = 3, FAIL = 4, FAIL_TORN = 5, FAIL_ON = 6 };

struct counters {
    atomic_long seen;     /* calls of the kinds asked for */
    atomic_long each[8];  /* calls of each kind, by the number of its bit */
    atomic_long injected; /* calls that failed, were torn or killed; and those that met a full disk */
    char victim[4096];    /* path of the last of them */
};

static struct counters *shared;
static char prefix[4096];
static size_t prefix_length;
static long at;
static int kinds, action, error_number;

int faults_arm(const char *folder, long n, int of_kinds, int what, int number) {
    if (!shared) {
        void *page = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (page == MAP_FAILED) return -1;
        shared = page;
    }
    atomic_store(&shared->seen, 0);
    atomic_store(&shared->injected, 0);
    shared->victim[0] = 0;
    for (int bit = 0; bit < 8; bit++) atomic_store(&shared->each[bit], 0);
    snprintf(prefix, sizeof prefix, "%s/", folder ? folder : "");
    at = n; kinds = of_kinds; action = what; error_number = number;
    prefix_length = folder ? strlen(prefix) : 0;
    return 0;
}

long faults_seen(void) { return shared ? atomic_load(&shared->seen) : 0; }
long faults_seen_of(int bit) { return shared ? atomic_load(&shared->each[bit]) : 0; }
const char *faults_victim(void) { return shared ? shared->victim : ""; }
long faults_injected(void) { return shared ? atomic_load(&shared->injected) : 0; }

static __thread char current[4096]; /* path of the call that is looked at */

static int is_below(const char *path) {
    if (strncmp(path, prefix, prefix_length) != 0) return 0;
    snprintf(current, sizeof current, "%s", path);
    return 1;
}

static int fd_below(int fd) {
    char link[64], target[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, target, sizeof target - 2);
    if (length < 0) return 0;
    target[length] = '/'; /* the folder itself counts too */
    target[length + 1] = 0;
    return is_below(target);
}

static int path_below(int folder, const char *path) {
    if (path[0] == '/') return is_below(path);
    if (folder != AT_FDCWD) return fd_below(folder);
    char here[4096];
    if (!getcwd(here, sizeof here)) return 0;
    size_t length = strlen(here);
    snprintf(here + length, sizeof here - length, "/%s", path);
    return is_below(here);
}

static void suffer(void) {
    atomic_fetch_add(&shared->injected, 1);
    memcpy(shared->victim, current, sizeof current);
}

static void die(void) {
    suffer();
    kill(0, SIGKILL);
    for (;;) pause();
}

/* What to do at this call: COUNT (nothing), KILL_AFTER, KILL_TORN, FAIL or FAIL_TORN. */
static int decide(int kind) {
    if (kind) atomic_fetch_add(&shared->each[__builtin_ctz(kind)], 1);
    if (!(kind & kinds)) return COUNT;
    long number = atomic_fetch_add(&shared->seen, 1) + 1;
    if (action == COUNT || number < at || (number > at && action != FAIL_ON)) return COUNT;
    if (action == KILL_BEFORE) die();
    if (action == FAIL_ON || action == FAIL || action == FAIL_TORN) {
        suffer();
        return action == FAIL_TORN ? FAIL_TORN : FAIL;
    }
    return action;
}

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name);

/* A call that is done or not done: it can fail, and the process can die before or after it. */
#define WHOLE(kind, below, call, failed) \
    if (!prefix_length) return call; \
    int saved = errno, what = (below) ? decide(kind) : COUNT; \
    errno = saved; \
    if (what == FAIL || what == FAIL_TORN) { errno = error_number; return failed; } \
    __typeof__(call) result = call; \
    if (result < 0 && errno == ENOSPC) suffer(); \
    if (what == KILL_AFTER || what == KILL_TORN) die(); \
    return result;

/* A call that writes: it can also be torn, half of it done. */
#define PARTLY(fd, size, call, half) \
    if (!prefix_length) return call; \
    int saved = errno, what = fd_below(fd) ? decide(WRITE) : COUNT; \
    errno = saved; \
    if (what == KILL_TORN || what == FAIL_TORN) { \
        ssize_t written = (size) > 1 ? (half) : 0; \
        if (what == KILL_TORN) die(); \
        if (written < 0) return written; \
        errno = error_number; return -1; \
    } \
    if (what == FAIL) { errno = error_number; return -1; } \
    ssize_t result = call; \
    if (result < 0 && errno == ENOSPC) suffer(); \
    if (what == KILL_AFTER) die(); \
    return result;

ssize_t write(int fd, const void *data, size_t size) {
    REAL(ssize_t, "write", int, const void *, size_t)
    PARTLY(fd, size, real(fd, data, size), real(fd, data, size / 2))
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t place) {
    REAL(ssize_t, "pwrite", int, const void *, size_t, off_t)
    PARTLY(fd, size, real(fd, data, size, place), real(fd, data, size / 2, place))
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t place) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t)
    PARTLY(fd, size, real(fd, data, size, place), real(fd, data, size / 2, place))
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(ssize_t, "writev", int, const struct iovec *, int)
    PARTLY(fd, count, real(fd, parts, count), real(fd, parts, count / 2))
}
ssize_t sendfile(int to, int from, off_t *place, size_t size) {
    REAL(ssize_t, "sendfile", int, int, off_t *, size_t)
    PARTLY(to, size, real(to, from, place, size), real(to, from, place, size / 2))
}
ssize_t sendfile64(int to, int from, off64_t *place, size_t size) {
    REAL(ssize_t, "sendfile64", int, int, off64_t *, size_t)
    PARTLY(to, size, real(to, from, place, size), real(to, from, place, size / 2))
}
int fsync(int fd) {
    REAL(int, "fsync", int)
    WHOLE(SYNC, fd_below(fd), real(fd), -1)
}
int fdatasync(int fd) {
    REAL(int, "fdatasync", int)
    WHOLE(SYNC, fd_below(fd), real(fd), -1)
}
int ftruncate(int fd, off_t size) {
    REAL(int, "ftruncate", int, off_t)
    WHOLE(TRUNCATE, fd_below(fd), real(fd, size), -1)
}
int ftruncate64(int fd, off64_t size) {
    REAL(int, "ftruncate64", int, off64_t)
    WHOLE(TRUNCATE, fd_below(fd), real(fd, size), -1)
}
int truncate(const char *path, off_t size) {
    REAL(int, "truncate", const char *, off_t)
    WHOLE(TRUNCATE, path_below(AT_FDCWD, path), real(path, size), -1)
}
int truncate64(const char *path, off64_t size) {
    REAL(int, "truncate64", const char *, off64_t)
    WHOLE(TRUNCATE, path_below(AT_FDCWD, path), real(path, size), -1)
}
int rename(const char *from, const char *to) {
    REAL(int, "rename", const char *, const char *)
    WHOLE(RENAME, path_below(AT_FDCWD, to), real(from, to), -1)
}
int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    REAL(int, "renameat", int, const char *, int, const char *)
    WHOLE(RENAME, path_below(to_folder, to), real(from_folder, from, to_folder, to), -1)
}
int link(const char *from, const char *to) {
    REAL(int, "link", const char *, const char *)
    WHOLE(CREATE, path_below(AT_FDCWD, to), real(from, to), -1)
}
int symlink(const char *from, const char *to) {
    REAL(int, "symlink", const char *, const char *)
    WHOLE(CREATE, path_below(AT_FDCWD, to), real(from, to), -1)
}
int mkdir(const char *path, mode_t mode) {
    REAL(int, "mkdir", const char *, mode_t)
    WHOLE(MKDIR, path_below(AT_FDCWD, path), real(path, mode), -1)
}
int mkdirat(int folder, const char *path, mode_t mode) {
    REAL(int, "mkdirat", int, const char *, mode_t)
    WHOLE(MKDIR, path_below(folder, path), real(folder, path, mode), -1)
}
int unlink(const char *path) {
    REAL(int, "unlink", const char *)
    WHOLE(UNLINK, path_below(AT_FDCWD, path), real(path), -1)
}
int unlinkat(int folder, const char *path, int flags) {
    REAL(int, "unlinkat", int, const char *, int)
    WHOLE(UNLINK, path_below(folder, path), real(folder, path, flags), -1)
}
int rmdir(const char *path) {
    REAL(int, "rmdir", const char *)
    WHOLE(UNLINK, path_below(AT_FDCWD, path), real(path), -1)
}

/* A folder is opened to be listed or synced: only files count. */
static int kind_of(int flags) {
    if (flags & O_DIRECTORY) return 0;
    return flags & (O_CREAT | O_TRUNC) ? CREATE : OPEN;
}

#define MODE \
    mode_t mode = 0; \
    if (flags & (O_CREAT | __O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }

int open(const char *path, int flags, ...) {
    MODE
    REAL(int, "open", const char *, int, ...)
    WHOLE(kind_of(flags), path_below(AT_FDCWD, path), real(path, flags, mode), -1)
}
int open64(const char *path, int flags, ...) {
    MODE
    REAL(int, "open64", const char *, int, ...)
    WHOLE(kind_of(flags), path_below(AT_FDCWD, path), real(path, flags, mode), -1)
}
int openat(int folder, const char *path, int flags, ...) {
    MODE
    REAL(int, "openat", int, const char *, int, ...)
    WHOLE(kind_of(flags), path_below(folder, path), real(folder, path, flags, mode), -1)
}
int openat64(int folder, const char *path, int flags, ...) {
    MODE
    REAL(int, "openat64", int, const char *, int, ...)
    WHOLE(kind_of(flags), path_below(folder, path), real(folder, path, flags, mode), -1)
}
