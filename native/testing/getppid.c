/* Calls getppid() argv[1] times, then prints wall and CPU nanoseconds; waits for a byte on stdin first, so that its pid can be watched. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int main (int argc, char **argv)
{
	long calls = argc > 1 ? atol(argv[1]) : 1;
	struct timespec from, to, cpu_from, cpu_to;
	char byte;
	if (read(0, &byte, 1) != 1)
		return 1;
	clock_gettime(CLOCK_MONOTONIC, &from);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu_from);
	for (long i = 0; i < calls; i++)
		syscall(SYS_getppid);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu_to);
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("%ld %ld\n", (to.tv_sec - from.tv_sec) * 1000000000l + to.tv_nsec - from.tv_nsec,
	       (cpu_to.tv_sec - cpu_from.tv_sec) * 1000000000l + cpu_to.tv_nsec - cpu_from.tv_nsec);
	return 0;
}
