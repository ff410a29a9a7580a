/* SPDX-License-Identifier: BSD-2-Clause */
/* Lockstep's cgroups, programs, attachments and queries. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object/attach_type.h"
#include "private.h"

int ls_cgroup(struct lockstep *ls, const char *path)
{
	int ret[2], handle;
	u64 id[2] = { 0, 0 };
	struct ls_handle *h;

	ls->calls++;
	for (int w = 0; w < 2 && *path; w++)
		ret[w] = ls->world[w]->ops->cgroup_new(ls->world[w], path);
	if (*path && ls_same_ret(ls, "mkdir", ret))
		return ret[0] == ret[1] ? ret[0] : LS_DIFF;
	for (int w = 0; w < 2; w++)
		ret[w] = ls->world[w]->ops->cgroup_open(ls->world[w], path);
	handle = ls_adopt(ls, LS_CGROUP, ret);
	if (handle < 0)
		return handle;
	for (int w = 0; w < 2; w++)
		ret[w] = ls->world[w]->ops->cgroup_id(ls->world[w], path,
						      &id[w]);
	if (ls_same_ret(ls, "cgroup id", ret))
		return LS_DIFF;
	ls_bind(ls, LS_CGROUP, handle, id[0], id[1]);
	h = ls_handle(ls, (u64)handle);
	h->path = strdup(path);
	return handle;
}

int ls_cgroup_remove(struct lockstep *ls, int cgroup)
{
	struct ls_handle *h = ls_handle(ls, (u64)cgroup);
	int ret[2], res;

	if (!h || !h->path)
		return -ENOENT;
	ls->calls++;
	for (int w = 0; w < 2; w++)
		ret[w] =
			ls->world[w]->ops->cgroup_remove(ls->world[w], h->path);
	res = ls_same_ret(ls, "rmdir", ret);
	if (!res) { /* the handle stays, as an fd on the removed cgroup */
		free(h->path);
		h->path = NULL;
	}
	return res;
}

int ls_prog_load(struct lockstep *ls, const struct attr_prog_load *load,
		 const struct bpf_insn *insns, u32 cnt)
{
	union attr attr = { .prog_load = *load };
	struct ls_handle *h;
	int ret;

	attr.prog_load.insns = (u64)(uintptr_t)insns;
	attr.prog_load.insn_cnt = cnt;
	if (!attr.prog_load.license)
		attr.prog_load.license = (u64)(uintptr_t) "GPL";
	ret = ls_bpf(ls, BPF_PROG_LOAD, &attr, sizeof(attr.prog_load));
	h = ls_handle(ls, (u64)ret);
	if (h) {
		h->type = load->prog_type;
		h->attach_type = load->expected_attach_type;
	}
	return ret;
}

int ls_prog(struct lockstep *ls, u32 type, u32 attach_type,
	    const struct bpf_insn *insns, u32 cnt)
{
	struct attr_prog_load attr = {
		.prog_type = type,
		.expected_attach_type = attach_type,
	};

	return ls_prog_load(ls, &attr, insns, cnt);
}

static u32 type_for(u32 attach_type)
{
	int i = attach_type_index(attach_type);

	return i < 0 ? BPF_PROG_TYPE_CGROUP_SKB : attach_types[i].prog_type;
}

int ls_prog_return(struct lockstep *ls, u32 attach_type, int ret)
{
	return LS_PROG(ls, type_for(attach_type), attach_type, MOVI(R0, ret),
		       EXIT());
}

int ls_prog_count(struct lockstep *ls, u32 attach_type, int map, int ret)
{
	return LS_PROG(ls, type_for(attach_type), attach_type, MOVI(R2, 0),
		       LDMAP(R1, map), CALL(get_local_storage), MOVI(R1, 1),
		       ATOMIC_ADD(BPF_DW, R0, 0, R1), MOVI(R0, ret), EXIT());
}

