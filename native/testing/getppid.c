/*
 * getppid CALLS[@PER_SECOND]...: waits for a byte on stdin, so that its pid can be watched, then makes so many getppid() calls and
 * prints the wall and CPU nanoseconds they took; the same for every further argument. Paced in bursts of a millisecond's calls.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static struct timespec after (struct timespec from, double seconds)
{
	long ns = from.tv_nsec + (long)((seconds - (long)seconds) * 1e9);
	return (struct timespec){ from.tv_sec + (long)seconds + ns / 1000000000l, ns % 1000000000l };
}

static void call (long calls, long per_second)
{
	struct timespec from, to, cpu_from, cpu_to;
	long burst = per_second > 1000 ? per_second / 1000 : 1;
	clock_gettime(CLOCK_MONOTONIC, &from);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu_from);
	for (long i = 0; i < calls; i++) {
		if (per_second && i % burst == 0) {
			struct timespec due = after(from, (double)i / per_second);
			clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
		}
		syscall(SYS_getppid);
	}
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu_to);
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("%ld %ld\n", (to.tv_sec - from.tv_sec) * 1000000000l + to.tv_nsec - from.tv_nsec,
	       (cpu_to.tv_sec - cpu_from.tv_sec) * 1000000000l + cpu_to.tv_nsec - cpu_from.tv_nsec);
	fflush(stdout);
}

int main (int argc, char **argv)
{
	char byte;
	for (int i = 1; i < argc && read(0, &byte, 1) == 1; i++) {
		const char *pace = strchr(argv[i], '@');
		call(atol(argv[i]), pace ? atol(pace + 1) : 0);
	}
	return 0;
}
