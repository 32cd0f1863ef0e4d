/*
 * Netlink sockets in network namespaces: opened there, read in batches without waiting. What the messages mean is decided
 * in TypeScript. Errors of the kernel are numbers (-errno), not exceptions; wrong arguments throw TypeError.
 */
#define _GNU_SOURCE
#include "napi.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_PATH 4096
/* The kernel makes no datagram of NETLINK_ROUTE larger than this. */
#define MAX_DATAGRAM 32768
#define MAX_SOCKETS 65536

struct opening {
	char path[MAX_PATH];             /* of the namespace; empty = the process's own */
	uint32_t inode;                  /* that it must have, or it counts as gone; 0 = any */
	uint32_t groups;
	int receive_bytes;
	int result;                      /* descriptor or -errno */
};

/* Enters the namespace that `path` leads to, when it still is the one that was meant: a pid may be somebody else's by now. */
static int enter (const struct opening *opening)
{
	struct stat stat;
	int error = 0, fd = open(opening->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (fstat(fd, &stat) < 0)
		error = errno;
	else if (opening->inode && stat.st_ino != opening->inode)
		error = ENOENT;
	else if (setns(fd, CLONE_NEWNET) < 0)
		error = errno;
	close(fd);
	return error;
}

static void *open_there (void *data)
{
	struct opening *opening = data;
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = opening->groups };
	int error = opening->path[0] ? enter(opening) : 0;
	if (error) {
		opening->result = -error;
		return NULL;
	}
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	if (fd < 0) {
		opening->result = -errno;
		return NULL;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &opening->receive_bytes, sizeof(opening->receive_bytes));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		opening->result = -errno;
		close(fd);
		return NULL;
	}
	opening->result = fd;
	return NULL;
}

/*
 * netlinkOpen(path, inode, groups, receiveBytes): a socket in the namespace of `path`. A thread of its own goes there and
 * ends: a socket stays where it was made, and no thread of Node's is ever in another namespace.
 */
napi_value netlink_open (napi_env env, napi_callback_info info)
{
	napi_value argv[4];
	size_t argc = 4, length;
	pthread_t thread;
	struct opening opening = { 0 };
	napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
	if (argc != 4 || napi_get_value_string_utf8(env, argv[0], opening.path, MAX_PATH, &length) != napi_ok || length >= MAX_PATH - 1 ||
	    napi_get_value_uint32(env, argv[1], &opening.inode) != napi_ok || napi_get_value_uint32(env, argv[2], &opening.groups) != napi_ok ||
	    napi_get_value_int32(env, argv[3], &opening.receive_bytes) != napi_ok)
		return type_error(env, "netlinkOpen (path, inode, groups, receiveBytes)");
	int error = pthread_create(&thread, NULL, open_there, &opening);
	if (error)
		return number(env, -error);
	pthread_join(thread, NULL);
	return number(env, opening.result);
}

/* netlinkReady(Uint32Array of descriptors, Uint8Array): sets a byte for each that has something to read; how many. */
napi_value netlink_ready (napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	size_t argc = 2, size, room;
	uint8_t *data, *ready;
	napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
	if (argc != 2 || !bytes_of(env, argv[0], &data, &size) || !bytes_of(env, argv[1], &ready, &room) || room < size / 4 || size / 4 > MAX_SOCKETS)
		return type_error(env, "netlinkReady (Uint32Array, Uint8Array)");
	size_t count = size / 4;
	struct pollfd *polled = calloc(count + 1, sizeof(*polled));
	if (!polled)
		return number(env, -ENOMEM);
	for (size_t i = 0; i < count; i++)
		polled[i] = (struct pollfd){ .fd = ((uint32_t *)data)[i], .events = POLLIN };
	int result = poll(polled, count, 0);
	if (result < 0)
		result = -errno;
	for (size_t i = 0; i < count; i++)
		ready[i] = result > 0 && polled[i].revents != 0;
	free(polled);
	return number(env, result);
}

/* netlinkRequest(fd, message) */
napi_value netlink_request (napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	size_t argc = 2, size;
	int32_t fd;
	uint8_t *data;
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
	if (argc != 2 || napi_get_value_int32(env, argv[0], &fd) != napi_ok || !bytes_of(env, argv[1], &data, &size))
		return type_error(env, "netlinkRequest (fd, message)");
	ssize_t sent = sendto(fd, data, size, MSG_DONTWAIT, (struct sockaddr *)&kernel, sizeof(kernel));
	return number(env, sent < 0 ? -errno : 0);
}

/*
 * netlinkRead(fd, out): datagrams of the kernel, one after the other at multiples of 4, as many as are there and have room.
 * Bytes written; 0 = nothing waits; -ENOBUFS = messages were lost; -EMSGSIZE = one did not fit. Others' datagrams are ignored.
 * With an error, what was read before it in the same call is lost as well: whoever gets one asks the kernel for everything anew.
 */
napi_value netlink_read (napi_env env, napi_callback_info info)
{
	napi_value argv[2];
	size_t argc = 2, size, used = 0;
	int32_t fd;
	uint8_t *out;
	napi_get_cb_info(env, info, &argc, argv, NULL, NULL);
	if (argc != 2 || napi_get_value_int32(env, argv[0], &fd) != napi_ok || !bytes_of(env, argv[1], &out, &size) || size < MAX_DATAGRAM)
		return type_error(env, "netlinkRead (fd, at least 32 KiB)");
	while (size - used >= MAX_DATAGRAM) {
		struct sockaddr_nl from = { 0 };
		struct iovec part = { .iov_base = out + used, .iov_len = MAX_DATAGRAM };
		struct msghdr message = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &part, .msg_iovlen = 1 };
		ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT);
		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return number(env, errno == EAGAIN ? (int64_t)used : -errno);
		if (message.msg_flags & MSG_TRUNC)
			return number(env, -EMSGSIZE);
		if (from.nl_pid == 0)
			used += ((size_t)length + 3) & ~(size_t)3;
	}
	return number(env, used);
}