int ls_test_run(struct lockstep *ls, int prog, struct ls_run *run)
{
	static u8 data[2][LS_MAX_VALUE], ctx[2][512];
	union attr attr[2];
	int ret[2], res;

	ls->calls++;
	for (int w = 0; w < 2; w++) {
		memset(data[w], LS_FILL, sizeof(data[w]));
		memset(ctx[w], LS_FILL, sizeof(ctx[w]));
		attr[w] =
			(union attr){ .test_run = {
					      .prog_fd = (u32)prog,
					      .data_in = (u64)(uintptr_t)
								 run->data_in,
					      .data_size_in = run->data_size_in,
					      .data_out =
						      run->no_data_out
							      ? 0
							      : (u64)(uintptr_t)
									data[w],
					      .data_size_out =
						      run->data_size_out,
					      .ctx_in = (u64)(uintptr_t)
								run->ctx_in,
					      .ctx_size_in = run->ctx_size_in,
					      .ctx_out =
						      run->ctx_size_out
							      ? (u64)(uintptr_t)
									ctx[w]
							      : 0,
					      .ctx_size_out = run->ctx_size_out,
					      .repeat = run->repeat,
					      .flags = run->flags,
					      .cpu = run->cpu,
					      .batch_size = run->batch_size,
				      } };
		ret[w] = ls_call_one(ls, w, BPF_PROG_TEST_RUN, &attr[w],
				     sizeof(attr[w].test_run));
	}
	res = ls_same_ret(ls, "result", ret);
	if (res == LS_DIFF ||
	    ls_same_u64(ls, "retval", attr[0].test_run.retval,
			attr[1].test_run.retval) ||
	    ls_same_u64(ls, "data_size_out", attr[0].test_run.data_size_out,
			attr[1].test_run.data_size_out) ||
	    ls_same_u64(ls, "ctx_size_out", attr[0].test_run.ctx_size_out,
			attr[1].test_run.ctx_size_out) ||
	    ls_same_bytes(ls, "data", data[0], data[1], sizeof(data[0])) ||
	    ls_same_bytes(ls, "context", ctx[0], ctx[1], sizeof(ctx[0])))
		return LS_DIFF;
	run->retval = attr[0].test_run.retval;
	run->data_size_out = attr[0].test_run.data_size_out;
	run->ctx_size_out = attr[0].test_run.ctx_size_out;
	memcpy(run->data_out, data[0], sizeof(data[0]));
	memcpy(run->ctx_out, ctx[0], sizeof(ctx[0]));
	return res;
}

int ls_attach_at(struct lockstep *ls, const struct attr_prog_attach *attach)
{
	union attr attr = { .prog_attach = *attach };

	return ls_bpf(ls, BPF_PROG_ATTACH, &attr, sizeof(attr.prog_attach));
}

int ls_attach(struct lockstep *ls, int cgroup, int prog, u32 attach_type,
	      u32 flags)
{
	struct attr_prog_attach attr = {
		.target_fd = (u32)cgroup,
		.attach_bpf_fd = (u32)prog,
		.attach_type = attach_type,
		.attach_flags = flags,
	};

	return ls_attach_at(ls, &attr);
}

int ls_detach_at(struct lockstep *ls, const struct attr_prog_attach *attach)
{
	union attr attr = { .prog_attach = *attach };

	return ls_bpf(ls, BPF_PROG_DETACH, &attr, sizeof(attr.prog_attach));
}

int ls_detach(struct lockstep *ls, int cgroup, int prog, u32 attach_type)
{
	struct attr_prog_attach attr = {
		.target_fd = (u32)cgroup,
		.attach_bpf_fd = (u32)prog,
		.attach_type = attach_type,
	};

	return ls_detach_at(ls, &attr);
}

int ls_link_at(struct lockstep *ls, const struct attr_link_create *link)
{
	union attr attr = { .link_create = *link };

	return ls_bpf(ls, BPF_LINK_CREATE, &attr, sizeof(attr.link_create));
}

int ls_link(struct lockstep *ls, int cgroup, int prog, u32 attach_type)
{
	struct attr_link_create attr = {
		.prog_fd = (u32)prog,
		.target_fd = (u32)cgroup,
		.attach_type = attach_type,
	};

	return ls_link_at(ls, &attr);
}

int ls_link_update(struct lockstep *ls, int link, int prog, u32 flags,
		   int old_prog)
{
	union attr attr = { .link_update = {
				    .link_fd = (u32)link,
				    .new_prog_fd = (u32)prog,
				    .flags = flags,
				    .old_prog_fd = (u32)old_prog,
			    } };

	return ls_bpf(ls, BPF_LINK_UPDATE, &attr, sizeof(attr.link_update));
}

int ls_ours_link_update(struct lockstep *ls, int link, int prog)
{
	union attr attr = { .link_update = {
				    .link_fd = (u32)link,
				    .new_prog_fd = (u32)prog,
			    } };

	return ls_call_one(ls, 0, BPF_LINK_UPDATE, &attr,
			   sizeof(attr.link_update));
}

int ls_link_detach(struct lockstep *ls, int link)
{
	union attr attr = { .link_detach.link_fd = (u32)link };

	return ls_bpf(ls, BPF_LINK_DETACH, &attr, sizeof(attr.link_detach));
}

