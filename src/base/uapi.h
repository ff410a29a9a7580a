/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bpf(2) ABI of Linux 6.18 on top of the system's <linux/bpf.h>, which may
 * be as old as 6.1.  Only what older headers lack is here: later enumerators
 * as macros, and the attributes of each command with their later members.
 */
#ifndef CGBPF_BASE_UAPI_H
#define CGBPF_BASE_UAPI_H

#include <linux/bpf.h>
#include <linux/btf.h>

#include "base/types.h"

/* enum bpf_cmd */
#define BPF_TOKEN_CREATE 36
#define BPF_PROG_STREAM_READ_BY_FD 37
#define UAPI_NR_CMDS 38

/* enum bpf_attach_type */
#define BPF_STRUCT_OPS 44
#define BPF_NETFILTER 45
#define BPF_TCX_INGRESS 46
#define BPF_TCX_EGRESS 47
#define BPF_TRACE_UPROBE_MULTI 48
#define BPF_CGROUP_UNIX_CONNECT 49
#define BPF_CGROUP_UNIX_SENDMSG 50
#define BPF_CGROUP_UNIX_RECVMSG 51
#define BPF_CGROUP_UNIX_GETPEERNAME 52
#define BPF_CGROUP_UNIX_GETSOCKNAME 53
#define BPF_NETKIT_PRIMARY 54
#define BPF_NETKIT_PEER 55
#define UAPI_NR_ATTACH_TYPES 58

/* enum bpf_map_type */
#define BPF_MAP_TYPE_CGRP_STORAGE 32
#define BPF_MAP_TYPE_ARENA 33
#define UAPI_NR_MAP_TYPES 34

/* enum bpf_prog_type */
#define BPF_PROG_TYPE_NETFILTER 32
#define UAPI_NR_PROG_TYPES 33

/* flags of PROG_ATTACH and LINK_CREATE */
#ifndef BPF_F_BEFORE
#define BPF_F_BEFORE (1U << 3)
#define BPF_F_AFTER (1U << 4)
#define BPF_F_ID (1U << 5)
#endif
#ifndef BPF_F_PREORDER
#define BPF_F_PREORDER (1U << 6)
#endif
#define UAPI_F_LINK (1U << 13) /* BPF_F_LINK, an enumerator since 6.6 */

/* flags of MAP_CREATE */
#define UAPI_F_PATH_FD (1U << 14)
#define UAPI_F_VTYPE_BTF_OBJ_FD (1U << 15)
#define UAPI_F_TOKEN_FD (1U << 16)
#define UAPI_F_SEGV_ON_FAULT (1U << 17)
#define UAPI_F_NO_USER_CONV (1U << 18)

/* flags of PROG_LOAD */
#define UAPI_F_XDP_DEV_BOUND_ONLY (1U << 6)
#define UAPI_F_TEST_REG_INVARIANTS (1U << 7)

#define UAPI_OBJ_NAME_LEN 16
#define UAPI_TAG_SIZE 8

/*
 * union attr - the attributes of bpf(2), as of Linux 6.18; one member for each
 * command family.  A caller's copy may be shorter (missing members are zero)
 * or longer (what is beyond must be zero).
 */
