/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of helpers: one line for each. */
#include "vm/helper.h"

#include "object/prog.h"
#include "vm/helper_fn.h"

#define SF PT(SOCKET_FILTER)
#define CLS PT(SCHED_CLS)
#define XDP PT(XDP)
#define CSKB PT(CGROUP_SKB)
#define CSOCK PT(CGROUP_SOCK)
#define SOPS PT(SOCK_OPS)
#define CDEV PT(CGROUP_DEVICE)
#define CADDR PT(CGROUP_SOCK_ADDR)
#define CSYSCTL PT(CGROUP_SYSCTL)
#define COPT PT(CGROUP_SOCKOPT)

#define CGROUP (CSKB | CSOCK | SOPS | CDEV | CADDR | CSYSCTL | COPT)
#define ALL (SF | CLS | XDP | CGROUP)
#define SKB (SF | CLS | CSKB)
/* those whose context leads to a socket */
#define WITH_SOCK (SKB | CSOCK | SOPS | CADDR)
#define LOOKUP (CLS | XDP | CSKB | CADDR)

/* ------------------------------------------- limits within program types */

/* get_retval, set_retval: where the caller sees the error */
static bool retval_is_seen(const struct prog *prog)
{
	switch (prog->expected_attach_type) {
	case BPF_CGROUP_UDP4_RECVMSG:
	case BPF_CGROUP_UDP6_RECVMSG:
	case BPF_CGROUP_UNIX_RECVMSG:
	case BPF_CGROUP_INET4_GETPEERNAME:
	case BPF_CGROUP_INET6_GETPEERNAME:
	case BPF_CGROUP_UNIX_GETPEERNAME:
	case BPF_CGROUP_INET4_GETSOCKNAME:
	case BPF_CGROUP_INET6_GETSOCKNAME:
	case BPF_CGROUP_UNIX_GETSOCKNAME:
		return false;
	default:
		return true;
	}
}

/* setsockopt, getsockopt: not where the caller only asks for an option */
static bool sets_options(const struct prog *prog)
{
	return prog->expected_attach_type != BPF_CGROUP_GETSOCKOPT;
}

/* bind: before an Internet socket connects */
static bool connects(const struct prog *prog)
{
	return prog->expected_attach_type == BPF_CGROUP_INET4_CONNECT ||
	       prog->expected_attach_type == BPF_CGROUP_INET6_CONNECT;
}

/* ------------------------------------------------------------- the table */

#define H(helper_id, fname, result, types, ...) \
	[helper_id] = { .id = (helper_id),      \
			.name = #fname,         \
			.fn = helper_##fname,   \
			.ret = RET_##result,    \
			.prog_types = (types),  \
			__VA_ARGS__ }
/* the interpreter itself does it */
#define H_VM(helper_id, fname, result, types, ...) \
	[helper_id] = { .id = (helper_id),         \
			.name = #fname,            \
			.ret = RET_##result,       \
			.prog_types = (types),     \
			__VA_ARGS__ }

