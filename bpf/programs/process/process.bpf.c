/*
 * process: what was started and how it ended.
 * Hooks: sched_process_exec runs in the new image, whose arguments are on its stack; sched_process_exit in the dying task,
 * with its exit code set. Threads are left out: a process ends with its last one.
 */
#include "../../lib/common.h"

#define FILENAME_BYTES 512
#define ARGS_BYTES 512
#define SIGNAL_GROUP_EXIT 4          /* include/linux/sched/signal.h: the process ends as a whole, by its group_exit_code */

/* The record is larger than the stack of a program. Nobody else is in it: a program does not interrupt itself on a CPU (`missed`). */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tapio_exec);
} exec_scratch SEC(".maps");

SEC("tp_btf/sched_process_exec")
int BPF_PROG(sched_process_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	__u32 zero = 0;
	struct tapio_exec *record = bpf_map_lookup_elem(&exec_scratch, &zero);
	struct task_struct *parent = BPF_CORE_READ(task, real_parent);
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	if (!record)
		return 0;
	head_of_task(&record->header, TAPIO_EXEC, sizeof(*record), task);
	if (!admit(&record->header))
		return 0;
	record->parent_pid = BPF_CORE_READ(parent, tgid);
	record->gid = BPF_CORE_READ(task, cred, gid.val);
	record->argc = BPF_CORE_READ(bprm, argc);
	read_comm(record->parent_comm, parent);

	long length = bpf_probe_read_kernel_str(record->data, FILENAME_BYTES, BPF_CORE_READ(bprm, filename));
	__u32 filename_size = length > 1 ? (length - 1) & (FILENAME_BYTES - 1) : 0;
	__u64 start = BPF_CORE_READ(mm, arg_start), end = BPF_CORE_READ(mm, arg_end);
	__u32 args_size = end - start < ARGS_BYTES - 1 ? end - start : ARGS_BYTES - 1;
	args_size &= ARGS_BYTES - 1;
	if (bpf_probe_read_user(record->data + filename_size, args_size, (void *)start))
		args_size = 0;
	record->filename_size = filename_size;
	record->args_size = args_size;

	__u32 size = __builtin_offsetof(struct tapio_exec, data) + filename_size + args_size;
	if (size > sizeof(*record))
		return 0;
	record->header.size = size;
	send(record, size, TAPIO_EXEC);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(sched_process_exit, struct task_struct *task)
{
	struct signal_struct *signal = BPF_CORE_READ(task, signal);
	struct task_struct *parent = BPF_CORE_READ(task, real_parent);
	struct tapio_exit record = {};
	/* `live` was taken down before this hook; the second argument `group_dead` is newer kernels' only. */
	if (BPF_CORE_READ(signal, live.counter) != 0)
		return 0;
	head_of_task(&record.header, TAPIO_EXIT, sizeof(record), task);
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	read_comm(record.header.comm, leader);
	__u32 code = BPF_CORE_READ(signal, flags) & SIGNAL_GROUP_EXIT ? BPF_CORE_READ(signal, group_exit_code) : BPF_CORE_READ(leader, exit_code);
	record.exit_code = code >> 8 & 0xff;
	record.exit_signal = code & 0x7f;
	if (code & 0x80)
		record.flags |= TAPIO_EXIT_CORE;
	if (BPF_CORE_READ(signal, oom_mm))
		record.flags |= TAPIO_EXIT_OOM;
	record.duration_ns = record.header.time_ns - BPF_CORE_READ(leader, start_boottime);
	record.parent_pid = BPF_CORE_READ(parent, tgid);
	record.gid = BPF_CORE_READ(task, cred, gid.val);
	read_comm(record.parent_comm, parent);
	EMIT(&record);
	return 0;
}
