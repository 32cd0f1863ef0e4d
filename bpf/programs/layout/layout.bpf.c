/*
 * layout: no program. One variable of every struct that crosses to user space, so that the compiler writes all of them into
 * the object's type information, where a test compares them with the TypeScript table.
 */
#include "../../lib/common.h"

#define LAYOUT(name) struct name layout_##name SEC("layout") = {}

LAYOUT(tapio_oom_kill);
LAYOUT(tapio_reclaim);
LAYOUT(tapio_exec);
LAYOUT(tapio_exit);
LAYOUT(tapio_tcp_connect);
LAYOUT(tapio_tcp_abort);
LAYOUT(tapio_tcp_retransmit);
LAYOUT(tapio_tcp_reset);
LAYOUT(tapio_packet_drop);
LAYOUT(tapio_listen_overflow);
LAYOUT(tapio_cgroup);
LAYOUT(tapio_syscalls);
LAYOUT(tapio_bench);
