/* bench: one record per chosen system call of one process, to measure the way from a program to user space. Never on otherwise. */
#include "../../lib/common.h"

SEC("tp_btf/sys_enter")
int BPF_PROG(sys_enter, struct pt_regs *regs, long nr)
{
	struct tapio_bench record = {};
	if (bpf_get_current_pid_tgid() >> 32 != settings.only_pid || nr != settings.only_syscall)
		return 0;
	head_of_task(&record.header, TAPIO_BENCH, sizeof(record), (struct task_struct *)bpf_get_current_task());
	EMIT(&record);
	return 0;
}
