/*
 * Stands in for a program of the recorded incident, under that program's name:
 *   nginx leak MIB_PER_SECOND   takes memory at this pace until the kernel ends it
 *   nginx idle                  waits
 *   mysqld listen PORT          takes connections and closes them when the other side has
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void leak(long mib_per_second)
{
	for (;;) {
		memset(malloc(1 << 20), 1, 1 << 20);
		usleep(1000000 / mib_per_second);
	}
}

static void take(int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
	char rest[256];

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 128) != 0)
		exit(1);
	for (int peer; (peer = accept(listener, NULL, NULL)) >= 0; close(peer))
		while (read(peer, rest, sizeof rest) > 0)
			;
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "leak") == 0)
		leak(atol(argv[2]));
	if (argc > 2 && strcmp(argv[1], "listen") == 0)
		take(atoi(argv[2]));
	pause();
	return 0;
}
