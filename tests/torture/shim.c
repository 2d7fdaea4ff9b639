/* Loaded before the C library (LD_PRELOAD): counts the calls that change, or open, what lies below one folder, and at
 * one of them kills the process, tears a write, or answers with an error. It can also write down what was done.
 *
 * Calls on other paths, Python's own files among them, are neither counted nor touched. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { PASS, KILL, TEAR, FAIL };

static char below[PATH_MAX];
static size_t below_length;
static long fault_at;
static int fault;
static int fault_error;
static int fault_stays; /* whether all later calls of the kind fail as well, as on a full disk */
static long calls;
static char kinds[1 << 16];
static int trace = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* The names by which Python's ctypes finds the controls. */

void torture_arm(const char *folder, long at, int what, int error, int stays, int trace_descriptor)
{
    below_length = strlen(folder);
    memcpy(below, folder, below_length + 1);
    fault_at = at;
    fault = what;
    fault_error = error;
    fault_stays = stays;
    calls = 0;
    memset(kinds, 0, sizeof kinds);
    trace = trace_descriptor;
}

/* A letter for each call that was counted: o creates, r opens, w writes, t truncates, s syncs, n renames, l links,
 * m makes a folder, u removes, c changes rights. */
const char *torture_kinds(void)
{
    return kinds;
}

static void *real(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

#define REAL(type, name, ...) \
    static type (*original)(__VA_ARGS__); \
    if (!original) original = real(name)

static int is_below(const char *path)
{
    return below_length && !strncmp(path, below, below_length) && (path[below_length] == '/' || !path[below_length]);
}

static int of_descriptor(int descriptor, char *path)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_below(path);
}

/* The absolute path of a name that a call was given; whether it lies below the folder. */
static int of_name(int folder, const char *name, char *path)
{
    if (!below_length || !name) return 0;
    if (name[0] == '/') {
        snprintf(path, PATH_MAX, "%s", name);
    } else {
        char base[PATH_MAX];
        if (folder == AT_FDCWD) {
            if (!getcwd(base, sizeof base)) return 0;
        } else if (!of_descriptor(folder, base)) {
            return 0;
        }
        if (snprintf(path, PATH_MAX, "%s/%s", base, name) >= PATH_MAX) return 0;
    }
    return is_below(path);
}

/* Counts a call that matters. Returns what is to become of it; sets errno for FAIL. */
static int count(char kind)
{
    long number = __atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST);
    int can_tear = kind == 'w', can_fail_again = strchr("owtlm", kind) != NULL;
    if (number < (long)sizeof kinds) kinds[number - 1] = kind;
    if (!fault_at || number < fault_at) return PASS;
    if (number > fault_at) {
        if (!(fault == FAIL && fault_stays && can_fail_again)) return PASS;
    } else if (fault == KILL) {
        kill(getpid(), SIGKILL);
    } else if (fault == TEAR) {
        if (can_tear) return TEAR;
        kill(getpid(), SIGKILL);
    }
    if (fault != FAIL) return PASS;
    errno = fault_error;
    return FAIL;
}

static void note(const char *text, size_t length)
{
    REAL(ssize_t, "write", int, const void *, size_t);
    while (length) {
        ssize_t done = original(trace, text, length);
        if (done <= 0) abort();
        text += done;
        length -= done;
    }
}

/* One record: a letter, numbers, then texts that end with zero, then data. */
static void record(char kind, long long one, long long two, const char *path, const char *other)
{
    char head[128];
    int length = snprintf(head, sizeof head, "%c %lld %lld", kind, one, two);
    note(head, length + 1);
    note(path, strlen(path) + 1);
    note(other, strlen(other) + 1);
}

#define ENTER if (trace >= 0) pthread_mutex_lock(&lock)
#define LEAVE if (trace >= 0) pthread_mutex_unlock(&lock)

static int opened(int folder, const char *name, int flags, mode_t mode)
{
    REAL(int, "openat64", int, const char *, int, ...);
    char path[PATH_MAX];
    if (!of_name(folder, name, path)) return original(folder, name, flags, mode);
    if (count(flags & O_CREAT ? 'o' : 'r') == FAIL) return -1;
    ENTER;
    int was_there = !faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW);
    int result = original(folder, name, flags, mode);
    if (trace >= 0 && result >= 0 && (flags & O_CREAT) && !was_there) record('O', 0, 0, path, "");
    if (trace >= 0 && result >= 0 && (flags & O_TRUNC) && was_there) record('T', 0, 0, path, "");
    LEAVE;
    return result;
}

#define OPENING(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | __O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    }

