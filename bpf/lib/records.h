/*
 * Every record that crosses from the kernel to user space. The TypeScript decoder (native/records.ts) has the same table;
 * a test compares the offsets that the compiler wrote into the objects' BTF with it.
 *
 * Rules: ids and fields are append-only, a new field goes to the end (readers go by `size`); integers are in host byte order,
 * ports too; addresses in network order, IPv4 in the first four bytes; members are naturally aligned, padding has a name.
 */
#pragma once

#define TAPIO_COMM 16
#define TAPIO_ADDRESS 16
/* systemd's driver writes every slice's whole name again: 300 bytes below a pod of a nested kubelet. */
#define TAPIO_PATH 512
#define TAPIO_EXEC_DATA 1024

enum tapio_record_type {
	TAPIO_OOM_KILL = 1,
	TAPIO_RECLAIM = 2,
	TAPIO_EXEC = 3,
	TAPIO_EXIT = 4,
	TAPIO_TCP_CONNECT = 5,
	TAPIO_TCP_ABORT = 6,
	TAPIO_TCP_RETRANSMIT = 7,
	TAPIO_TCP_RESET_SENT = 8,
	TAPIO_TCP_RESET_RECEIVED = 9,
	TAPIO_PACKET_DROP = 10,
	TAPIO_LISTEN_OVERFLOW = 11,
	TAPIO_CGROUP_MKDIR = 12,
	TAPIO_CGROUP_RMDIR = 13,
	TAPIO_SYSCALLS = 14,
	TAPIO_BENCH = 15,
	TAPIO_RECORD_TYPES = 16,
};

/* Whom the record is about: the victim, the task, or the socket's owner. 0 or '' = not known. */
struct tapio_header {
	__u16 type;
	__u16 size;                      /* bytes of the whole record */
	__u32 cpu;
	__u64 time_ns;                   /* CLOCK_BOOTTIME */
	__u64 cgroup_id;                 /* cgroup v2 id = inode of its directory */
	__u64 memcg_id;                  /* id in the memory controller's hierarchy: says more than cgroup_id where v1 is in use */
	__u32 pid;                       /* thread group id */
	__u32 tid;
	__u32 uid;                       /* (uid_t)-1 = not known */
	__u32 netns;                     /* inode of the network namespace */
	char comm[TAPIO_COMM];
};

/* memory: oom/mark_victim. Header: the victim. */
struct tapio_oom_kill {
	struct tapio_header header;
	__u64 limit_memcg_id;            /* memory cgroup whose limit was hit; 0 = the machine ran out (or cpuset, mempolicy) */
	__u64 limit_bytes;
	__u64 usage_bytes;
	__u64 anon_bytes;                /* the victim's own */
	__u64 total_vm_bytes;
	__u64 trigger_cgroup_id;
	__u64 trigger_memcg_id;
	__u32 trigger_pid;               /* whose allocation found no memory */
	__s32 oom_score_adj;
	char trigger_comm[TAPIO_COMM];
};

/* memory: vmscan reclaim begin/end, added up per cgroup; never one record per stall. Header: the cgroup and the last task. */
struct tapio_reclaim {
	struct tapio_header header;
	__u64 memcg_stalls;              /* the task waited while its memory cgroup was reclaimed */
	__u64 memcg_ns;
	__u64 global_stalls;             /* the task waited while the machine's memory was reclaimed */
	__u64 global_ns;
	__u64 max_ns;
	__u64 reclaimed_pages;
};

/* process: sched_process_exec. Header: the new image. */
struct tapio_exec {
	struct tapio_header header;
	__u32 parent_pid;
	__u32 gid;
	__u32 argc;
	__u16 filename_size;             /* bytes of `data` that are the file name, without NUL */
	__u16 args_size;                 /* bytes after it: arguments, each ended by NUL, cut at the bound */
	char parent_comm[TAPIO_COMM];
	char data[TAPIO_EXEC_DATA];      /* only the first filename_size + args_size bytes are sent */
};

#define TAPIO_EXIT_CORE 1            /* core was dumped */
#define TAPIO_EXIT_OOM 2             /* the OOM killer had chosen it */

/* process: sched_process_exit of the last thread. */
struct tapio_exit {
	struct tapio_header header;
	__u64 duration_ns;               /* since the process was made */
	__u32 parent_pid;
	__u32 gid;
	__u32 exit_code;                 /* 0 to 255, 0 when a signal ended it */
	__u16 exit_signal;               /* 0 = ended by itself */
	__u16 flags;
	char parent_comm[TAPIO_COMM];
};