#define A1(a) .args = { ARG_##a }
#define A2(a, b) .args = { ARG_##a, ARG_##b }
#define A3(a, b, c) .args = { ARG_##a, ARG_##b, ARG_##c }
#define A4(a, b, c, d) .args = { ARG_##a, ARG_##b, ARG_##c, ARG_##d }
#define A5(a, b, c, d, e) \
	.args = { ARG_##a, ARG_##b, ARG_##c, ARG_##d, ARG_##e }
#define A0 A1(NONE)
#define GPL .gpl_only = true
#define PKT .changes_packet = true
#define RPKT .takes_packet = true
#define PRINTS .reads_numbers = true
#define IF(limit) .allowed = limit

/* clang-format off */
static const struct helper helpers[HELPER_IDS] = {
	H(1, map_lookup_elem, MAP_VALUE_OR_NULL, ALL, A2(MAP, MAP_KEY), RPKT),
	H(2, map_update_elem, INTEGER, ALL,
	  A4(MAP, MAP_KEY, MAP_VALUE, ANYTHING), RPKT),
	H(3, map_delete_elem, INTEGER, ALL, A2(MAP, MAP_KEY), RPKT),
	H(5, ktime_get_ns, INTEGER, ALL, A0),
	/* R3 to R5 as the format asks for them: unset ones are no mistake */
	H(6, trace_printk, INTEGER, ALL, A2(MEM, SIZE), GPL, PRINTS),
	H(7, get_prandom_u32, INTEGER, ALL, A0),
	H(8, get_smp_processor_id, INTEGER, ALL, A0),
	H(9, skb_store_bytes, INTEGER, CLS,
	  A5(CTX, ANYTHING, MEM, SIZE, ANYTHING), PKT),
	H(10, l3_csum_replace, INTEGER, CLS,
	  A5(CTX, ANYTHING, ANYTHING, ANYTHING, ANYTHING), PKT),
	H(11, l4_csum_replace, INTEGER, CLS,
	  A5(CTX, ANYTHING, ANYTHING, ANYTHING, ANYTHING), PKT),
	H_VM(12, tail_call, VOID, ALL, A3(CTX, MAP, ANYTHING)),
	H(14, get_current_pid_tgid, INTEGER, ALL, A0),
	H(15, get_current_uid_gid, INTEGER, ALL, A0),
	H(16, get_current_comm, INTEGER, ALL, A2(MEM_OUT, SIZE)),
	H(17, get_cgroup_classid, INTEGER, ALL, A1(CTX_IN_CLS)),
	H(23, redirect, INTEGER, CLS | XDP, A2(ANYTHING, ANYTHING)),
	H(24, get_route_realm, INTEGER, CLS, A1(CTX)),
	H(26, skb_load_bytes, INTEGER, SKB,
	  A4(CTX, ANYTHING, MEM_OUT, SIZE)),
	H(28, csum_diff, INTEGER, CLS | XDP,
	  A5(MEM_OR_NULL, SIZE_OR_ZERO, MEM_OR_NULL, SIZE_OR_ZERO, ANYTHING), RPKT),
	H(32, skb_change_type, INTEGER, CLS, A2(CTX, ANYTHING)),
	H(33, skb_under_cgroup, INTEGER, CLS, A3(CTX, MAP, ANYTHING)),
	H(34, get_hash_recalc, INTEGER, CLS, A1(CTX)),
	H(37, current_task_under_cgroup, INTEGER, ALL, A2(MAP, ANYTHING)),
	H(38, skb_change_tail, INTEGER, CLS, A3(CTX, ANYTHING, ANYTHING), PKT),
	H(39, skb_pull_data, INTEGER, CLS, A2(CTX, ANYTHING), PKT),
	H(40, csum_update, INTEGER, CLS, A2(CTX, ANYTHING)),
	H(41, set_hash_invalid, INTEGER, CLS, A1(CTX)),
	H(42, get_numa_node_id, INTEGER, ALL, A0),
	H(43, skb_change_head, INTEGER, CLS, A3(CTX, ANYTHING, ANYTHING), PKT),
	H(44, xdp_adjust_head, INTEGER, XDP, A2(CTX, ANYTHING), PKT),
	H(46, get_socket_cookie, INTEGER, WITH_SOCK, A1(CTX)),
	H(47, get_socket_uid, INTEGER, SKB, A1(CTX)),
	H(48, set_hash, INTEGER, CLS, A2(CTX, ANYTHING)),
	H(49, setsockopt, INTEGER, SOPS | CADDR | COPT,
	  A5(CTX_OR_SOCK, ANYTHING, ANYTHING, MEM, SIZE), IF(sets_options)),
	H(54, xdp_adjust_meta, INTEGER, XDP, A2(CTX, ANYTHING), PKT),
	H(57, getsockopt, INTEGER, SOPS | CADDR | COPT,
	  A5(CTX_OR_SOCK, ANYTHING, ANYTHING, MEM_OUT, SIZE),
	  IF(sets_options)),
	H(64, bind, INTEGER, CADDR, A3(CTX, MEM, SIZE), IF(connects)),
	H(65, xdp_adjust_tail, INTEGER, XDP, A2(CTX, ANYTHING), PKT),
	H(68, skb_load_bytes_relative, INTEGER, SKB,
	  A5(CTX, ANYTHING, MEM_OUT, SIZE, ANYTHING)),
	H(79, skb_cgroup_id, INTEGER, CLS | CSKB, A1(CTX)),
	H(80, get_current_cgroup_id, INTEGER, ALL, A0),
	H(81, get_local_storage, MAP_VALUE, CGROUP, A2(MAP, CONST_ZERO)),
	H(83, skb_ancestor_cgroup_id, INTEGER, CLS | CSKB,
	  A2(CTX, ANYTHING)),
	H(84, sk_lookup_tcp, SOCK_REF_OR_NULL, LOOKUP,
	  A5(CTX, MEM, SIZE_OR_ZERO, ANYTHING, ANYTHING), RPKT),
	H(85, sk_lookup_udp, SOCK_REF_OR_NULL, LOOKUP,
	  A5(CTX, MEM, SIZE_OR_ZERO, ANYTHING, ANYTHING), RPKT),
	H(86, sk_release, INTEGER, LOOKUP, A1(SOCK_RELEASE)),
	H(87, map_push_elem, INTEGER, ALL, A3(MAP, MAP_VALUE, ANYTHING), RPKT),
	H(88, map_pop_elem, INTEGER, ALL, A2(MAP, MAP_VALUE_OUT)),
	H(89, map_peek_elem, INTEGER, ALL, A2(MAP, MAP_VALUE_OUT)),
	H(93, spin_lock, VOID, ALL, A1(SPIN_LOCK)),
	H(94, spin_unlock, VOID, ALL, A1(SPIN_LOCK)),
	H(95, sk_fullsock, SOCK_OR_NULL, CLS | CSKB, A1(SOCK_COMMON)),
	H(96, tcp_sock, TCP_SOCK_OR_NULL, CLS | CSKB | SOPS | COPT,
	  A1(SOCK_COMMON)),
	H(97, skb_ecn_set_ce, INTEGER, CLS | CSKB, A1(CTX)),
	H(98, get_listener_sock, SOCK_OR_NULL, CLS | CSKB, A1(SOCK_COMMON)),
	H(99, skc_lookup_tcp, SOCK_COMMON_REF_OR_NULL, LOOKUP,
	  A5(CTX, MEM, SIZE_OR_ZERO, ANYTHING, ANYTHING), RPKT),
	H(101, sysctl_get_name, INTEGER, CSYSCTL,
	  A4(CTX, MEM_OUT, SIZE, ANYTHING)),
	H(102, sysctl_get_current_value, INTEGER, CSYSCTL,
	  A3(CTX, MEM_OUT, SIZE)),
	H(103, sysctl_get_new_value, INTEGER, CSYSCTL,
	  A3(CTX, MEM_OUT, SIZE)),
	H(104, sysctl_set_new_value, INTEGER, CSYSCTL, A3(CTX, MEM, SIZE)),
	H(105, strtol, INTEGER, ALL, A4(MEM, SIZE, ANYTHING, LONG_OUT)),
	H(106, strtoul, INTEGER, ALL, A4(MEM, SIZE, ANYTHING, LONG_OUT)),
	H(107, sk_storage_get, MAP_VALUE_OR_NULL,
	  CLS | CSKB | CSOCK | SOPS | CADDR | COPT,
	  A4(MAP, SOCK_OR_CTX, MAP_VALUE_OR_NULL, ANYTHING)),
	H(108, sk_storage_delete, INTEGER, CLS | CSKB | SOPS | CADDR | COPT,
	  A2(MAP, SOCK)),
	H(118, jiffies64, INTEGER, ALL, A0),
	H(122, get_netns_cookie, INTEGER, WITH_SOCK | COPT,
	  A1(CTX_OR_NULL)),
	H(123, get_current_ancestor_cgroup_id, INTEGER, ALL, A1(ANYTHING)),
	H(125, ktime_get_boot_ns, INTEGER, ALL, A0),
	H(128, sk_cgroup_id, INTEGER, CSKB, A1(SOCK)),
	H(129, sk_ancestor_cgroup_id, INTEGER, CSKB,
	  A2(SOCK, ANYTHING)),
	H(130, ringbuf_output, INTEGER, ALL,
	  A4(MAP, MEM, SIZE_OR_ZERO, ANYTHING)),
	H(131, ringbuf_reserve, ALLOC_MEM_OR_NULL, ALL,
	  A3(MAP, CONST_ALLOC_SIZE, ANYTHING)),
	H(132, ringbuf_submit, VOID, ALL, A2(ALLOC_MEM, ANYTHING)),
	H(133, ringbuf_discard, VOID, ALL, A2(ALLOC_MEM, ANYTHING)),
	H(134, ringbuf_query, INTEGER, ALL, A2(MAP, ANYTHING)),
	H(135, csum_level, INTEGER, CLS, A2(CTX, ANYTHING)),
	H(151, skb_cgroup_classid, INTEGER, CLS, A1(CTX)),
	H(160, ktime_get_coarse_ns, INTEGER, ALL & ~(CDEV | COPT), A0),
	H(164, for_each_map_elem, INTEGER, ALL,
	     A4(MAP, FUNC, STACK_OR_NULL, ANYTHING)),
	H(165, snprintf, INTEGER, ALL,
	  A5(MEM_OUT_OR_NULL, SIZE_OR_ZERO, CONST_STR, MEM_OR_NULL,
	     SIZE_OR_ZERO), GPL, PRINTS),
	H(177, trace_vprintk, INTEGER, ALL,
	  A4(MEM, SIZE, MEM_OR_NULL, SIZE_OR_ZERO), GPL, PRINTS),
	H(181, loop, INTEGER, ALL,
	     A4(ANYTHING, FUNC, STACK_OR_NULL, ANYTHING)),
	H(182, strncmp, INTEGER, ALL, A3(MEM, SIZE, CONST_STR)),
	H(186, get_retval, INTEGER, CSOCK | CDEV | CADDR | CSYSCTL | COPT,
	  A0, IF(retval_is_seen)),
	H(187, set_retval, INTEGER, CSOCK | CDEV | CADDR | CSYSCTL | COPT,
	  A1(ANYTHING), IF(retval_is_seen)),
	H(188, xdp_get_buff_len, INTEGER, XDP, A1(CTX)),
	H(189, xdp_load_bytes, INTEGER, XDP,
	  A4(CTX, ANYTHING, MEM_OUT, SIZE)),
	H(190, xdp_store_bytes, INTEGER, XDP, A4(CTX, ANYTHING, MEM, SIZE)),
	H(192, skb_set_tstamp, INTEGER, CLS, A3(CTX, ANYTHING, ANYTHING)),
	H(195, map_lookup_percpu_elem, MAP_VALUE_OR_NULL, ALL,
	  A3(MAP, MAP_KEY, ANYTHING), RPKT),
	H(208, ktime_get_tai_ns, INTEGER, ALL, A0),
};
/* clang-format on */

const struct helper *helper_by_id(u32 id)
{
	return id < HELPER_IDS && helpers[id].id ? &helpers[id] : NULL;
}

bool helper_allowed(const struct helper *helper, const struct prog *prog)
{
	if (prog->type >= 64 || !(helper->prog_types >> prog->type & 1))
		return false;
	return !helper->allowed || helper->allowed(prog);
}

/* --------------------------------------------------- which map for whom */

struct map_rule {
	u32 map_type;
	u32 helpers[4]; /* all that take it; 0 ends */
};

/* Maps that are open to certain helpers only... */
static const struct map_rule by_map[] = {
	{ BPF_MAP_TYPE_PROG_ARRAY, { BPF_FUNC_tail_call } },
	{ BPF_MAP_TYPE_RINGBUF,
	  { BPF_FUNC_ringbuf_output, BPF_FUNC_ringbuf_reserve,
	    BPF_FUNC_ringbuf_query } },
	{ BPF_MAP_TYPE_CGROUP_ARRAY,
	  { BPF_FUNC_skb_under_cgroup, BPF_FUNC_current_task_under_cgroup } },
	{ BPF_MAP_TYPE_CGROUP_STORAGE, { BPF_FUNC_get_local_storage } },
	{ BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, { BPF_FUNC_get_local_storage } },
	{ BPF_MAP_TYPE_ARRAY_OF_MAPS, { BPF_FUNC_map_lookup_elem } },
	{ BPF_MAP_TYPE_HASH_OF_MAPS, { BPF_FUNC_map_lookup_elem } },
	{ BPF_MAP_TYPE_QUEUE,
	  { BPF_FUNC_map_push_elem, BPF_FUNC_map_pop_elem,
	    BPF_FUNC_map_peek_elem } },
	{ BPF_MAP_TYPE_STACK,
	  { BPF_FUNC_map_push_elem, BPF_FUNC_map_pop_elem,
	    BPF_FUNC_map_peek_elem } },
	{ BPF_MAP_TYPE_SK_STORAGE,
	  { BPF_FUNC_sk_storage_get, BPF_FUNC_sk_storage_delete } },
	{ BPF_MAP_TYPE_BLOOM_FILTER,
	  { BPF_FUNC_map_push_elem, BPF_FUNC_map_peek_elem } },
};

struct helper_rule {
	u32 helper;
	u32 maps[4]; /* all that it takes; 0 ends */
};

/* ... and helpers that take certain maps only. */
static const struct helper_rule by_helper[] = {
	{ BPF_FUNC_tail_call, { BPF_MAP_TYPE_PROG_ARRAY } },
	{ BPF_FUNC_ringbuf_output, { BPF_MAP_TYPE_RINGBUF } },
	{ BPF_FUNC_ringbuf_reserve, { BPF_MAP_TYPE_RINGBUF } },
	{ BPF_FUNC_ringbuf_query, { BPF_MAP_TYPE_RINGBUF } },
	{ BPF_FUNC_skb_under_cgroup, { BPF_MAP_TYPE_CGROUP_ARRAY } },
	{ BPF_FUNC_current_task_under_cgroup, { BPF_MAP_TYPE_CGROUP_ARRAY } },
	{ BPF_FUNC_get_local_storage,
	  { BPF_MAP_TYPE_CGROUP_STORAGE, BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE } },
	{ BPF_FUNC_map_pop_elem, { BPF_MAP_TYPE_QUEUE, BPF_MAP_TYPE_STACK } },
	{ BPF_FUNC_map_push_elem,
	  { BPF_MAP_TYPE_QUEUE, BPF_MAP_TYPE_STACK,
	    BPF_MAP_TYPE_BLOOM_FILTER } },
	{ BPF_FUNC_map_peek_elem,
	  { BPF_MAP_TYPE_QUEUE, BPF_MAP_TYPE_STACK,
	    BPF_MAP_TYPE_BLOOM_FILTER } },
	{ BPF_FUNC_map_lookup_percpu_elem,
	  { BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_PERCPU_HASH,
	    BPF_MAP_TYPE_LRU_PERCPU_HASH } },
	{ BPF_FUNC_sk_storage_get, { BPF_MAP_TYPE_SK_STORAGE } },
	{ BPF_FUNC_sk_storage_delete, { BPF_MAP_TYPE_SK_STORAGE } },
};

static bool listed(const u32 set[4], u32 item)
{
	for (int i = 0; i < 4 && set[i]; i++)
		if (set[i] == item)
			return true;
	return false;
}

/* The map types that can be walked from a program. */
static bool for_each_takes(u32 map_type)
{
	switch (map_type) {
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_HASH:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
		return true;
	default:
		return false;
	}
}

bool helper_takes_map(u32 helper_id, u32 map_type)
{
	if (helper_id == BPF_FUNC_for_each_map_elem)
		return for_each_takes(map_type);
	for (size_t i = 0; i < ARRAY_SIZE(by_map); i++)
		if (by_map[i].map_type == map_type &&
		    !listed(by_map[i].helpers, helper_id))
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(by_helper); i++)
		if (by_helper[i].helper == helper_id &&
		    !listed(by_helper[i].maps, map_type))
			return false;
	return true;
}
