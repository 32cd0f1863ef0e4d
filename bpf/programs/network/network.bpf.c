/*
 * network: connections that fail and packets that are dropped.
 * Most of it happens in softirq on behalf of nobody, so namespace and cgroup come from the socket (or the packet's device),
 * and pid, comm and uid from a note that connect() left on the socket: the only moment at which the caller is known.
 */
#include "../../lib/common.h"
#include "flow.h"

struct owner { __u64 connect_ns; __u32 pid; __u32 tid; __u64 memcg_id; char comm[TAPIO_COMM]; };

/* Freed with the socket; an accepted connection gets a copy of its listener's. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct owner);
} owners SEC(".maps");

/* 1 = a drop reason nobody wants to hear of. By number; user space knows the names, which stay when numbers move. */
#define DROP_REASONS 1024
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DROP_REASONS);
	__type(key, __u32);
	__type(value, __u32);
} quiet_reasons SEC(".maps");

static __always_inline void owned_by (struct tapio_header *header, struct owner *owner)
{
	if (!owner)
		return;
	header->pid = owner->pid;
	header->tid = owner->tid;
	if (!header->memcg_id)
		header->memcg_id = owner->memcg_id;
	__builtin_memcpy(header->comm, owner->comm, TAPIO_COMM);
}

/* In connect() and listen(): the current task is the one that asks. */
static __always_inline void note_owner (struct sock *sk)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct owner *owner = bpf_sk_storage_get(&owners, sk, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!owner)
		return;
	__u64 id = bpf_get_current_pid_tgid();
	owner->connect_ns = bpf_ktime_get_boot_ns();
	owner->pid = id >> 32;
	owner->tid = id;
	owner->memcg_id = memcg_id_of_task(task);
	bpf_get_current_comm(&owner->comm, sizeof(owner->comm));
}

/*
 * An ICMP that says "nobody there" (a rejecting firewall, as kube-proxy's for a Service without endpoints) is only a soft error, which
 * the caller reads and takes away (SO_ERROR) before it closes the socket. It also waits in the error queue, where hardly anyone looks.
 */
static __always_inline __u32 connect_error (struct sock *sk)
{
	__u32 error = BPF_CORE_READ(sk, sk_err);
	struct sk_buff *last = BPF_CORE_READ(sk, sk_error_queue.prev);
	if (!error)
		error = BPF_CORE_READ(sk, sk_err_soft);
	if (!error && BPF_CORE_READ(sk, sk_error_queue.qlen))
		error = BPF_CORE_READ((struct sock_exterr_skb *)&last->cb, ee.ee_errno);
	return error;
}

static __always_inline void connect_ended (struct sock *sk, __u32 state)
{
	struct owner *owner = bpf_sk_storage_get(&owners, sk, 0, 0);
	struct tapio_tcp_connect record = {};
	if (!owner)
		return;
	record.duration_ns = bpf_ktime_get_boot_ns() - owner->connect_ns;
	if (state == TCP_ESTABLISHED && record.duration_ns < settings.slow_connect_ns)
		return;
	head_of_socket(&record.header, TAPIO_TCP_CONNECT, sizeof(record), sk);
	owned_by(&record.header, owner);
	flow_of_socket(&record.flow, sk);
	record.state = state;
	record.error = state == TCP_ESTABLISHED ? 0 : connect_error(sk);
	EMIT(&record);
}

static __always_inline void aborted (struct sock *sk, __u32 state)
{
	struct tapio_tcp_abort record = {};
	record.error = BPF_CORE_READ(sk, sk_err);
	if (!record.error)
		return;
	head_of_socket(&record.header, TAPIO_TCP_ABORT, sizeof(record), sk);
	owned_by(&record.header, bpf_sk_storage_get(&owners, sk, 0, 0));
	flow_of_socket(&record.flow, sk);
	record.state = state;
	EMIT(&record);
}

/*
 * Listeners by namespace and port, to find the one an accepted connection belongs to. Those of before Tapio started are not
 * in it, nor, of several on one port (SO_REUSEPORT), others than the last.
 */
struct listener_key { __u32 netns; __u32 port; };
struct listener { struct sock *sk; __u64 told_ns; };

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct listener_key);
	__type(value, struct listener);
} listeners SEC(".maps");

