/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The helpers of Linux 6.18 that are not here, and why.  Together with the
 * table in helper.c, every number up to HELPER_IDS is accounted for once.
 */
#include "vm/helper.h"

#define KERNEL_MEMORY "reads the kernel's own memory; there is none here"
#define TRACING "for programs that trace the kernel"
#define PERF "there are no perf events here; use a ring buffer"
#define SIGNAL "the task of an event cannot be signalled from here"
#define PACKET_SURGERY \
	"moves headers for a device's queue; none is behind a run"
#define DEVICE "there are no devices, routes and tunnels here"
#define STACK "there is no TCP stack here"
#define SOCKMAP "there are no socket maps here"
#define SOCK_OPS "for SOCK_OPS programs, which have no events here"
#define OTHER_TYPE "for a program type that is not here"
#define BTF_SOCK "gives pointers to the kernel's own socket types"
#define LOCAL_STORAGE "storage of tasks, inodes, cgroups by the kernel's BTF"
#define TIMER "there are no timers here"
#define KPTR "there are no kernel objects to keep in maps here"
#define DYNPTR "there are no dynptrs here"
#define PIDNS "there are no pid namespaces here"

struct absent {
	const char *name, *why;
};

#define A(id, fname, reason) [id] = { #fname, reason }

/* clang-format off */
static const struct absent absents[HELPER_IDS] = {
	A(4, probe_read, KERNEL_MEMORY),
	A(13, clone_redirect, DEVICE),
	A(18, skb_vlan_push, PACKET_SURGERY),
	A(19, skb_vlan_pop, PACKET_SURGERY),
	A(20, skb_get_tunnel_key, DEVICE),
	A(21, skb_set_tunnel_key, DEVICE),
	A(22, perf_event_read, TRACING),
	A(25, perf_event_output, PERF),
	A(27, get_stackid, KERNEL_MEMORY),
	A(29, skb_get_tunnel_opt, DEVICE),
	A(30, skb_set_tunnel_opt, DEVICE),
	A(31, skb_change_proto, PACKET_SURGERY),
	A(35, get_current_task, KERNEL_MEMORY),
	A(36, probe_write_user, KERNEL_MEMORY),
	A(45, probe_read_str, KERNEL_MEMORY),
	A(50, skb_adjust_room, PACKET_SURGERY),
	A(51, redirect_map, DEVICE),
	A(52, sk_redirect_map, SOCKMAP),
	A(53, sock_map_update, SOCKMAP),
	A(55, perf_event_read_value, TRACING),
	A(56, perf_prog_read_value, TRACING),
	A(58, override_return, TRACING),
	A(59, sock_ops_cb_flags_set, SOCK_OPS),
	A(60, msg_redirect_map, SOCKMAP),
	A(61, msg_apply_bytes, SOCKMAP),
	A(62, msg_cork_bytes, SOCKMAP),
	A(63, msg_pull_data, SOCKMAP),
	A(66, skb_get_xfrm_state, DEVICE),
	A(67, get_stack, KERNEL_MEMORY),
	A(69, fib_lookup, DEVICE),
	A(70, sock_hash_update, SOCKMAP),
	A(71, msg_redirect_hash, SOCKMAP),
	A(72, sk_redirect_hash, SOCKMAP),
	A(73, lwt_push_encap, OTHER_TYPE),
	A(74, lwt_seg6_store_bytes, OTHER_TYPE),
	A(75, lwt_seg6_adjust_srh, OTHER_TYPE),
	A(76, lwt_seg6_action, OTHER_TYPE),
	A(77, rc_repeat, OTHER_TYPE),
	A(78, rc_keydown, OTHER_TYPE),
	A(82, sk_select_reuseport, SOCKMAP),
	A(90, msg_push_data, SOCKMAP),
	A(91, msg_pop_data, SOCKMAP),
	A(92, rc_pointer_rel, OTHER_TYPE),
	A(100, tcp_check_syncookie, STACK),
	A(109, send_signal, SIGNAL),
	A(110, tcp_gen_syncookie, STACK),
	A(111, skb_output, PERF),
	A(112, probe_read_user, KERNEL_MEMORY),
	A(113, probe_read_kernel, KERNEL_MEMORY),
	A(114, probe_read_user_str, KERNEL_MEMORY),
	A(115, probe_read_kernel_str, KERNEL_MEMORY),
	A(116, tcp_send_ack, STACK),
	A(117, send_signal_thread, SIGNAL),
	A(119, read_branch_records, KERNEL_MEMORY),
	A(120, get_ns_current_pid_tgid, PIDNS),
	A(121, xdp_output, PERF),
	A(124, sk_assign, STACK),
	A(126, seq_printf, TRACING),
	A(127, seq_write, TRACING),
	A(136, skc_to_tcp6_sock, BTF_SOCK),
	A(137, skc_to_tcp_sock, BTF_SOCK),
	A(138, skc_to_tcp_timewait_sock, BTF_SOCK),
	A(139, skc_to_tcp_request_sock, BTF_SOCK),
	A(140, skc_to_udp6_sock, BTF_SOCK),
	A(141, get_task_stack, KERNEL_MEMORY),
	A(142, load_hdr_opt, SOCK_OPS),
	A(143, store_hdr_opt, SOCK_OPS),
	A(144, reserve_hdr_opt, SOCK_OPS),
	A(145, inode_storage_get, LOCAL_STORAGE),
	A(146, inode_storage_delete, LOCAL_STORAGE),
	A(147, d_path, KERNEL_MEMORY),
	A(148, copy_from_user, KERNEL_MEMORY),
	A(149, snprintf_btf, KERNEL_MEMORY),
	A(150, seq_printf_btf, TRACING),
	A(152, redirect_neigh, DEVICE),
	A(153, per_cpu_ptr, KERNEL_MEMORY),
	A(154, this_cpu_ptr, KERNEL_MEMORY),
	A(155, redirect_peer, DEVICE),
	A(156, task_storage_get, LOCAL_STORAGE),
	A(157, task_storage_delete, LOCAL_STORAGE),
	A(158, get_current_task_btf, KERNEL_MEMORY),
	A(159, bprm_opts_set, TRACING),
	A(161, ima_inode_hash, TRACING),
	A(162, sock_from_file, TRACING),
	A(163, check_mtu, DEVICE),
	A(166, sys_bpf, TRACING),
	A(167, btf_find_by_name_kind, KERNEL_MEMORY),
	A(168, sys_close, TRACING),
	A(169, timer_init, TIMER),
	A(170, timer_set_callback, TIMER),
	A(171, timer_start, TIMER),
	A(172, timer_cancel, TIMER),
	A(173, get_func_ip, TRACING),
	A(174, get_attach_cookie, TRACING),
	A(175, task_pt_regs, KERNEL_MEMORY),
	A(176, get_branch_snapshot, KERNEL_MEMORY),
	A(178, skc_to_unix_sock, BTF_SOCK),
	A(179, kallsyms_lookup_name, KERNEL_MEMORY),
	A(180, find_vma, KERNEL_MEMORY),
	A(183, get_func_arg, TRACING),
	A(184, get_func_ret, TRACING),
	A(185, get_func_arg_cnt, TRACING),
	A(191, copy_from_user_task, KERNEL_MEMORY),
	A(193, ima_file_hash, TRACING),
	A(194, kptr_xchg, KPTR),
	A(196, skc_to_mptcp_sock, BTF_SOCK),
	A(197, dynptr_from_mem, DYNPTR),
	A(198, ringbuf_reserve_dynptr, DYNPTR),
	A(199, ringbuf_submit_dynptr, DYNPTR),
	A(200, ringbuf_discard_dynptr, DYNPTR),
	A(201, dynptr_read, DYNPTR),
	A(202, dynptr_write, DYNPTR),
	A(203, dynptr_data, DYNPTR),
	A(204, tcp_raw_gen_syncookie_ipv4, STACK),
	A(205, tcp_raw_gen_syncookie_ipv6, STACK),
	A(206, tcp_raw_check_syncookie_ipv4, STACK),
	A(207, tcp_raw_check_syncookie_ipv6, STACK),
	A(209, user_ringbuf_drain, DYNPTR),
	A(210, cgrp_storage_get, LOCAL_STORAGE),
	A(211, cgrp_storage_delete, LOCAL_STORAGE),
};
/* clang-format on */

const char *helper_name(u32 id)
{
	const struct helper *helper = helper_by_id(id);

	if (helper)
		return helper->name;
	return id < HELPER_IDS ? absents[id].name : NULL;
}

const char *helper_absence(u32 id)
{
	return id < HELPER_IDS ? absents[id].why : NULL;
}
