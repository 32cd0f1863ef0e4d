/*
 * The few things Tapio needs from the kernel that Node cannot ask for: the bpf() system call, a mapped ring buffer read in
 * batches, the distance of two clocks, and giving freed memory back; netlink.c has the sockets. What is loaded and how is decided in TypeScript; no
 * library is needed.
 *
 * Errors of the kernel are numbers (-errno), not exceptions; wrong arguments throw TypeError.
 */
#include "napi.h"
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MAX_POINTERS 12
/* Records given back to the producers at least this often while a batch is copied. */
#define RELEASE_BYTES (64 * 1024)

/* The verifier gives up (EAGAIN) when a signal waits, and a profiler sends one every millisecond: they wait until it is done. */
#define PROG_LOAD 5

#define BUSY (1u << 31)
#define DISCARD (1u << 30)
#define RECORD_HEADER 8

struct ring {
	void *consumer_page;             /* one page, ours to write */
	void *producer_pages;            /* one page, then the data twice, so that a record at the end is in one piece */
	size_t page;
	size_t size;
};

/* bpf(command, attr, [offset, bytes, offset, bytes, …]): puts the address of each `bytes` into attr at its offset. */
static napi_value call_bpf (napi_env env, napi_callback_info info)
{
	napi_value argv[3], item;
	size_t argc = 3, size, length;
	uint32_t command, count = 0, offset;
	uint8_t *attr, *data;
	napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
	if (argc != 3 || napi_get_value_uint32(env, argv[0], &command) != napi_ok || !bytes_of(env, argv[1], &attr, &size) ||
	    napi_get_array_length(env, argv[2], &count) != napi_ok || count > MAX_POINTERS * 2 || count % 2)
		return type_error(env, "bpf (command, attr, [offset, bytes, ...])");
	for (uint32_t i = 0; i < count; i += 2) {
		napi_get_element(env, argv[2], i, &item);
		if (napi_get_value_uint32(env, item, &offset) != napi_ok || offset > size || size - offset < 8)
			return type_error(env, "bpf: an offset is outside attr");
		napi_get_element(env, argv[2], i + 1, &item);
		if (!bytes_of(env, item, &data, &length))
			return type_error(env, "bpf: a pointer must be a Uint8Array");
		uint64_t address = (uintptr_t)data;
		memcpy(attr + offset, &address, 8);
	}
	sigset_t all, before;
	sigfillset(&all);
	if (command == PROG_LOAD)
		pthread_sigmask(SIG_SETMASK, &all, &before);
	long result = syscall(SYS_bpf, command, attr, size);
	if (result < 0)
		result = -errno;
	if (command == PROG_LOAD)
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	return number(env, result);
}

static void ring_unmap (struct ring *ring)
{
	if (ring->consumer_page)
		munmap(ring->consumer_page, ring->page);
	if (ring->producer_pages)
		munmap(ring->producer_pages, ring->page + 2 * ring->size);
	ring->consumer_page = ring->producer_pages = NULL;
}

static void ring_free (napi_env env, void *data, void *hint)
{
	(void)env;
	(void)hint;
	ring_unmap(data);
	free(data);
}