static __always_inline struct listener_key listener_key (struct sock *sk)
{
	struct inet_sock *inet = (void *)sk;
	struct listener_key key = { BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum), bpf_ntohs(BPF_CORE_READ(inet, inet_sport)) };
	return key;
}

static __always_inline void listening (struct sock *sk)
{
	struct listener_key key = listener_key(sk);
	struct listener value = { sk, 0 };
	note_owner(sk);
	bpf_map_update_elem(&listeners, &key, &value, BPF_ANY);
}

static __always_inline void listening_ended (struct sock *sk)
{
	struct listener_key key = listener_key(sk);
	struct listener *listener = bpf_map_lookup_elem(&listeners, &key);
	if (listener && listener->sk == sk)
		bpf_map_delete_elem(&listeners, &key);
}

static __always_inline bool overflowing (struct sock *listener)
{
	return BPF_CORE_READ(listener, __sk_common.skc_state) == TCP_LISTEN && BPF_CORE_READ(listener, sk_ack_backlog) > BPF_CORE_READ(listener, sk_max_ack_backlog);
}

static __always_inline void overflowed (struct sock *listener, struct tapio_flow *flow, struct owner *owner)
{
	struct tapio_listen_overflow record = {};
	head_of_socket(&record.header, TAPIO_LISTEN_OVERFLOW, sizeof(record), listener);
	owned_by(&record.header, owner);
	record.flow = *flow;
	record.queue = BPF_CORE_READ(listener, sk_ack_backlog);
	record.queue_limit = BPF_CORE_READ(listener, sk_max_ack_backlog);
	EMIT(&record);
}

/*
 * The connection that fills the accept queue: after it, the kernel drops SYNs without any hook, and clients wait until they
 * time out. Told once a second and listener.
 */
