/*
 * cgroup: which groups come and go, in every hierarchy. A container's cgroup is gone before user space can look at an OOM
 * kill in it, so its path has to be known from here. Never filtered and never rate limited: all other records need it.
 */
#include "../../lib/common.h"

/* The record is larger than the stack of a program. The kernel makes and removes cgroups one at a time (cgroup_mutex). */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tapio_cgroup);
} cgroup_scratch SEC(".maps");

static __always_inline int changed (struct cgroup *cgroup, const char *path, __u16 type)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct cgroup_subsys_state *parent = BPF_CORE_READ(cgroup, self.parent);
	__u32 zero = 0;
	struct tapio_cgroup *record = bpf_map_lookup_elem(&cgroup_scratch, &zero);
	if (!record)
		return 0;

	head_of_task(&record->header, type, sizeof(*record), task);
	record->header.cgroup_id = cgroup_id_of(cgroup);
	record->header.memcg_id = 0;
	record->parent_id = parent ? cgroup_id_of(BPF_CORE_READ(parent, cgroup)) : 0;
	record->hierarchy = BPF_CORE_READ(cgroup, root, hierarchy_id);
	record->controllers = BPF_CORE_READ(cgroup, root, subsys_mask);
	record->level = BPF_CORE_READ(cgroup, level);
	long length = bpf_probe_read_kernel_str(record->path, sizeof(record->path), path);
	record->path_size = length > 1 ? (length - 1) & (TAPIO_PATH - 1) : 0;
	__u32 size = __builtin_offsetof(struct tapio_cgroup, path) + record->path_size;
	if (size > sizeof(*record))
		return 0;
	record->header.size = size;

	/* A new group is on the list that its parent is on: filters hold for what is inside a container as well. */
	if (settings.filters & FILTER_CGROUPS && record->hierarchy == 0) {
		if (type == TAPIO_CGROUP_MKDIR) {
			__u32 *listed = bpf_map_lookup_elem(&cgroup_set, &record->parent_id);
			if (listed) {
				__u32 value = *listed;
				bpf_map_update_elem(&cgroup_set, &record->header.cgroup_id, &value, BPF_ANY);
			}
		} else {
			bpf_map_delete_elem(&cgroup_set, &record->header.cgroup_id);
		}
	}
	send(record, size, type);
	return 0;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(cgroup_mkdir, struct cgroup *cgroup, const char *path) { return changed(cgroup, path, TAPIO_CGROUP_MKDIR); }

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(cgroup_rmdir, struct cgroup *cgroup, const char *path) { return changed(cgroup, path, TAPIO_CGROUP_RMDIR); }
