/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bpf(2): one table of commands, one file for each family.
 *
 * The dispatcher copies the attributes in once (missing members zero, a
 * non-zero tail is -E2BIG), checks that what lies after a command's last
 * member is zero (-EINVAL), and calls the command.  Results go back with
 * task_copy_out() at @uattr, never by copying the whole back.
 */
#ifndef CGBPF_SYSCALL_SYSCALL_H
#define CGBPF_SYSCALL_SYSCALL_H

#include "base/uapi.h"
#include "object/task.h"

struct call {
	struct cgbpf_task *task;
	union attr attr;
	u64 uattr;
	u32 size; /* as the caller said: results beyond it are not written */
};

/* Writes a member of the caller's attributes: CALL_PUT(call, id.next_id, v) */
#define CALL_PUT(call, member, value)                                    \
	task_copy_out((call)->task,                                      \
		      (call)->uattr + offsetof(union attr, member),      \
		      &(__typeof__(((union attr *)0)->member)){ value }, \
		      sizeof(((union attr *)0)->member))

/* syscall/call.c */
bool call_zero(const u8 *bytes, size_t n);
/*
 * call_check_tail() - a caller's struct of @size bytes, of which we know the
 * first @known: -E2BIG if it is above a page or has something in the rest.
 */
int call_check_tail(struct cgbpf_task *task, u64 addr, u32 known, u32 size);

/* There are no BPF tokens here: no fd is one.  -EBADF, -EINVAL. */
int call_check_token(struct cgbpf_task *task, int fd);

/* syscall/map.c */
int sys_map_create(struct call *call);
int sys_map_lookup_elem(struct call *call);
int sys_map_update_elem(struct call *call);
int sys_map_delete_elem(struct call *call);
int sys_map_get_next_key(struct call *call);
int sys_map_lookup_and_delete_elem(struct call *call);
int sys_map_freeze(struct call *call);
/* syscall/batch.c */
int sys_map_lookup_batch(struct call *call);
int sys_map_lookup_and_delete_batch(struct call *call);
int sys_map_update_batch(struct call *call);
int sys_map_delete_batch(struct call *call);
/* syscall/btf.c */
int sys_btf_load(struct call *call);
/* syscall/prog.c */
int sys_prog_load(struct call *call);
int sys_prog_test_run(struct call *call);
int sys_prog_bind_map(struct call *call);
/* syscall/attach.c */
int sys_prog_attach(struct call *call);
int sys_prog_detach(struct call *call);
int sys_prog_query(struct call *call);
int sys_link_create(struct call *call);
int sys_link_update(struct call *call);
int sys_link_detach(struct call *call);
/* syscall/object.c */
int sys_obj_pin(struct call *call);
int sys_obj_get(struct call *call);
int sys_prog_get_next_id(struct call *call);
int sys_map_get_next_id(struct call *call);
int sys_btf_get_next_id(struct call *call);
int sys_link_get_next_id(struct call *call);
int sys_prog_get_fd_by_id(struct call *call);
int sys_map_get_fd_by_id(struct call *call);
int sys_btf_get_fd_by_id(struct call *call);
int sys_link_get_fd_by_id(struct call *call);
int sys_enable_stats(struct call *call);
/* syscall/info.c */
int sys_obj_get_info_by_fd(struct call *call);
/* syscall/absent.c: what cannot exist here */
int sys_raw_tracepoint_open(struct call *call);
int sys_task_fd_query(struct call *call);
int sys_iter_create(struct call *call);
int sys_token_create(struct call *call);
int sys_prog_stream_read(struct call *call);

#endif
