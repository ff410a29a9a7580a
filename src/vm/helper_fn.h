/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions behind the table of helpers, for that table only. */
#ifndef CGBPF_VM_HELPER_FN_H
#define CGBPF_VM_HELPER_FN_H

#include "vm/helper.h"
#include "vm/run.h"

struct cgbpf_sock;

/*
 * HELPER(name) - the head of a helper's definition.  The verifier, or the
 * checked interpreter, has checked all pointers and sizes.
 */
#define HELPER(name)                                      \
	u64 helper_##name(u64 r1 __attribute__((unused)), \
			  u64 r2 __attribute__((unused)), \
			  u64 r3 __attribute__((unused)), \
			  u64 r4 __attribute__((unused)), \
			  u64 r5 __attribute__((unused)), \
			  struct run *run __attribute__((unused)))

/* The socket of the event, by the type of the program that runs; or NULL. */
struct cgbpf_sock *run_sock(const struct run *run);
u32 run_uid(const struct run *run);

/* helper_map.c */
HELPER(map_lookup_elem);
HELPER(map_update_elem);
HELPER(map_delete_elem);
HELPER(map_push_elem);
HELPER(map_pop_elem);
HELPER(map_peek_elem);
HELPER(map_lookup_percpu_elem);
HELPER(get_local_storage);
HELPER(spin_lock);
HELPER(spin_unlock);
/* helper_task.c */
HELPER(ktime_get_ns);
HELPER(ktime_get_boot_ns);
HELPER(ktime_get_coarse_ns);
HELPER(ktime_get_tai_ns);
HELPER(jiffies64);
HELPER(get_prandom_u32);
HELPER(get_smp_processor_id);
HELPER(get_numa_node_id);
HELPER(get_current_pid_tgid);
HELPER(get_current_uid_gid);
HELPER(get_current_comm);
HELPER(get_current_cgroup_id);
HELPER(get_current_ancestor_cgroup_id);
HELPER(current_task_under_cgroup);
HELPER(get_cgroup_classid);
HELPER(get_retval);
HELPER(set_retval);
/* helper_call.c */
HELPER(loop);
HELPER(for_each_map_elem);
/* helper_string.c */
HELPER(strtol);
HELPER(strtoul);
HELPER(strncmp);
/* helper_format.c */
HELPER(trace_printk);
HELPER(trace_vprintk);
HELPER(snprintf);
/* helper_skb.c */
HELPER(skb_load_bytes);
HELPER(skb_load_bytes_relative);
HELPER(skb_store_bytes);
HELPER(skb_pull_data);
HELPER(skb_change_type);
HELPER(skb_ecn_set_ce);
HELPER(get_hash_recalc);
HELPER(set_hash_invalid);
HELPER(set_hash);
HELPER(get_route_realm);
HELPER(skb_under_cgroup);
HELPER(skb_cgroup_id);
HELPER(skb_ancestor_cgroup_id);
HELPER(skb_cgroup_classid);
HELPER(redirect);
/* helper_skb_room.c */
HELPER(skb_change_tail);
HELPER(skb_change_head);
HELPER(csum_level);
HELPER(skb_set_tstamp);
/* helper_xdp.c */
HELPER(xdp_get_buff_len);
HELPER(xdp_adjust_head);
HELPER(xdp_adjust_meta);
HELPER(xdp_adjust_tail);
HELPER(xdp_load_bytes);
HELPER(xdp_store_bytes);
/* helper_record.c */
HELPER(ringbuf_output);
HELPER(ringbuf_reserve);
HELPER(ringbuf_submit);
HELPER(ringbuf_discard);
HELPER(ringbuf_query);
HELPER(sk_storage_get);
HELPER(sk_storage_delete);
/* helper_csum.c */
HELPER(csum_diff);
HELPER(csum_update);
HELPER(l3_csum_replace);
HELPER(l4_csum_replace);
/* helper_sock.c */
HELPER(get_socket_cookie);
HELPER(get_socket_uid);
HELPER(get_netns_cookie);
HELPER(sk_cgroup_id);
HELPER(sk_ancestor_cgroup_id);
HELPER(sk_fullsock);
HELPER(tcp_sock);
HELPER(get_listener_sock);
HELPER(sk_lookup_tcp);
HELPER(sk_lookup_udp);
HELPER(skc_lookup_tcp);
HELPER(sk_release);
/* helper_sockopt.c */
HELPER(setsockopt);
HELPER(getsockopt);
HELPER(bind);
/* helper_sysctl.c */
HELPER(sysctl_get_name);
HELPER(sysctl_get_current_value);
HELPER(sysctl_get_new_value);
HELPER(sysctl_set_new_value);

#endif