/* The endpoints of a TCP socket, seen from it. */
struct tapio_flow {
	__u8 local_address[TAPIO_ADDRESS];
	__u8 remote_address[TAPIO_ADDRESS];
	__u16 local_port;
	__u16 remote_port;
	__u16 family;                    /* AF_INET 2, AF_INET6 10 */
	__u16 protocol;                  /* IPPROTO_TCP 6, … */
};

/*
 * network: a connect that ended. Header: the socket's owner (pid, comm, uid: of the task that called connect).
 * error 0 and new state ESTABLISHED = connected, slower than asked for; error 0 and CLOSE = the caller gave up.
 */
struct tapio_tcp_connect {
	struct tapio_header header;
	struct tapio_flow flow;
	__u64 duration_ns;
	__u32 error;                     /* errno of the socket, positive */
	__u32 state;                     /* TCP_ESTABLISHED 1, TCP_CLOSE 7 */
};

/* network: an established connection that ended in an error. */
struct tapio_tcp_abort {
	struct tapio_header header;
	struct tapio_flow flow;
	__u32 error;
	__u32 state;                     /* before */
};

/* network: a segment sent again (or a SYN, in state SYN_SENT). */
struct tapio_tcp_retransmit {
	struct tapio_header header;
	struct tapio_flow flow;
	__u32 state;
	__u32 retransmits;               /* of this segment so far, by the retransmission timer */
};

/* network: RST sent or received. `reason`: enum sk_rst_reason of this kernel, TAPIO_NO_REASON where it has none. */
struct tapio_tcp_reset {
	struct tapio_header header;
	struct tapio_flow flow;
	__u32 state;
	__u32 reason;
};
#define TAPIO_NO_REASON 0xffffffff

/* network: a packet freed because something went wrong with it. The flow is the packet's: local = source. */
struct tapio_packet_drop {
	struct tapio_header header;
	struct tapio_flow flow;
	__u64 location;                  /* address in the kernel's text */
	__u32 reason;                    /* enum skb_drop_reason of this kernel */
	__u32 length;
	__u32 ifindex;                   /* 0 = none */
	__u8 received;                   /* 1 = came in, 0 = was going out */
	__u8 tcp_flags;
	__u16 ethertype;                 /* host order */
};

/* network: a connection lost because the listener's accept queue is full. Header: the listener. */
struct tapio_listen_overflow {
	struct tapio_header header;
	struct tapio_flow flow;
	__u32 queue;
	__u32 queue_limit;
};

/* cgroup: mkdir and rmdir. Header: cgroup_id is the one made or removed (of its hierarchy), the rest who did it. */
struct tapio_cgroup {
	struct tapio_header header;
	__u64 parent_id;
	__u32 hierarchy;                 /* 0 = v2, else the number in /proc/PID/cgroup */
	__u32 level;                     /* 0 = root */
	__u32 controllers;               /* v1: bits of the hierarchy's controllers (kernel's order) */
	__u32 path_size;
	char path[TAPIO_PATH];           /* only the first path_size bytes are sent */
};

/* bench: one per getppid() of the process that asked for it. */
struct tapio_bench {
	struct tapio_header header;
	__u64 sequence;
};

/*
 * syscalls: latencies and errors of one system call in one cgroup since the last record. The program keeps key and value in a
 * per-CPU map; user space adds the CPUs up and makes this record of them, so a call costs no record.
 */
#define TAPIO_LATENCY_SLOTS 32       /* slot n: [2^n, 2^(n+1)) ns; the last one takes the rest */
struct tapio_syscalls {
	struct tapio_header header;
	__u32 nr;
	__u32 last_error;                /* errno, positive */
	__u64 count;
	__u64 errors;
	__u64 total_ns;
	__u64 max_ns;
	__u64 interval_ns;               /* what the figures cover */
	__u32 slots[TAPIO_LATENCY_SLOTS];
};

struct tapio_syscall_key {
	__u64 cgroup_id;
	__u64 memcg_id;
	__u32 nr;
	__u32 padding;
};

struct tapio_syscall_value {
	__u64 count;
	__u64 errors;
	__u64 total_ns;
	__u64 max_ns;
	__u32 slots[TAPIO_LATENCY_SLOTS];
	__u32 last_error;
	__u32 padding;
};