int open(const char *name, int flags, ...) { OPENING(flags) return opened(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { OPENING(flags) return opened(AT_FDCWD, name, flags, mode); }
int openat(int folder, const char *name, int flags, ...) { OPENING(flags) return opened(folder, name, flags, mode); }
int openat64(int folder, const char *name, int flags, ...) { OPENING(flags) return opened(folder, name, flags, mode); }

static ssize_t written(int descriptor, const void *data, size_t length, long long offset, int moves)
{
    REAL(ssize_t, "write", int, const void *, size_t);
    static ssize_t (*at)(int, const void *, size_t, off64_t);
    if (!at) at = real("pwrite64");
    char path[PATH_MAX];
    int matters = below_length && of_descriptor(descriptor, path);
    if (matters) {
        int what = count('w');
        if (what == FAIL) return -1;
        if (what == TEAR) {
            size_t half = length / 2;
            if (moves ? original(descriptor, data, half) < 0 : at(descriptor, data, half, offset) < 0) abort();
            kill(getpid(), SIGKILL);
        }
    }
    if (!matters || trace < 0) return moves ? original(descriptor, data, length) : at(descriptor, data, length, offset);
    ENTER;
    if (moves) offset = lseek64(descriptor, 0, SEEK_CUR);
    ssize_t result = moves ? original(descriptor, data, length) : at(descriptor, data, length, offset);
    if (result > 0) {
        record('W', offset, result, path, "");
        note(data, result);
    }
    LEAVE;
    return result;
}

ssize_t write(int descriptor, const void *data, size_t length) { return written(descriptor, data, length, 0, 1); }
ssize_t pwrite64(int descriptor, const void *data, size_t length, off64_t offset)
{
    return written(descriptor, data, length, offset, 0);
}
ssize_t pwrite(int descriptor, const void *data, size_t length, off_t offset)
{
    return written(descriptor, data, length, offset, 0);
}

/* A copy inside of the kernel: done here block by block, so that it is counted, torn and written down as writing is. */
ssize_t sendfile64(int target, int source, off64_t *offset, size_t length)
{
    REAL(ssize_t, "sendfile64", int, int, off64_t *, size_t);
    char path[PATH_MAX], block[1 << 16];
    if (!below_length || !of_descriptor(target, path)) return original(target, source, offset, length);
    if (length > sizeof block) length = sizeof block;
    ssize_t got = offset ? pread64(source, block, length, *offset) : read(source, block, length);
    if (got <= 0) return got;
    ssize_t done = written(target, block, got, 0, 1);
    if (done > 0 && offset) *offset += done;
    return done;
}
ssize_t sendfile(int target, int source, off_t *offset, size_t length)
{
    return sendfile64(target, source, (off64_t *)offset, length);
}

int ftruncate64(int descriptor, off64_t length)
{
    REAL(int, "ftruncate64", int, off64_t);
    char path[PATH_MAX];
    if (!below_length || !of_descriptor(descriptor, path)) return original(descriptor, length);
    if (count('t') == FAIL) return -1;
    ENTER;
    int result = original(descriptor, length);
    if (trace >= 0 && !result) record('T', length, 0, path, "");
    LEAVE;
    return result;
}
int ftruncate(int descriptor, off_t length) { return ftruncate64(descriptor, length); }

static int synced(int descriptor, const char *name)
{
    int (*original)(int) = real(name);
    char path[PATH_MAX];
    if (!below_length || !of_descriptor(descriptor, path)) return original(descriptor);
    if (count('s') == FAIL) return -1;
    ENTER;
    int result = original(descriptor);
    if (trace >= 0 && !result) record('F', 0, 0, path, "");
    LEAVE;
    return result;
}
int fsync(int descriptor) { return synced(descriptor, "fsync"); }
int fdatasync(int descriptor) { return synced(descriptor, "fdatasync"); }

static int renamed(int old_folder, const char *old, int new_folder, const char *new, unsigned int flags)
{
    REAL(int, "renameat2", int, const char *, int, const char *, unsigned int);
    char path[PATH_MAX], other[PATH_MAX];
    int matters = of_name(old_folder, old, path) & of_name(new_folder, new, other);
    if (!matters) return original(old_folder, old, new_folder, new, flags);
    if (count('n') == FAIL) return -1;
    ENTER;
    int result = original(old_folder, old, new_folder, new, flags);
    if (trace >= 0 && !result) record(flags & RENAME_EXCHANGE ? 'X' : 'R', 0, 0, path, other);
    LEAVE;
    return result;
}
int rename(const char *old, const char *new) { return renamed(AT_FDCWD, old, AT_FDCWD, new, 0); }
int renameat(int from, const char *old, int to, const char *new) { return renamed(from, old, to, new, 0); }
int renameat2(int from, const char *old, int to, const char *new, unsigned int flags)
{
    return renamed(from, old, to, new, flags);
}

int linkat(int from, const char *old, int to, const char *new, int flags)
{
    REAL(int, "linkat", int, const char *, int, const char *, int);
    char path[PATH_MAX], other[PATH_MAX];
    int matters = of_name(to, new, other);
    if (!matters || !of_name(from, old, path)) return original(from, old, to, new, flags);
    if (count('l') == FAIL) return -1;
    ENTER;
    int result = original(from, old, to, new, flags);
    if (trace >= 0 && !result) record('L', 0, 0, path, other);
    LEAVE;
    return result;
}
int link(const char *old, const char *new) { return linkat(AT_FDCWD, old, AT_FDCWD, new, 0); }

#define ENTRY(name, arguments, given, folder, kind, letter) \
    int name arguments \
    { \
        int (*original) arguments = real(#name); \
        char path[PATH_MAX]; \
        if (!of_name(folder, entry, path)) return original given; \
        if (count(kind) == FAIL) return -1; \
        ENTER; \
        int result = original given; \
        if (trace >= 0 && !result) record(letter, 0, 0, path, ""); \
        LEAVE; \
        return result; \
    }

ENTRY(mkdir, (const char *entry, mode_t mode), (entry, mode), AT_FDCWD, 'm', 'M')
ENTRY(mkdirat, (int folder, const char *entry, mode_t mode), (folder, entry, mode), folder, 'm', 'M')
ENTRY(unlink, (const char *entry), (entry), AT_FDCWD, 'u', 'U')
ENTRY(rmdir, (const char *entry), (entry), AT_FDCWD, 'u', 'U')
ENTRY(unlinkat, (int folder, const char *entry, int flags), (folder, entry, flags), folder, 'u', 'U')
ENTRY(chmod, (const char *entry, mode_t mode), (entry, mode), AT_FDCWD, 'c', 'C')
ENTRY(fchmodat, (int folder, const char *entry, mode_t mode, int flags), (folder, entry, mode, flags), folder, 'c', 'C')
