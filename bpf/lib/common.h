/* What every program starts with: types, helpers, records, and the four shared parts below. */
#pragma once
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_endian.h>
#include "records.h"
#include "settings.h"
#include "identity.h"
#include "emit.h"

/* GPL: the helpers that read kernel memory are for GPL programs only. The source is also MIT, as the rest of Tapio. */
char LICENSE[] SEC("license") = "Dual MIT/GPL";
