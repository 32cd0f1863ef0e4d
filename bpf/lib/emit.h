/*
 * The way out: a token bucket per program, one ring for all, and counters that say exactly what became of every record.
 *
 * The ring is never woken up for a record (BPF_RB_NO_WAKEUP): user space drains it on a timer. A wake-up per record halves
 * throughput and doubles what the traced process pays.
 */
#pragma once

#define TAPIO_PROGRAMS 8

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 * 1024 * 1024);  /* the loader puts in what the configuration says */
} events SEC(".maps");

struct tapio_counters {
	__u64 sent;
	__u64 ring_full;
	__u64 rate_limited;
	__u64 filtered;
};

/* One row per record type. Added to atomically: a softirq may interrupt a program on the same CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, TAPIO_RECORD_TYPES);
	__type(key, __u32);
	__type(value, struct tapio_counters);
} counters SEC(".maps");

/* One row per program: the time at which its bucket would be full again. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TAPIO_PROGRAMS);
	__type(key, __u32);
	__type(value, __u64);
} buckets SEC(".maps");

static __always_inline struct tapio_counters *counters_of (__u32 type)
{
	return bpf_map_lookup_elem(&counters, &type);
}

#define COUNT(type, member)                                          \
	do {                                                         \
		struct tapio_counters *row = counters_of(type);      \
		if (row)                                             \
			__sync_fetch_and_add(&row->member, 1);       \
	} while (0)

/*
 * Takes a token. The bucket is one number, the time until which tokens are spent (the generic cell rate algorithm, ITU-T
 * I.371), so that one compare-and-swap makes it exact over all CPUs. Tries are bounded: the loser of 4 races is limited too.
 */
static __always_inline bool take_token (__u64 now)
{
	__u32 program = settings.program;
	__u64 *spent_until = bpf_map_lookup_elem(&buckets, &program);
	if (!spent_until)
		return false;
	for (int i = 0; i < 4; i++) {
		__u64 old = *(volatile __u64 *)spent_until;
		if (old > now + settings.burst_ns)
			return false;
		__u64 next = (old > now ? old : now) + settings.interval_ns;
		if (__sync_val_compare_and_swap(spent_until, old, next) == old)
			return true;
	}
	return false;
}

/* Whether a record with this header should be sent; counts it when not. */
static __always_inline bool admit (struct tapio_header *header)
{
	if (settings.filters && !wanted(header)) {
		COUNT(header->type, filtered);
		return false;
	}
	if (settings.interval_ns && !take_token(header->time_ns)) {
		COUNT(header->type, rate_limited);
		return false;
	}
	return true;
}

/* Sends `size` bytes of a record that was admitted. */
static __always_inline void send (void *record, __u32 size, __u32 type)
{
	if (bpf_ringbuf_output(&events, record, size, BPF_RB_NO_WAKEUP) == 0)
		COUNT(type, sent);
	else
		COUNT(type, ring_full);
}

#define EMIT(record)                                                              \
	do {                                                                      \
		if (admit(&(record)->header))                                     \
			send((record), sizeof(*(record)), (record)->header.type); \
	} while (0)