/* What one world wrote for a query. */
struct answer {
	union attr attr;
	u32 progs[LS_MAX_PROGS], prog_flags[LS_MAX_PROGS];
	u32 links[LS_MAX_PROGS], link_flags[LS_MAX_PROGS];
};

static int query_one(struct lockstep *ls, int which, union attr *attr, u32 what,
		     struct answer *a)
{
	struct attr_prog_query *query = &a->attr.prog_query;

	memset(a, LS_FILL, sizeof(*a));
	a->attr = *attr;
	if (!(what & LS_QUERY_NOIDS))
		query->prog_ids = (u64)(uintptr_t)a->progs;
	if (what & LS_QUERY_FLAGS)
		query->prog_attach_flags = (u64)(uintptr_t)a->prog_flags;
	if (what & LS_QUERY_LINKS) {
		query->link_ids = (u64)(uintptr_t)a->links;
		query->link_attach_flags = (u64)(uintptr_t)a->link_flags;
	}
	return ls_call_one(ls, which, BPF_PROG_QUERY, &a->attr, sizeof(*query));
}

/* Arrays of ids; what nobody wrote is the same in both. */
static int same_ids(struct lockstep *ls, const char *what, enum ls_kind kind,
		    const u32 *a, const u32 *b, u32 n)
{
	const u32 fill = LS_FILL * 0x01010101u;

	for (u32 i = 0; i < n; i++) {
		if (a[i] == fill && b[i] == fill)
			continue;
		if (ls_same_id(ls, what, kind, a[i], b[i]))
			return LS_DIFF;
	}
	return 0;
}

static int same_answers(struct lockstep *ls, struct answer a[2])
{
	const struct attr_prog_query *x = &a[0].attr.prog_query;
	const struct attr_prog_query *y = &a[1].attr.prog_query;

	if (ls_same_u64(ls, "attach_flags", x->attach_flags, y->attach_flags) ||
	    ls_same_u64(ls, "prog_cnt", x->prog_cnt, y->prog_cnt) ||
	    ls_same_u64(ls, "revision", x->revision, y->revision) ||
	    same_ids(ls, "prog_ids", LS_PROG, a[0].progs, a[1].progs,
		     LS_MAX_PROGS) ||
	    same_ids(ls, "link_ids", LS_LINK, a[0].links, a[1].links,
		     LS_MAX_PROGS) ||
	    ls_same_bytes(ls, "prog_attach_flags", a[0].prog_flags,
			  a[1].prog_flags, sizeof(a[0].prog_flags)) ||
	    ls_same_bytes(ls, "link_attach_flags", a[0].link_flags,
			  a[1].link_flags, sizeof(a[0].link_flags)))
		return LS_DIFF;
	return 0;
}

int ls_query(struct lockstep *ls, int cgroup, u32 attach_type, u32 flags,
	     u32 what, u32 room, struct ls_query *out)
{
	static struct answer a[2];
	int ret[2], res;

	ls->calls++;
	for (int w = 0; w < 2; w++) {
		union attr attr = { .prog_query = {
					    .target_fd = (u32)cgroup,
					    .attach_type = attach_type,
					    .query_flags = flags,
					    .prog_cnt = room,
				    } };

		ret[w] = query_one(ls, w, &attr, what, &a[w]);
	}
	res = ls_same_ret(ls, "query", ret);
	if (res == LS_DIFF || same_answers(ls, a))
		return LS_DIFF;
	if (!out)
		return res;
	out->attach_flags = a[0].attr.prog_query.attach_flags;
	out->prog_cnt = a[0].attr.prog_query.prog_cnt;
	out->revision = a[0].attr.prog_query.revision;
	for (u32 i = 0; i < LS_MAX_PROGS; i++) {
		out->progs[i] = ls_handle_by_id(ls, LS_PROG, 0, a[0].progs[i]);
		out->links[i] = ls_handle_by_id(ls, LS_LINK, 0, a[0].links[i]);
	}
	memcpy(out->prog_flags, a[0].prog_flags, sizeof(out->prog_flags));
	memcpy(out->link_flags, a[0].link_flags, sizeof(out->link_flags));
	return res;
}

int ls_observe(struct lockstep *ls, int cgroup, u32 attach_type)
{
	int ret = ls_query(ls, cgroup, attach_type, 0,
			   LS_QUERY_FLAGS | LS_QUERY_LINKS, LS_MAX_PROGS, NULL);

	if (ret == LS_DIFF)
		return ret;
	return ls_query(ls, cgroup, attach_type, BPF_F_QUERY_EFFECTIVE, 0,
			LS_MAX_PROGS, NULL);
}
