/*
 * Who a task or socket belongs to. Network events mostly happen in softirq, where the current task is whoever was
 * interrupted: only what hangs on the socket itself (namespace, cgroup) is true there.
 */
#pragma once

static __always_inline __u64 cgroup_id_of (struct cgroup *cgroup)
{
	return cgroup ? BPF_CORE_READ(cgroup, kn, id) : 0;
}

static __always_inline struct cgroup_subsys_state *memory_css (struct task_struct *task)
{
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	struct cgroup_subsys_state *css = NULL;
	/* The index is this kernel's: it depends on which controllers were built in. */
	int index = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
	bpf_probe_read_kernel(&css, sizeof(css), (void *)set + bpf_core_field_offset(struct css_set, subsys) + index * sizeof(void *));
	return css;
}

static __always_inline __u64 memcg_id_of_task (struct task_struct *task)
{
	struct cgroup_subsys_state *css = memory_css(task);
	return css ? cgroup_id_of(BPF_CORE_READ(css, cgroup)) : 0;
}

static __always_inline __u32 netns_of_task (struct task_struct *task)
{
	return BPF_CORE_READ(task, nsproxy, net_ns, ns.inum);
}

/* A string read writes no further than its NUL, but comms are keys of filters, and records may lie where others did. */
static __always_inline void read_comm (char comm[TAPIO_COMM], struct task_struct *task)
{
	__builtin_memset(comm, 0, TAPIO_COMM);
	bpf_probe_read_kernel_str(comm, TAPIO_COMM, &task->comm);
}

static __always_inline void head (struct tapio_header *header, __u16 type, __u16 size)
{
	header->type = type;
	header->size = size;
	header->cpu = bpf_get_smp_processor_id();
	header->time_ns = bpf_ktime_get_boot_ns();
}

/* Fills the header from a task, which need not be the current one. */
static __always_inline void head_of_task (struct tapio_header *header, __u16 type, __u16 size, struct task_struct *task)
{
	head(header, type, size);
	header->cgroup_id = cgroup_id_of(BPF_CORE_READ(task, cgroups, dfl_cgrp));
	header->memcg_id = memcg_id_of_task(task);
	header->pid = BPF_CORE_READ(task, tgid);
	header->tid = BPF_CORE_READ(task, pid);
	header->uid = BPF_CORE_READ(task, cred, uid.val);
	header->netns = netns_of_task(task);
	read_comm(header->comm, task);
}