/* ringOpen(fd, size): an external, or -errno. */
static napi_value ring_open (napi_env env, napi_callback_info info)
{
	napi_value argv[2], out;
	size_t argc = 2;
	int32_t fd;
	uint32_t size;
	napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
	if (argc != 2 || napi_get_value_int32(env, argv[0], &fd) != napi_ok || napi_get_value_uint32(env, argv[1], &size) != napi_ok)
		return type_error(env, "ringOpen (fd, size)");
	struct ring *ring = calloc(1, sizeof(*ring));
	if (!ring)
		return number(env, -ENOMEM);
	ring->page = sysconf(_SC_PAGESIZE);
	ring->size = size;
	void *consumer = mmap(NULL, ring->page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	int error = errno;
	if (consumer != MAP_FAILED) {
		ring->consumer_page = consumer;
		void *producer = mmap(NULL, ring->page + 2 * ring->size, PROT_READ, MAP_SHARED, fd, ring->page);
		error = errno;
		if (producer != MAP_FAILED)
			ring->producer_pages = producer;
	}
	if (!ring->producer_pages || napi_create_external(env, ring, ring_free, NULL, &out) != napi_ok) {
		ring_free(env, ring, NULL);
		return number(env, -error);
	}
	return out;
}

static struct ring *ring_of (napi_env env, napi_value value)
{
	struct ring *ring = NULL;
	napi_valuetype type;
	if (napi_typeof(env, value, &type) != napi_ok || type != napi_external || napi_get_value_external(env, value, (void **)&ring) != napi_ok)
		return NULL;
	return ring;
}

static napi_value ring_close (napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	size_t argc = 1;
	napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
	struct ring *ring = argc == 1 ? ring_of(env, argv[0]) : NULL;
	if (!ring)
		return type_error(env, "ringClose (ring)");
	ring_unmap(ring);
	return NULL;
}

/*
 * ringDrain(ring, out, index): copies whole records one after the other into `out`, each at a multiple of 8, and writes start
 * and length of each into `index`. Returns how many; stops when either is full, or at a record still being written.
 * The order of loads and stores is the kernel's ring buffer contract (Documentation/bpf/ringbuf.rst).
 */
static napi_value ring_drain (napi_env env, napi_callback_info info)
{
	napi_value argv[3];
	size_t argc = 3, out_size, index_size, used = 0, given = 0;
	uint8_t *out, *index_bytes;
	napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
	struct ring *ring = argc == 3 ? ring_of(env, argv[0]) : NULL;
	if (!ring || !bytes_of(env, argv[1], &out, &out_size) || !bytes_of(env, argv[2], &index_bytes, &index_size))
		return type_error(env, "ringDrain (ring, bytes, Uint32Array)");
	if (!ring->producer_pages)
		return number(env, 0);
	uint32_t *index = (uint32_t *)index_bytes;
	size_t room = index_size / 8, count = 0;
	unsigned long *consumed = ring->consumer_page;
	const uint8_t *data = (uint8_t *)ring->producer_pages + ring->page;
	unsigned long at = *consumed, start = at;
	unsigned long produced = __atomic_load_n((unsigned long *)ring->producer_pages, __ATOMIC_ACQUIRE);
	while (at < produced && count < room) {
		const uint8_t *record = data + (at & (ring->size - 1));
		uint32_t header = __atomic_load_n((const uint32_t *)record, __ATOMIC_ACQUIRE);
		uint32_t length = header & ~(BUSY | DISCARD);
		if (header & BUSY)
			break;
		if (!(header & DISCARD)) {
			if (out_size - used < (((size_t)length + 7) & ~7ul))
				break;
			memcpy(out + used, record + RECORD_HEADER, length);
			index[2 * count] = used;
			index[2 * count + 1] = length;
			used += (length + 7) & ~7ul;
			count++;
		}
		at += (length + RECORD_HEADER + 7) & ~7ul;
		if (at - start - given >= RELEASE_BYTES) {
			__atomic_store_n(consumed, at, __ATOMIC_RELEASE);
			given = at - start;
		}
	}
	__atomic_store_n(consumed, at, __ATOMIC_RELEASE);
	return number(env, count);
}

static napi_value close_fd (napi_env env, napi_callback_info info)
{
	napi_value argv[1];
	size_t argc = 1;
	int32_t fd;
	napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
	if (argc != 1 || napi_get_value_int32(env, argv[0], &fd) != napi_ok)
		return type_error(env, "close (fd)");
	return number(env, close(fd) < 0 ? -errno : 0);
}

/* What to add to CLOCK_BOOTTIME, which records carry, for the time of day. Read anew for each batch: NTP moves one of them. */
static napi_value boot_offset (napi_env env, napi_callback_info info)
{
	struct timespec boot, real;
	napi_value out;
	(void)info;
	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_REALTIME, &real);
	napi_create_bigint_int64(env, (real.tv_sec - boot.tv_sec) * 1000000000ll + (real.tv_nsec - boot.tv_nsec), &out);
	return out;
}

/*
 * Gives pages back that the allocator keeps after they were freed: behind a few that are in use, glibc keeps all, and the process looks
 * as if it still used what it once did. Whether anything was given back; false where the allocator has no such thing.
 */
static napi_value trim_memory (napi_env env, napi_callback_info info)
{
	napi_value out;
	bool trimmed = false;
	(void)info;
#ifdef __GLIBC__
	trimmed = malloc_trim(0) == 1;
#endif
	napi_get_boolean(env, trimmed, &out);
	return out;
}

NAPI_MODULE_INIT()
{
	napi_property_descriptor functions[] = {
		{ "bpf", NULL, call_bpf, NULL, NULL, NULL, napi_enumerable, NULL },
		{ "ringOpen", NULL, ring_open, NULL, NULL, NULL, napi_enumerable, NULL },
		{ "ringDrain", NULL, ring_drain, NULL, NULL, NULL, napi_enumerable, NULL },
		{ "ringClose", NULL, ring_close, NULL, NULL, NULL, napi_enumerable, NULL },
		{ "close", NULL, close_fd, NULL, NULL, NULL, napi_enumerable, NULL },
		{ "bootOffsetNs", NULL, boot_offset, NULL, NULL, NULL, napi_enumerable, NULL },
		{ "trimMemory", NULL, trim_memory, NULL, NULL, NULL, napi_enumerable, NULL },
		{ "netlinkOpen", NULL, netlink_open, NULL, NULL, NULL, napi_enumerable, NULL },
		{ "netlinkReady", NULL, netlink_ready, NULL, NULL, NULL, napi_enumerable, NULL },
		{ "netlinkRequest", NULL, netlink_request, NULL, NULL, NULL, napi_enumerable, NULL },
		{ "netlinkRead", NULL, netlink_read, NULL, NULL, NULL, napi_enumerable, NULL },
	};
	napi_define_properties(env, exports, sizeof(functions) / sizeof(*functions), functions);
	return exports;
}
