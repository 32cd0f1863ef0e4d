/*
 * The kernel's types, cut to the fields that are read here. `preserve_access_index` makes the compiler note every access,
 * and the kernel that loads the program puts in its own offsets (CO-RE), so a whole vmlinux.h (2.8 MB, another one for
 * every build machine) is not needed and the objects come out the same everywhere.
 * `struct x___y` is another kernel's shape of `struct x`: everything from `___` on is ignored when types are matched.
 */
#pragma once

typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u16 __le16;
typedef __u32 __le32;
typedef __u64 __le64;
typedef __u16 __sum16;
typedef __u32 __wsum;
typedef _Bool bool;
#define true 1
#define false 0
#define NULL ((void *)0)

enum { BPF_ANY = 0, BPF_NOEXIST = 1 };
enum { BPF_RB_NO_WAKEUP = 1 };
enum { BPF_F_NO_PREALLOC = 1, BPF_F_CLONE = 512, BPF_F_RDONLY_PROG = 128, BPF_LOCAL_STORAGE_GET_F_CREATE = 1 };
enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_HASH = 5,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_SK_STORAGE = 24,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};

#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)

typedef struct { int counter; } atomic_t;
typedef struct { __s64 counter; } atomic64_t;
typedef atomic64_t atomic_long_t;
typedef struct { __u32 val; } kuid_t;
typedef struct { __u32 val; } kgid_t;

struct ns_common { unsigned int inum; };
struct net { struct ns_common ns; };
typedef struct { struct net *net; } possible_net_t;
struct nsproxy { struct net *net_ns; };

/* cgroups */
struct kernfs_node { __u64 id; };
struct cgroup;
struct cgroup_subsys_state { struct cgroup *cgroup; struct cgroup_subsys_state *parent; };
struct cgroup_root { unsigned int subsys_mask; int hierarchy_id; };
struct cgroup { struct cgroup_subsys_state self; int level; struct kernfs_node *kn; struct cgroup_root *root; };
enum cgroup_subsys_id { memory_cgrp_id = 4 };
struct css_set { struct cgroup_subsys_state *subsys[12]; struct cgroup *dfl_cgrp; };
struct page_counter { atomic_long_t usage; unsigned long max; };
struct mem_cgroup { struct cgroup_subsys_state css; struct page_counter memory; };

/* tasks */
struct cred { kuid_t uid; kgid_t gid; };
struct percpu_counter { __s64 count; };
struct mm_struct {
	struct percpu_counter rss_stat[4];
	unsigned long total_vm;
	unsigned long arg_start;
	unsigned long arg_end;
};
struct mm_rss_stat { atomic_long_t count[4]; };
struct mm_struct___v6_1 { struct mm_rss_stat rss_stat; };
struct signal_struct {
	atomic_t live;
	int group_exit_code;
	unsigned int flags;
	struct mm_struct *oom_mm;
	short oom_score_adj;
};
struct task_struct {
	struct mm_struct *mm;
	int exit_code;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	__u64 start_boottime;
	const struct cred *cred;
	char comm[16];
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct css_set *cgroups;
};
struct linux_binprm { int argc; const char *filename; };
struct pt_regs { unsigned long orig_ax; };

/* sockets and packets */
struct in6_addr { union { __u8 u6_addr8[16]; } in6_u; };
struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};
struct sock_cgroup_data { struct cgroup *cgroup; };
struct sk_buff_head { struct sk_buff *prev; __u32 qlen; };
struct sock_extended_err { __u32 ee_errno; };
/* What `cb` of a packet in an error queue is. */
struct sock_exterr_skb { struct sock_extended_err ee; };
struct sock {
	struct sock_common __sk_common;
	int sk_err;
	int sk_err_soft;
	struct sk_buff_head sk_error_queue;
	struct mem_cgroup *sk_memcg;
	__u16 sk_protocol;
	kuid_t sk_uid;
	__u32 sk_ack_backlog;
	__u32 sk_max_ack_backlog;
	struct sock_cgroup_data sk_cgrp_data;
};
struct inet_sock { __be16 inet_sport; };
struct inet_connection_sock { __u8 icsk_retransmits; };
struct request_sock { struct sock_common __req_common; };
struct net_device { int ifindex; possible_net_t nd_net; };
struct sk_buff {
	struct net_device *dev;
	struct sock *sk;
	unsigned int len;
	int skb_iif;
	__be16 protocol;
	__u16 transport_header;
	__u16 network_header;
	unsigned char *head;
	char cb[48];
};

#pragma clang attribute pop

/* Headers on the wire: fixed by their RFCs, so read as they are. */
struct ipv4_header { __u8 version_ihl; __u8 tos; __be16 total; __be16 id; __be16 fragment; __u8 ttl; __u8 protocol; __be16 checksum; __be32 source; __be32 destination; };
struct ipv6_header { __u8 version[4]; __be16 length; __u8 next; __u8 hops; __u8 source[16]; __u8 destination[16]; };
struct port_header { __be16 source; __be16 destination; };

enum { AF_INET = 2, AF_INET6 = 10, IPPROTO_TCP = 6, IPPROTO_UDP = 17, IPPROTO_SCTP = 132 };
enum { ETH_P_IP = 0x0800, ETH_P_IPV6 = 0x86DD };
enum { TCP_ESTABLISHED = 1, TCP_SYN_SENT = 2, TCP_SYN_RECV = 3, TCP_TIME_WAIT = 6, TCP_CLOSE = 7, TCP_LISTEN = 10, TCP_NEW_SYN_RECV = 12 };
