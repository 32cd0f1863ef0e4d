/* Endpoints and owner of sockets and packets. */
#pragma once

struct packet { struct tapio_flow flow; __u16 ethertype; __u8 tcp_flags; };

/* False for the small sockets of connections that are being made or forgotten: they have no cgroup and no owner. */
static __always_inline bool is_full (struct sock *sk)
{
	__u8 state = BPF_CORE_READ(sk, __sk_common.skc_state);
	return state != TCP_TIME_WAIT && state != TCP_NEW_SYN_RECV;
}

static __always_inline void head_of_socket (struct tapio_header *header, __u16 type, __u16 size, struct sock *sk)
{
	struct mem_cgroup *memcg = BPF_CORE_READ(sk, sk_memcg);
	head(header, type, size);
	header->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	header->cgroup_id = cgroup_id_of(BPF_CORE_READ(sk, sk_cgrp_data.cgroup));
	header->memcg_id = memcg ? cgroup_id_of(BPF_CORE_READ(memcg, css.cgroup)) : 0;
	header->uid = BPF_CORE_READ(sk, sk_uid.val);
}

static __always_inline void head_of_packet (struct tapio_header *header, __u16 type, __u16 size, struct sk_buff *skb, struct sock *sk)
{
	if (sk) {
		head_of_socket(header, type, size, sk);
		return;
	}
	head(header, type, size);
	header->uid = -1;
	header->netns = BPF_CORE_READ(skb, dev, nd_net.net, ns.inum);
}

static __always_inline void flow_of_common (struct tapio_flow *flow, struct sock_common *common)
{
	flow->family = BPF_CORE_READ(common, skc_family);
	if (flow->family == AF_INET6) {
		BPF_CORE_READ_INTO(&flow->local_address, common, skc_v6_rcv_saddr.in6_u.u6_addr8);
		BPF_CORE_READ_INTO(&flow->remote_address, common, skc_v6_daddr.in6_u.u6_addr8);
	} else {
		__be32 local = BPF_CORE_READ(common, skc_rcv_saddr), remote = BPF_CORE_READ(common, skc_daddr);
		__builtin_memcpy(flow->local_address, &local, 4);
		__builtin_memcpy(flow->remote_address, &remote, 4);
	}
	flow->local_port = BPF_CORE_READ(common, skc_num);
	flow->remote_port = bpf_ntohs(BPF_CORE_READ(common, skc_dport));
}

static __always_inline void flow_of_socket (struct tapio_flow *flow, struct sock *sk)
{
	struct inet_sock *inet = (void *)sk;
	flow_of_common(flow, &sk->__sk_common);
	/* skc_num is already 0 in a socket that is being closed. */
	flow->local_port = bpf_ntohs(BPF_CORE_READ(inet, inet_sport));
	flow->protocol = BPF_CORE_READ(sk, sk_protocol);
}

static __always_inline void reverse (struct tapio_flow *to, struct tapio_flow *from)
{
	__builtin_memcpy(to->local_address, from->remote_address, TAPIO_ADDRESS);
	__builtin_memcpy(to->remote_address, from->local_address, TAPIO_ADDRESS);
	to->local_port = from->remote_port;
	to->remote_port = from->local_port;
	to->family = from->family;
	to->protocol = from->protocol;
}

/* Source is local, destination remote. What is not IP has only its ethertype. */
static __always_inline void read_packet (struct packet *packet, struct sk_buff *skb)
{
	unsigned char *network = BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, network_header);
	void *transport;
	packet->ethertype = bpf_ntohs(BPF_CORE_READ(skb, protocol));
	if (packet->ethertype == ETH_P_IP) {
		struct ipv4_header ip = {};
		bpf_probe_read_kernel(&ip, sizeof(ip), network);
		packet->flow.family = AF_INET;
		packet->flow.protocol = ip.protocol;
		__builtin_memcpy(packet->flow.local_address, &ip.source, 4);
		__builtin_memcpy(packet->flow.remote_address, &ip.destination, 4);
		/* A later fragment has no ports. */
		if (ip.fragment & bpf_htons(0x1fff))
			return;
		transport = network + (ip.version_ihl & 15) * 4;
	} else if (packet->ethertype == ETH_P_IPV6) {
		struct ipv6_header ip = {};
		bpf_probe_read_kernel(&ip, sizeof(ip), network);
		packet->flow.family = AF_INET6;
		packet->flow.protocol = ip.next;
		__builtin_memcpy(packet->flow.local_address, ip.source, 16);
		__builtin_memcpy(packet->flow.remote_address, ip.destination, 16);
		transport = network + sizeof(ip);
	} else {
		return;
	}
	if (packet->flow.protocol == IPPROTO_TCP || packet->flow.protocol == IPPROTO_UDP || packet->flow.protocol == IPPROTO_SCTP) {
		struct port_header ports = {};
		bpf_probe_read_kernel(&ports, sizeof(ports), transport);
		packet->flow.local_port = bpf_ntohs(ports.source);
		packet->flow.remote_port = bpf_ntohs(ports.destination);
		if (packet->flow.protocol == IPPROTO_TCP)
			bpf_probe_read_kernel(&packet->tcp_flags, 1, transport + 13);
	}
}
