/* SPDX-License-Identifier: BSD-2-Clause */
#include "syscall/syscall.h"

#include <string.h>

#include "cgbpf.h"

/* A command ends with its @last member: what follows must be zero. */
#define LAST(member) \
	(offsetof(union attr, member) + sizeof(((union attr *)0)->member))

/* up to uprobe_multi.pid, the last member of the longest link type */
#define LINK_CREATE_SIZE 60

/*
 * The one table of commands: X(command, bytes it knows, function).  What each
 * command's last member is, is 6.18's.
 */
#define COMMANDS(X)                                                            \
	X(BPF_MAP_CREATE, LAST(map_create.excl_prog_hash_size),                \
	  sys_map_create)                                                      \
	X(BPF_MAP_LOOKUP_ELEM, LAST(map_elem.flags), sys_map_lookup_elem)      \
	X(BPF_MAP_UPDATE_ELEM, LAST(map_elem.flags), sys_map_update_elem)      \
	X(BPF_MAP_DELETE_ELEM, LAST(map_elem.key), sys_map_delete_elem)        \
	X(BPF_MAP_GET_NEXT_KEY, LAST(map_elem.next_key), sys_map_get_next_key) \
	X(BPF_PROG_LOAD, LAST(prog_load.keyring_id), sys_prog_load)            \
	X(BPF_OBJ_PIN, LAST(obj.path_fd), sys_obj_pin)                         \
	X(BPF_OBJ_GET, LAST(obj.path_fd), sys_obj_get)                         \
	X(BPF_PROG_ATTACH, LAST(prog_attach.expected_revision),                \
	  sys_prog_attach)                                                     \
	X(BPF_PROG_DETACH, LAST(prog_attach.expected_revision),                \
	  sys_prog_detach)                                                     \
	X(BPF_PROG_TEST_RUN, LAST(test_run.batch_size), sys_prog_test_run)     \
	X(BPF_PROG_GET_NEXT_ID, LAST(id.next_id), sys_prog_get_next_id)        \
	X(BPF_MAP_GET_NEXT_ID, LAST(id.next_id), sys_map_get_next_id)          \
	X(BPF_PROG_GET_FD_BY_ID, LAST(id.prog_id), sys_prog_get_fd_by_id)      \
	X(BPF_MAP_GET_FD_BY_ID, LAST(id.open_flags), sys_map_get_fd_by_id)     \
	X(BPF_OBJ_GET_INFO_BY_FD, LAST(info.info), sys_obj_get_info_by_fd)     \
	X(BPF_PROG_QUERY, LAST(prog_query.revision), sys_prog_query)           \
	X(BPF_RAW_TRACEPOINT_OPEN, LAST(raw_tracepoint.cookie),                \
	  sys_raw_tracepoint_open)                                             \
	X(BPF_BTF_LOAD, LAST(btf_load.btf_token_fd), sys_btf_load)             \
	X(BPF_BTF_GET_FD_BY_ID, LAST(id.fd_by_id_token_fd),                    \
	  sys_btf_get_fd_by_id)                                                \
	X(BPF_TASK_FD_QUERY, LAST(task_fd_query.probe_addr),                   \
	  sys_task_fd_query)                                                   \
	X(BPF_MAP_LOOKUP_AND_DELETE_ELEM, LAST(map_elem.flags),                \
	  sys_map_lookup_and_delete_elem)                                      \
	X(BPF_MAP_FREEZE, LAST(map_elem.map_fd), sys_map_freeze)               \
	X(BPF_BTF_GET_NEXT_ID, LAST(id.next_id), sys_btf_get_next_id)          \
	X(BPF_MAP_LOOKUP_BATCH, LAST(map_batch.flags), sys_map_lookup_batch)   \
	X(BPF_MAP_LOOKUP_AND_DELETE_BATCH, LAST(map_batch.flags),              \
	  sys_map_lookup_and_delete_batch)                                     \
	X(BPF_MAP_UPDATE_BATCH, LAST(map_batch.flags), sys_map_update_batch)   \
	X(BPF_MAP_DELETE_BATCH, LAST(map_batch.flags), sys_map_delete_batch)   \
	X(BPF_LINK_CREATE, LINK_CREATE_SIZE, sys_link_create)                  \
	X(BPF_LINK_UPDATE, LAST(link_update.old_prog_fd), sys_link_update)     \
	X(BPF_LINK_GET_FD_BY_ID, LAST(id.link_id), sys_link_get_fd_by_id)      \
	X(BPF_LINK_GET_NEXT_ID, LAST(id.next_id), sys_link_get_next_id)        \
	X(BPF_ENABLE_STATS, LAST(enable_stats.type), sys_enable_stats)         \
	X(BPF_ITER_CREATE, LAST(iter_create.flags), sys_iter_create)           \
	X(BPF_LINK_DETACH, LAST(link_detach.link_fd), sys_link_detach)         \
	X(BPF_PROG_BIND_MAP, LAST(prog_bind_map.flags), sys_prog_bind_map)     \
	X(BPF_TOKEN_CREATE, LAST(token_create.bpffs_fd), sys_token_create)     \
	X(BPF_PROG_STREAM_READ_BY_FD, LAST(prog_stream_read.prog_fd),          \
	  sys_prog_stream_read)

struct command {
	int (*run)(struct call *call);
	u32 size; /* bytes of the attributes that it knows */
};

static const struct command commands[UAPI_NR_CMDS] = {
#define X(cmd, known, function) [cmd] = { .run = (function), .size = (known) },
	COMMANDS(X)
#undef X
};

#define X(cmd, known, function) +1
static_assert((COMMANDS(X)) == UAPI_NR_CMDS, "every command is answered");
#undef X

int cgbpf_bpf(struct cgbpf_task *task, int cmd, union bpf_attr *attr,
	      unsigned int size)
{
	struct call call = { .task = task, .uattr = ptr_to_u64(attr) };
	const struct command *command;
	int err;

	err = call_check_tail(task, call.uattr, sizeof(call.attr), size);
	if (err)
		return err;
	call.size = min(size, (u32)sizeof(call.attr));
	if (task_copy_in(task, &call.attr, call.uattr, call.size))
		return -EFAULT;
	if (cmd < 0 || cmd >= UAPI_NR_CMDS)
		return -EINVAL;
	command = &commands[cmd];
	if (!call_zero((const u8 *)&call.attr + command->size,
		       sizeof(call.attr) - command->size))
		return -EINVAL;
	return command->run(&call);
}
