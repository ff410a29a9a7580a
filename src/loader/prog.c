/* SPDX-License-Identifier: BSD-2-Clause */
#include "loader/loader.h"

#include <bpf/libbpf.h>
#include <string.h>

/* Sections that libbpf 1.1 does not know yet. */
static const struct {
	const char *section;
	int attach_type;
} newer_sections[] = {
	{ "cgroup/connect_unix", BPF_CGROUP_UNIX_CONNECT },
	{ "cgroup/sendmsg_unix", BPF_CGROUP_UNIX_SENDMSG },
	{ "cgroup/recvmsg_unix", BPF_CGROUP_UNIX_RECVMSG },
	{ "cgroup/getpeername_unix", BPF_CGROUP_UNIX_GETPEERNAME },
	{ "cgroup/getsockname_unix", BPF_CGROUP_UNIX_GETSOCKNAME },
};

void prog_setup(struct cgbpf_prog *prog, struct cgbpf_object *object,
		struct bpf_program *bpf)
{
	const char *section = bpf_program__section_name(bpf);

	prog->object = object;
	prog->prog = bpf;
	prog->attach_type = (int)bpf_program__expected_attach_type(bpf);
	/* zero may be ingress, or nothing said */
	if (!prog->attach_type && strcmp(section, "cgroup_skb/ingress"))
		prog->attach_type = -1;
	/* the type is for both directions, and does not say which */
	if (!strcmp(section, "cgroup/skb"))
		prog->attach_type = -1;
	if (!strcmp(section, "cgroup/dev"))
		prog->attach_type = BPF_CGROUP_DEVICE;
	if (bpf_program__type(bpf) != BPF_PROG_TYPE_UNSPEC)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(newer_sections); i++) {
		int type = newer_sections[i].attach_type;

		if (strcmp(section, newer_sections[i].section))
			continue;
		bpf_program__set_type(bpf, BPF_PROG_TYPE_CGROUP_SOCK_ADDR);
		bpf_program__set_expected_attach_type(
			bpf, (enum bpf_attach_type)type);
		prog->attach_type = type;
	}
}

const char *cgbpf_prog_name(const struct cgbpf_prog *prog)
{
	return bpf_program__name(prog->prog);
}

const char *cgbpf_prog_section(const struct cgbpf_prog *prog)
{
	return bpf_program__section_name(prog->prog);
}

int cgbpf_prog_type(const struct cgbpf_prog *prog)
{
	return (int)bpf_program__type(prog->prog);
}

int cgbpf_prog_attach_type(const struct cgbpf_prog *prog)
{
	return prog->attach_type;
}

int cgbpf_prog_fd(const struct cgbpf_prog *prog)
{
	int fd = -1;

	if (prog->object->state == OBJECT_LOADED)
		fd = bpf_program__fd(prog->prog);
	return fd < 0 ? -ENOENT : fd;
}

int cgbpf_prog_set_autoload(struct cgbpf_prog *prog, bool autoload)
{
	if (prog->object->state != OBJECT_OPEN)
		return -EBUSY;
	return bpf_program__set_autoload(prog->prog, autoload);
}

int cgbpf_prog_set_log(struct cgbpf_prog *prog, uint32_t level, char *buf,
		       size_t size)
{
	int err;

	if (prog->object->state != OBJECT_OPEN)
		return -EBUSY;
	err = bpf_program__set_log_buf(prog->prog, buf, size);
	return err ? err : bpf_program__set_log_level(prog->prog, level);
}

int cgbpf_prog_set_attach_type(struct cgbpf_prog *prog, int attach_type)
{
	int err = 0;

	if (attach_type < 0 || attach_type >= UAPI_NR_ATTACH_TYPES)
		return -EINVAL;
	if (prog->object->state == OBJECT_OPEN)
		err = bpf_program__set_expected_attach_type(
			prog->prog, (enum bpf_attach_type)attach_type);
	if (!err)
		prog->attach_type = attach_type;
	return err;
}

/* One call about @prog at @cgroup, whose fd lives for just that long. */
static int call_at(struct cgbpf_prog *prog, struct cgbpf_cgroup *cgroup,
		   int cmd, uint32_t flags)
{
	struct cgbpf_task *task = cgbpf_env_task(prog->object->env);
	int prog_fd = cgbpf_prog_fd(prog);
	union attr attr = { 0 };
	int cgroup_fd, ret;

	if (prog_fd < 0)
		return prog_fd;
	if (prog->attach_type < 0)
		return -EINVAL;
	cgroup_fd = cgbpf_cgroup_open(task, cgroup);
	if (cgroup_fd < 0)
		return cgroup_fd;
	if (cmd == BPF_LINK_CREATE)
		attr.link_create = (struct attr_link_create){
			.prog_fd = (u32)prog_fd,
			.target_fd = (u32)cgroup_fd,
			.attach_type = (u32)prog->attach_type,
			.flags = flags,
		};
	else
		attr.prog_attach = (struct attr_prog_attach){
			.attach_bpf_fd = (u32)prog_fd,
			.target_fd = (u32)cgroup_fd,
			.attach_type = (u32)prog->attach_type,
			.attach_flags = flags,
		};
	ret = cgbpf_bpf(task, cmd, (union bpf_attr *)&attr, sizeof(attr));
	cgbpf_close(task, cgroup_fd);
	return ret;
}

int cgbpf_prog_attach(struct cgbpf_prog *prog, struct cgbpf_cgroup *cgroup,
		      uint32_t flags)
{
	return call_at(prog, cgroup, BPF_PROG_ATTACH, flags);
}

int cgbpf_prog_detach(struct cgbpf_prog *prog, struct cgbpf_cgroup *cgroup)
{
	return call_at(prog, cgroup, BPF_PROG_DETACH, 0);
}

int cgbpf_prog_link(struct cgbpf_prog *prog, struct cgbpf_cgroup *cgroup)
{
	return call_at(prog, cgroup, BPF_LINK_CREATE, 0);
}

int cgbpf_prog_pin(struct cgbpf_prog *prog, const char *path)
{
	struct redirect *redirect = &prog->object->redirect;
	int err;

	if (prog->object->state != OBJECT_LOADED)
		return -ENOENT;
	text_clear(&redirect->words);
	redirect_begin(redirect);
	err = bpf_program__pin(prog->prog, path);
	redirect_end(redirect);
	return err;
}