static __always_inline void accepted (struct sock *child)
{
	struct listener_key key = listener_key(child);
	struct listener *listener = bpf_map_lookup_elem(&listeners, &key);
	struct tapio_flow flow = {};
	__u64 now = bpf_ktime_get_boot_ns();
	if (!listener || now - listener->told_ns < 1000000000ull || !overflowing(listener->sk))
		return;
	listener->told_ns = now;
	flow_of_socket(&flow, child);
	overflowed(listener->sk, &flow, bpf_sk_storage_get(&owners, child, 0, 0));
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(inet_sock_set_state, struct sock *sk, int old_state, int new_state)
{
	if (BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	if (new_state == TCP_SYN_SENT)
		note_owner(sk);
	else if (old_state == TCP_SYN_SENT && (new_state == TCP_ESTABLISHED || new_state == TCP_CLOSE))
		connect_ended(sk, new_state);
	else if (new_state == TCP_LISTEN)
		listening(sk);
	else if (old_state == TCP_LISTEN)
		listening_ended(sk);
	else if (old_state == TCP_SYN_RECV && new_state == TCP_ESTABLISHED)
		accepted(sk);
	else if (new_state == TCP_CLOSE && old_state != TCP_CLOSE && old_state != TCP_SYN_RECV)
		aborted(sk, old_state);
	return 0;
}

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(tcp_retransmit_skb, struct sock *sk)
{
	struct tapio_tcp_retransmit record = {};
	struct inet_connection_sock *connection = (void *)sk;
	head_of_socket(&record.header, TAPIO_TCP_RETRANSMIT, sizeof(record), sk);
	owned_by(&record.header, bpf_sk_storage_get(&owners, sk, 0, 0));
	flow_of_socket(&record.flow, sk);
	record.state = BPF_CORE_READ(sk, __sk_common.skc_state);
	record.retransmits = BPF_CORE_READ(connection, icsk_retransmits);
	EMIT(&record);
	return 0;
}

static __always_inline int reset_sent (struct sock *sk, struct sk_buff *skb, __u32 reason)
{
	struct tapio_tcp_reset record = {};
	if (sk && is_full(sk)) {
		head_of_socket(&record.header, TAPIO_TCP_RESET_SENT, sizeof(record), sk);
		flow_of_socket(&record.flow, sk);
		record.state = BPF_CORE_READ(sk, __sk_common.skc_state);
	}
	if (sk && is_full(sk) && record.header.type)
		owned_by(&record.header, bpf_sk_storage_get(&owners, sk, 0, 0));
	if (skb && (!sk || !is_full(sk) || record.state == TCP_LISTEN)) {
		/* Nobody listens, or the socket has no peer yet: the endpoints are those of the packet that is answered. */
		struct packet packet = {};
		read_packet(&packet, skb);
		if (!record.header.type)
			head_of_packet(&record.header, TAPIO_TCP_RESET_SENT, sizeof(record), skb, NULL);
		reverse(&record.flow, &packet.flow);
	}
	if (!record.header.type)
		return 0;
	record.reason = reason;
	EMIT(&record);
	return 0;
}

SEC("tp_btf/tcp_send_reset")
int BPF_PROG(tcp_send_reset__reason, struct sock *sk, struct sk_buff *skb, __u32 reason) { return reset_sent(sk, skb, reason); }

/* Before Linux 6.10 there was no reason. */
SEC("tp_btf/tcp_send_reset")
int BPF_PROG(tcp_send_reset__plain, struct sock *sk, struct sk_buff *skb) { return reset_sent(sk, skb, TAPIO_NO_REASON); }

SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(tcp_receive_reset, struct sock *sk)
{
	struct tapio_tcp_reset record = {};
	head_of_socket(&record.header, TAPIO_TCP_RESET_RECEIVED, sizeof(record), sk);
	owned_by(&record.header, bpf_sk_storage_get(&owners, sk, 0, 0));
	flow_of_socket(&record.flow, sk);
	record.state = BPF_CORE_READ(sk, __sk_common.skc_state);
	record.reason = TAPIO_NO_REASON;
	EMIT(&record);
	return 0;
}

static __always_inline int dropped (struct sk_buff *skb, __u64 location, __u32 reason, struct sock *receiver)
{
	struct tapio_packet_drop record = {};
	struct packet packet = {};
	__u32 index = reason;
	__u32 *quiet = bpf_map_lookup_elem(&quiet_reasons, &index);
	read_packet(&packet, skb);
	if (receiver && packet.flow.protocol == IPPROTO_TCP && overflowing(receiver)) {
		struct tapio_flow flow = {};
		reverse(&flow, &packet.flow);
		overflowed(receiver, &flow, NULL);
		return 0;
	}
	/* IPv6 neighbours talk by multicast all the time, and whoever does not listen drops it. */
	if ((quiet && *quiet) || (packet.flow.family == AF_INET6 && packet.flow.remote_address[0] == 0xff)) {
		COUNT(TAPIO_PACKET_DROP, filtered);
		return 0;
	}
	struct sock *sk = BPF_CORE_READ(skb, sk);
	head_of_packet(&record.header, TAPIO_PACKET_DROP, sizeof(record), skb, sk && is_full(sk) ? sk : receiver);
	record.flow = packet.flow;
	record.location = location;
	record.reason = reason;
	record.length = BPF_CORE_READ(skb, len);
	record.ifindex = BPF_CORE_READ(skb, dev, ifindex);
	record.received = BPF_CORE_READ(skb, skb_iif) != 0;
	record.tcp_flags = packet.tcp_flags;
	record.ethertype = packet.ethertype;
	EMIT(&record);
	return 0;
}

/* Since Linux 6.11 the hook says which socket a packet was for. */
SEC("tp_btf/kfree_skb")
int BPF_PROG(kfree_skb__receiver, struct sk_buff *skb, void *location, __u32 reason, struct sock *receiver)
{
	return dropped(skb, (__u64)location, reason, receiver && is_full(receiver) ? receiver : NULL);
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(kfree_skb__plain, struct sk_buff *skb, void *location, __u32 reason) { return dropped(skb, (__u64)location, reason, NULL); }

/*
 * A handshake that is finished but finds the accept queue full is answered again later: where that happens with a full queue,
 * a client is waiting for a server that does not accept.
 */
SEC("tp_btf/tcp_retransmit_synack")
int BPF_PROG(tcp_retransmit_synack, struct sock *listener, struct request_sock *request)
{
	struct tapio_flow flow = {};
	if (!overflowing(listener))
		return 0;
	flow_of_common(&flow, &request->__req_common);
	flow.protocol = IPPROTO_TCP;
	overflowed(listener, &flow, bpf_sk_storage_get(&owners, listener, 0, 0));
	return 0;
}
