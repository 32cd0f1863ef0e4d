/*
 * syscalls: how long system calls take and how they fail, per cgroup. Runs twice for every system call of the machine, so it
 * is off unless asked for, keeps its figures in a per-CPU map, and never makes a record by itself.
 */
#include "../../lib/common.h"

struct started { __u64 time_ns; __u64 nr; };

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct started);
} syscall_started SEC(".maps");

/* 4096 rows of 184 bytes a CPU; what does not fit is counted, not evicted: figures must add up. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 4096);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct tapio_syscall_key);
	__type(value, struct tapio_syscall_value);
} syscall_rows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tapio_syscall_value);
} empty_row SEC(".maps");

/* floor(log2(value)), 0 for 0; without a loop. */
static __always_inline __u32 log2 (__u64 value)
{
	__u32 bits = 0, step;
	step = (value > 0xffffffff) << 5; value >>= step; bits |= step;
	step = (value > 0xffff) << 4; value >>= step; bits |= step;
	step = (value > 0xff) << 3; value >>= step; bits |= step;
	step = (value > 0xf) << 2; value >>= step; bits |= step;
	step = (value > 0x3) << 1; value >>= step; bits |= step;
	return bits | value >> 1;
}

static __always_inline bool current_wanted (struct task_struct *task)
{
	struct tapio_header header = {};
	if (!settings.filters)
		return true;
	header.cgroup_id = bpf_get_current_cgroup_id();
	header.pid = bpf_get_current_pid_tgid() >> 32;
	header.netns = netns_of_task(task);
	bpf_get_current_comm(&header.comm, sizeof(header.comm));
	return wanted(&header);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(sys_enter, struct pt_regs *regs, long nr)
{
	struct task_struct *task = bpf_get_current_task_btf();
	if (!current_wanted(task))
		return 0;
	struct started *started = bpf_task_storage_get(&syscall_started, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (started) {
		started->time_ns = bpf_ktime_get_ns();
		started->nr = nr;
	}
	return 0;
}

static __always_inline struct tapio_syscall_value *row_of (struct tapio_syscall_key *key)
{
	__u32 zero = 0;
	struct tapio_syscall_value *row = bpf_map_lookup_elem(&syscall_rows, key);
	if (row)
		return row;
	struct tapio_syscall_value *empty = bpf_map_lookup_elem(&empty_row, &zero);
	if (empty)
		bpf_map_update_elem(&syscall_rows, key, empty, BPF_NOEXIST);
	return bpf_map_lookup_elem(&syscall_rows, key);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(sys_exit, struct pt_regs *regs, long result)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct started *started = bpf_task_storage_get(&syscall_started, task, 0, 0);
	struct tapio_syscall_key key = {};
	if (!started || !started->time_ns)
		return 0;
	__u64 took = bpf_ktime_get_ns() - started->time_ns;
	started->time_ns = 0;
	key.cgroup_id = bpf_get_current_cgroup_id();
	key.memcg_id = memcg_id_of_task(task);
	key.nr = started->nr;
	struct tapio_syscall_value *row = row_of(&key);
	if (!row) {
		COUNT(TAPIO_SYSCALLS, ring_full);
		return 0;
	}
	__u32 slot = log2(took);
	if (slot > TAPIO_LATENCY_SLOTS - 1)
		slot = TAPIO_LATENCY_SLOTS - 1;
	/* The compiler must not fold the two: the verifier of Linux 6.1 sees the bound only in the second. */
	barrier_var(slot);
	slot &= TAPIO_LATENCY_SLOTS - 1;
	row->count++;
	row->total_ns += took;
	if (took > row->max_ns)
		row->max_ns = took;
	row->slots[slot]++;
	/* The kernel's range of error codes: -4095 to -1. */
	if (result < 0 && result > -4096) {
		row->errors++;
		row->last_error = -result;
	}
	return 0;
}
