/*
 * What user space decides. `settings` is read-only data of the object: the loader writes it before the program is loaded and
 * freezes it, so the verifier removes every branch that is switched off and an unused filter costs nothing.
 * Sets of ids change while programs run and are maps, shared by all programs.
 */
#pragma once

/* A set's value: which list the key is on. */
#define LISTED_INCLUDE 1
#define LISTED_EXCLUDE 2

/* settings.filters: which sets are used, and whether only listed keys pass. */
#define FILTER_CGROUPS 0x01
#define FILTER_CGROUPS_ONLY 0x02
#define FILTER_NETNS 0x04
#define FILTER_NETNS_ONLY 0x08
#define FILTER_PIDS 0x10
#define FILTER_PIDS_ONLY 0x20
#define FILTER_COMMS 0x40
#define FILTER_COMMS_ONLY 0x80

struct tapio_settings {
	__u32 filters;
	__u32 program;                   /* which token bucket and counters */
	__u64 interval_ns;               /* between two records at the allowed rate; 0 = no limit */
	__u64 burst_ns;                  /* records saved up, as time */
	__u64 slow_connect_ns;           /* connects that took longer are worth a record */
	__u32 only_pid;                  /* bench: whose calls */
	__u32 only_syscall;              /* bench: which of them */
};

volatile const struct tapio_settings settings = {};

struct comm_key { char comm[TAPIO_COMM]; };

#define ID_SET(name, key_type, count)                 \
	struct {                                      \
		__uint(type, BPF_MAP_TYPE_HASH);      \
		__uint(max_entries, count);           \
		__uint(map_flags, BPF_F_NO_PREALLOC); \
		__type(key, key_type);                \
		__type(value, __u32);                 \
	} name SEC(".maps")

ID_SET(cgroup_set, __u64, 65536);    /* v2 ids; every pod of a large node with room to spare */
ID_SET(netns_set, __u32, 4096);
ID_SET(pid_set, __u32, 4096);
ID_SET(comm_set, struct comm_key, 1024);

static __always_inline bool listed_out (const __u32 *listed, bool only)
{
	if (listed && *listed == LISTED_EXCLUDE)
		return true;
	return only && !listed;
}

/* Whether the filters want a record with this header. */
static __always_inline bool wanted (struct tapio_header *header)
{
	if (settings.filters & FILTER_CGROUPS)
		if (listed_out(bpf_map_lookup_elem(&cgroup_set, &header->cgroup_id), settings.filters & FILTER_CGROUPS_ONLY))
			return false;
	if (settings.filters & FILTER_NETNS)
		if (listed_out(bpf_map_lookup_elem(&netns_set, &header->netns), settings.filters & FILTER_NETNS_ONLY))
			return false;
	if (settings.filters & FILTER_PIDS)
		if (listed_out(bpf_map_lookup_elem(&pid_set, &header->pid), settings.filters & FILTER_PIDS_ONLY))
			return false;
	if (settings.filters & FILTER_COMMS)
		if (listed_out(bpf_map_lookup_elem(&comm_set, &header->comm), settings.filters & FILTER_COMMS_ONLY))
			return false;
	return true;
}
