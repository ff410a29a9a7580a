/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The attributes of BPF_BTF_LOAD, here and in the live kernel: logs of all
 * levels and sizes, flags, and what is written back.
 */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "btf_text.h"
#include "object/env.h"
#include "syscall/syscall.h"

#define LOG_ROOM 4096

struct result {
	int err; /* 0 for an fd */
	u32 true_size;
	char log[LOG_ROOM];
};

static struct cgbpf_task *task;
static unsigned int compared, differences;

static void theirs(const struct attr_btf_load *given, u32 size,
		   struct result *r)
{
	struct attr_btf_load attr = *given;
	long fd;

	memset(r, 0x55, sizeof(*r));
	if (attr.btf_log_buf == 1)
		attr.btf_log_buf = ptr_to_u64(r->log);
	fd = syscall(SYS_bpf, BPF_BTF_LOAD, &attr, size);
	r->err = fd < 0 ? -errno : 0;
	r->true_size = attr.btf_log_true_size;
	if (fd >= 0)
		close((int)fd);
}

static void ours(const struct attr_btf_load *given, u32 size, struct result *r)
{
	struct attr_btf_load attr = *given;
	struct call call = { .task = task, .size = size };
	int fd;

	memset(r, 0x55, sizeof(*r));
	if (attr.btf_log_buf == 1)
		attr.btf_log_buf = ptr_to_u64(r->log);
	memcpy(&call.attr, &attr, min(size, (u32)sizeof(attr)));
	call.uattr = ptr_to_u64(&attr);
	fd = sys_btf_load(&call);
	r->err = fd < 0 ? fd : 0;
	r->true_size = attr.btf_log_true_size;
	if (fd >= 0)
		task_local_close(task, fd);
}

static void compare(const struct attr_btf_load *attr, u32 size)
{
	static struct result a, b;

	theirs(attr, size, &a);
	ours(attr, size, &b);
	compared++;
	if (a.err == b.err && a.true_size == b.true_size &&
	    !memcmp(a.log, b.log, LOG_ROOM))
		return;
	differences++;
	printf("level %u size %u buf %llx flags %x fd %d attr %u: kernel %d "
	       "%u, ours %d %u%s\n",
	       attr->btf_log_level, attr->btf_log_size,
	       (unsigned long long)attr->btf_log_buf, attr->btf_flags,
	       attr->btf_token_fd, size, a.err, a.true_size, b.err, b.true_size,
	       memcmp(a.log, b.log, LOG_ROOM) ? ", another log" : "");
}

static void logs(const struct blob *b)
{
	static const u32 sizes[] = {
		0,   1,	  2,   10,	 100,	     150,	200,
		216, 217, 218, 219,	 220,	     400,	450,
		451, 452, 500, LOG_ROOM, 0x3fffffff, 0x40000000
	};
	static const u64 buffers[] = { 0, 1, 16 };
	struct attr_btf_load attr = { .btf = ptr_to_u64(b->data),
				      .btf_size = b->size,
				      .btf_log_true_size = 77 };

	for (u32 level = 0; level < 18; level++)
		for (u32 i = 0; i < ARRAY_SIZE(sizes); i++)
			for (u32 k = 0; k < ARRAY_SIZE(buffers); k++) {
				attr.btf_log_level = level;
				attr.btf_log_size = sizes[i];
				attr.btf_log_buf = buffers[k];
				compare(&attr, sizeof(attr));
				compare(&attr, 28);
				compare(&attr, 32);
			}
}

static void flags(const struct blob *b)
{
	struct attr_btf_load attr = { .btf = ptr_to_u64(b->data),
				      .btf_size = b->size };

	for (u32 bit = 0; bit < 32; bit++) {
		attr.btf_flags = 1u << bit;
		attr.btf_token_fd = -1;
		compare(&attr, sizeof(attr));
		attr.btf_token_fd = 0;
		attr.btf_flags |= UAPI_F_TOKEN_FD;
		if (bit != 16)
			compare(&attr, sizeof(attr));
	}
	/* which comes first? */
	attr.btf_flags = 0;
	attr.btf = 0;
	compare(&attr, sizeof(attr));
	attr.btf_log_level = 99;
	compare(&attr, sizeof(attr));
	attr.btf_size = 16 << 20;
	compare(&attr, sizeof(attr));
	attr.btf_size++;
	compare(&attr, sizeof(attr));
	attr.btf_log_level = 0;
	compare(&attr, sizeof(attr));
	attr.btf_size = UINT32_MAX;
	compare(&attr, sizeof(attr));
	attr.btf_size = 0;
	compare(&attr, sizeof(attr));
}

int main(void)
{
	static struct cgbpf_env env;
	static struct blob good, bad;
	static struct result r;
	struct attr_btf_load attr = { 0 };

	blob_init(&good);
	blob_text(&good, "INT i 0 0 4 0x20\nSTRUCT s 2 0 8 'a' 1 0 'b' 1 32\n"
			 "PTR - 0 0 2\nTYPEDEF typedef 0 0 3\n");
	blob_finish(&good);
	blob_init(&bad);
	blob_text(&bad, "INT i 0 0 4 0x20\nSTRUCT s 2 0 8 'a' 1 0 'b' 1 33\n");
	blob_finish(&bad);
	attr.btf = ptr_to_u64(good.data);
	attr.btf_size = good.size;
	theirs(&attr, sizeof(attr), &r);
	if (r.err) {
		printf("skipped: the kernel does not let us load BTF\n");
		goto out;
	}
	for (int i = 0; i < OBJECT_KINDS; i++)
		idtable_init(&env.ids[i]);
	if (task_local_new(&task, &env))
		return 1;
	logs(&good);
	logs(&bad);
	flags(&good);
	task_local_free(task);
	for (int i = 0; i < OBJECT_KINDS; i++)
		idtable_destroy(&env.ids[i]);
	printf("%u calls, %u differences\n", compared, differences);
out:
	free(good.data);
	free(bad.data);
	return r.err ? 77 : differences != 0;
}