union attr {
	struct attr_map_create {
		u32 map_type, key_size, value_size, max_entries, map_flags;
		u32 inner_map_fd, numa_node;
		char map_name[UAPI_OBJ_NAME_LEN];
		u32 map_ifindex;
		u32 btf_fd, btf_key_type_id, btf_value_type_id;
		u32 btf_vmlinux_value_type_id;
		u64 map_extra;
		s32 value_type_btf_obj_fd, map_token_fd;
		u64 excl_prog_hash;
		u32 excl_prog_hash_size;
	} map_create;
	struct attr_map_elem {
		u32 map_fd;
		u64 key __attribute__((aligned(8)));
		union {
			u64 value, next_key;
		};
		u64 flags;
	} map_elem;
	struct attr_map_batch {
		u64 in_batch, out_batch, keys, values;
		u32 count, map_fd;
		u64 elem_flags, flags;
	} map_batch;
	struct attr_prog_load {
		u32 prog_type, insn_cnt;
		u64 insns, license;
		u32 log_level, log_size;
		u64 log_buf;
		u32 kern_version, prog_flags;
		char prog_name[UAPI_OBJ_NAME_LEN];
		u32 prog_ifindex, expected_attach_type, prog_btf_fd;
		u32 func_info_rec_size;
		u64 func_info;
		u32 func_info_cnt, line_info_rec_size;
		u64 line_info;
		u32 line_info_cnt, attach_btf_id;
		union {
			u32 attach_prog_fd, attach_btf_obj_fd;
		};
		u32 core_relo_cnt;
		u64 fd_array, core_relos;
		u32 core_relo_rec_size, log_true_size;
		s32 prog_token_fd;
		u32 fd_array_cnt;
		u64 signature;
		u32 signature_size;
		s32 keyring_id;
	} prog_load;
	struct attr_obj {
		u64 pathname;
		u32 bpf_fd, file_flags;
		s32 path_fd;
	} obj;
	struct attr_prog_attach {
		u32 target_fd, attach_bpf_fd, attach_type, attach_flags;
		u32 replace_bpf_fd;
		union {
			u32 relative_fd, relative_id;
		};
		u64 expected_revision;
	} prog_attach;
	struct attr_test_run {
		u32 prog_fd, retval, data_size_in, data_size_out;
		u64 data_in, data_out;
		u32 repeat, duration, ctx_size_in, ctx_size_out;
		u64 ctx_in, ctx_out;
		u32 flags, cpu, batch_size;
	} test_run;
	struct attr_id {
		union {
			u32 start_id, prog_id, map_id, btf_id, link_id;
		};
		u32 next_id, open_flags;
		s32 fd_by_id_token_fd;
	} id;
	struct attr_info {
		u32 bpf_fd, info_len;
		u64 info;
	} info;
	struct attr_prog_query {
		u32 target_fd, attach_type, query_flags, attach_flags;
		u64 prog_ids;
		u32 prog_cnt;
		u64 prog_attach_flags __attribute__((aligned(8)));
		u64 link_ids, link_attach_flags, revision;
	} prog_query;
	struct attr_btf_load {
		u64 btf, btf_log_buf;
		u32 btf_size, btf_log_size, btf_log_level, btf_log_true_size;
		u32 btf_flags;
		s32 btf_token_fd;
	} btf_load;
	struct attr_task_fd_query {
		u32 pid, fd, flags, buf_len;
		u64 buf;
		u32 prog_id, fd_type;
		u64 probe_offset, probe_addr;
	} task_fd_query;
	struct attr_link_create {
		u32 prog_fd, target_fd, attach_type, flags;
		union {
			u32 target_btf_id;
			struct {
				u32 relative_fd; /* or id, with BPF_F_ID */
				u64 expected_revision
					__attribute__((aligned(8)));
			} cgroup;
			u8 largest[48]; /* the other link types' */
		};
	} link_create;
	struct attr_link_update {
		u32 link_fd, new_prog_fd, flags, old_prog_fd;
	} link_update;
	struct attr_link_detach {
		u32 link_fd;
	} link_detach;
	struct attr_enable_stats {
		u32 type;
	} enable_stats;
	struct attr_prog_bind_map {
		u32 prog_fd, map_fd, flags;
	} prog_bind_map;
	struct attr_raw_tracepoint {
		u64 name;
		u32 prog_fd;
		u64 cookie __attribute__((aligned(8)));
	} raw_tracepoint;
	struct attr_iter_create {
		u32 link_fd, flags;
	} iter_create;
	struct attr_token_create {
		u32 flags, bpffs_fd;
	} token_create;
	struct attr_prog_stream_read {
		u64 stream_buf;
		u32 stream_buf_len, stream_id, prog_fd;
	} prog_stream_read;
};

/* struct bpf_prog_info, bpf_map_info, bpf_btf_info and bpf_link_info: 6.18's */
struct info_prog {
	u32 type, id;
	u8 tag[UAPI_TAG_SIZE];
	u32 jited_prog_len, xlated_prog_len;
	u64 jited_prog_insns, xlated_prog_insns, load_time;
	u32 created_by_uid, nr_map_ids;
	u64 map_ids;
	char name[UAPI_OBJ_NAME_LEN];
	u32 ifindex, gpl_compatible; /* a bit field in the uapi */
	u64 netns_dev, netns_ino;
	u32 nr_jited_ksyms, nr_jited_func_lens;
	u64 jited_ksyms, jited_func_lens;
	u32 btf_id, func_info_rec_size;
	u64 func_info;
	u32 nr_func_info, nr_line_info;
	u64 line_info, jited_line_info;
	u32 nr_jited_line_info, line_info_rec_size, jited_line_info_rec_size;
	u32 nr_prog_tags;
	u64 prog_tags, run_time_ns, run_cnt, recursion_misses;
	u32 verified_insns, attach_btf_obj_id, attach_btf_id;
} __attribute__((aligned(8)));

struct info_map {
	u32 type, id, key_size, value_size, max_entries, map_flags;
	char name[UAPI_OBJ_NAME_LEN];
	u32 ifindex, btf_vmlinux_value_type_id;
	u64 netns_dev, netns_ino;
	u32 btf_id, btf_key_type_id, btf_value_type_id, btf_vmlinux_id;
	u64 map_extra, hash;
	u32 hash_size;
} __attribute__((aligned(8)));

struct info_btf {
	u64 btf;
	u32 btf_size, id;
	u64 name;
	u32 name_len, kernel_btf;
} __attribute__((aligned(8)));

struct info_link {
	u32 type, id, prog_id;
	struct {
		u64 cgroup_id __attribute__((aligned(8)));
		u32 attach_type;
		u8 largest[36]; /* the other link types' */
	} cgroup;
} __attribute__((aligned(8)));

#endif
