/*
 * memory: who was OOM-killed and why, and who waits for memory.
 * Hooks: oom/mark_victim is where the kernel has chosen and before anything is freed, so usage and limit still stand;
 * the vmscan tracepoints bracket the time a task itself had to reclaim.
 */
#include "../../lib/common.h"

#define PAGE_SHIFT 12                /* x86-64; arm64 with 4 KiB pages */
#define UNLIMITED_PAGES (1ull << 51)
/* A CPU may hold this many charged pages in stock (MEMCG_CHARGE_BATCH): a cgroup at its limit may look that much below. */
#define CHARGE_BATCH 64
#define MAX_DEPTH 16

struct limit { __u64 id; __u64 max_pages; __u64 usage_pages; };

/* The nearest cgroup from `css` up that is at its limit: mark_victim does not say which one asked for the kill. */
static __always_inline void limit_hit (struct cgroup_subsys_state *css, struct limit *found)
{
	for (int i = 0; i < MAX_DEPTH && css; i++) {
		/* mem_cgroup begins with its css in every kernel so far, but the compiler notes the offset anyway. */
		struct mem_cgroup *memcg = (void *)css - bpf_core_field_offset(struct mem_cgroup, css);
		__u64 max = BPF_CORE_READ(memcg, memory.max);
		__u64 usage = BPF_CORE_READ(memcg, memory.usage.counter);
		if (max < UNLIMITED_PAGES && usage + CHARGE_BATCH >= max) {
			found->id = cgroup_id_of(BPF_CORE_READ(css, cgroup));
			found->max_pages = max;
			found->usage_pages = usage;
			return;
		}
		css = BPF_CORE_READ(css, parent);
	}
}

static __always_inline __u64 anonymous_pages (struct mm_struct *mm)
{
	const int anon = 1;  /* MM_ANONPAGES */
	__s64 pages = 0;
	if (bpf_core_type_exists(struct mm_rss_stat)) {
		struct mm_struct___v6_1 *old = (void *)mm;
		pages = BPF_CORE_READ(old, rss_stat.count[anon].counter);
	} else {
		pages = BPF_CORE_READ(mm, rss_stat[anon].count);
	}
	return pages > 0 ? pages : 0;
}

SEC("tp_btf/mark_victim")
int BPF_PROG(mark_victim, struct task_struct *victim)
{
	struct tapio_oom_kill record = {};
	struct limit limit = {};
	struct task_struct *trigger = (struct task_struct *)bpf_get_current_task();
	struct mm_struct *mm = victim->mm;   /* read as a pointer: kernels whose hook gives a number refuse the program, not fill it with zeros */

	head_of_task(&record.header, TAPIO_OOM_KILL, sizeof(record), victim);
	limit_hit(memory_css(victim), &limit);
	record.limit_memcg_id = limit.id;
	record.limit_bytes = limit.max_pages << PAGE_SHIFT;
	record.usage_bytes = limit.usage_pages << PAGE_SHIFT;
	if (mm) {
		record.anon_bytes = anonymous_pages(mm) << PAGE_SHIFT;
		record.total_vm_bytes = (__u64)BPF_CORE_READ(mm, total_vm) << PAGE_SHIFT;
	}
	record.oom_score_adj = BPF_CORE_READ(victim, signal, oom_score_adj);
	record.trigger_pid = BPF_CORE_READ(trigger, tgid);
	record.trigger_cgroup_id = cgroup_id_of(BPF_CORE_READ(trigger, cgroups, dfl_cgrp));
	record.trigger_memcg_id = memcg_id_of_task(trigger);
	read_comm(record.trigger_comm, trigger);
	EMIT(&record);
	return 0;
}

/* Stalls are added up per cgroup and fetched by user space about once a second: under pressure there are thousands of them. */
struct reclaim_key { __u64 cgroup_id; __u64 memcg_id; };

/* What does not fit between two sweeps is counted, not evicted: an LRU map would lose rows without a word. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct reclaim_key);
	__type(value, struct tapio_reclaim);
} reclaims SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} reclaim_since SEC(".maps");

static __always_inline int reclaim_begin (void)
{
	__u64 *since = bpf_task_storage_get(&reclaim_since, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (since)
		*since = bpf_ktime_get_boot_ns();
	return 0;
}

static __always_inline struct tapio_reclaim *reclaim_row (struct tapio_reclaim *fresh)
{
	struct reclaim_key key = { fresh->header.cgroup_id, fresh->header.memcg_id };
	struct tapio_reclaim *row = bpf_map_lookup_elem(&reclaims, &key);
	if (row)
		return row;
	bpf_map_update_elem(&reclaims, &key, fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&reclaims, &key);
}

static __always_inline int reclaim_end (bool memcg, __u64 pages)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 *since = bpf_task_storage_get(&reclaim_since, task, 0, 0);
	struct tapio_reclaim fresh = {}, *row;
	if (!since || !*since)
		return 0;
	head_of_task(&fresh.header, TAPIO_RECLAIM, sizeof(fresh), task);
	__u64 took = fresh.header.time_ns - *since;
	*since = 0;
	if (settings.filters && !wanted(&fresh.header)) {
		COUNT(TAPIO_RECLAIM, filtered);
		return 0;
	}
	row = reclaim_row(&fresh);
	if (!row) {
		COUNT(TAPIO_RECLAIM, ring_full);
		return 0;
	}
	__sync_fetch_and_add(memcg ? &row->memcg_stalls : &row->global_stalls, 1);
	__sync_fetch_and_add(memcg ? &row->memcg_ns : &row->global_ns, took);
	__sync_fetch_and_add(&row->reclaimed_pages, pages);
	if (took > row->max_ns)
		row->max_ns = took;
	row->header.time_ns = fresh.header.time_ns;
	return 0;
}

SEC("tp_btf/mm_vmscan_memcg_reclaim_begin")
int BPF_PROG(memcg_reclaim_begin) { return reclaim_begin(); }

SEC("tp_btf/mm_vmscan_memcg_reclaim_end")
int BPF_PROG(memcg_reclaim_end, unsigned long reclaimed) { return reclaim_end(true, reclaimed); }

SEC("tp_btf/mm_vmscan_direct_reclaim_begin")
int BPF_PROG(direct_reclaim_begin) { return reclaim_begin(); }

SEC("tp_btf/mm_vmscan_direct_reclaim_end")
int BPF_PROG(direct_reclaim_end, unsigned long reclaimed) { return reclaim_end(false, reclaimed); }
