/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Test runs of XDP programs.
 *
 * What does not fit into a page with its head and tail room lies in fragments
 * behind: programs do not reach it, and it comes out as it went in.
 */
#include "base/alloc.h"
#include "hook/hook.h"
#include "hook/test_run.h"
#include "vm/xdp.h"

#define HEADROOM 256u
#define TAILROOM 320u
#define FRAME_STRUCT 40u /* part of the head room that is no program's */
#define META_MAX 255u
#define FRAGS_MAX 17u
#define LIVE_FRAMES (1u << 1)

struct xdp_test {
	struct xdp_ctx xdp;
	struct xdp_md md;
	bool has_md;
	u32 meta, linear; /* bytes of meta data; of it and the first part */
	u8 *buf;	  /* the first page; what follows it are fragments */
	u32 frags;
};

/* How the caller wants it divided: -EINVAL. */
static int md_check(const struct test *test, struct xdp_test *t)
{
	const struct xdp_md *md = &t->md;

	t->linear = test->attr->data_size_in;
	if (!t->has_md)
		return 0;
	if (md->data_meta || md->data_end > test->attr->data_size_in ||
	    md->data > md->data_end)
		return -EINVAL;
	if (md->data % 4 || md->data > META_MAX ||
	    md->data > HEADROOM - FRAME_STRUCT)
		return -EINVAL;
	t->meta = md->data;
	t->linear = md->data_end;
	return 0;
}

/* -ENODEV, -EINVAL: only queue 0 of lo is there. */
static int md_device(const struct xdp_test *t)
{
	const struct xdp_md *md = &t->md;

	if (md->egress_ifindex || (!md->ingress_ifindex && md->rx_queue_index))
		return -EINVAL;
	if (md->ingress_ifindex > 1)
		return -ENODEV;
	return md->rx_queue_index ? -EINVAL : 0;
}

static int frame_read(const struct test *test, struct xdp_test *t)
{
	u32 size = test->attr->data_size_in, headroom = HEADROOM - t->meta;
	u32 room = PAGE_SIZE - headroom - TAILROOM;
	struct xdp_ctx *xdp = &t->xdp;

	t->linear = min(t->linear, room);
	if (size - t->meta < TEST_DATA_MIN)
		return -EINVAL;
	t->frags = size - t->linear;
	if (t->frags > FRAGS_MAX * PAGE_SIZE)
		return -ENOMEM;
	t->buf = mem_zalloc(PAGE_SIZE + round_up(t->frags, PAGE_SIZE));
	if (!t->buf)
		return -ENOMEM;
	xdp->head = t->buf;
	xdp->limit = t->buf + PAGE_SIZE - TAILROOM;
	xdp->data_meta = t->buf + headroom;
	xdp->data = xdp->data_meta + t->meta;
	xdp->data_end = xdp->data_meta + t->linear;
	xdp->frags = t->buf + PAGE_SIZE;
	xdp->frags_len = t->frags;
	xdp->ingress_ifindex = 1;
	if (task_copy_in(test->task, xdp->data_meta, test->attr->data_in,
			 t->linear))
		return -EFAULT;
	if (t->has_md && md_device(t))
		return md_device(t);
	return task_copy_in(test->task, t->buf + PAGE_SIZE,
			    test->attr->data_in + t->linear, t->frags);
}

static int frame_write(struct test *test, struct xdp_test *t)
{
	struct xdp_ctx *xdp = &t->xdp;
	u32 linear = xdp->data_end - xdp->data_meta;
	int err;

	err = test_data_write(test, xdp->data_meta, linear + xdp->frags_len,
			      xdp->frags, xdp->frags_len);
	if (err || !t->has_md)
		return err;
	t->md.data = xdp->data - xdp->data_meta;
	t->md.data_end = linear;
	return test_ctx_write(test, &t->md, sizeof(t->md));
}

int test_run_xdp(struct test *test, struct prog *prog)
{
	const struct attr_test_run *attr = test->attr;
	struct xdp_test t = { .has_md = false };
	int err;

	if (prog->expected_attach_type == BPF_XDP_DEVMAP ||
	    prog->expected_attach_type == BPF_XDP_CPUMAP)
		return -EINVAL;
	if (attr->flags & ~LIVE_FRAMES)
		return -EINVAL;
	/* frames that a device would send: there is none */
	if (attr->flags & LIVE_FRAMES)
		return -EOPNOTSUPP;
	if (attr->batch_size)
		return -EINVAL;
	err = test_ctx_read(test, &t.md, sizeof(t.md), &t.has_md);
	if (!err)
		err = md_check(test, &t);
	if (!err)
		err = frame_read(test, &t);
	if (!err)
		err = test_runs(test, prog, &t.xdp);
	if (!err)
		err = frame_write(test, &t);
	mem_free(t.buf);
	return err;
}
