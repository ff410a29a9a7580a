/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory of a known size: a pointer into it may have moved by any amount, as
 * long as its least and its greatest place both leave room for the access.
 *
 * A packet's size is what comparisons with its end have told: range, which is
 * counted from after the pointer's variable part.
 */
#include "verifier/access.h"
#include "verifier/show.h"

/* Beyond this a pointer could wrap: see resolve.c, too. */
#define MAX_VAR_OFF (1u << 29)

static int refuse_place(struct verifier *v, const struct touch *t, s32 off,
			u32 limit)
{
	switch (t->reg->kind) {
	case REG_MAP_KEY:
		log_printf(v->log,
			   "invalid access to map key, key_size=%u off=%d "
			   "size=%d\n",
			   limit, off, (s32)t->size);
		break;
	case REG_MAP_VALUE:
		log_printf(v->log,
			   "invalid access to map value, value_size=%u off=%d "
			   "size=%d\n",
			   limit, off, (s32)t->size);
		break;
	case REG_PACKET:
	case REG_PACKET_META:
		log_printf(v->log,
			   "invalid access to packet, off=%d size=%d, "
			   "R%u(id=%u,off=%d,r=%u)\n",
			   off, (s32)t->size, t->regno, t->reg->id, off, limit);
		break;
	default:
		log_printf(v->log,
			   "invalid access to memory, mem_size=%u off=%d "
			   "size=%d\n",
			   limit, off, (s32)t->size);
	}
	return -EACCES;
}

/* @off is a place for the access; only its lower half is looked at. */
static int check_place(struct verifier *v, const struct touch *t, u64 place,
		       u32 limit)
{
	s32 off = (s32)(u32)place;
	bool size_ok = t->size || t->zero_ok;

	if (off >= 0 && size_ok && (u64)off + t->size <= limit)
		return 0;
	return refuse_place(v, t, off, limit);
}

static int refuse_negative(struct verifier *v, const struct touch *t)
{
	log_printf(v->log,
		   "R%u min value is negative, either use unsigned index or "
		   "do a if (index >=0) check.\n",
		   t->regno);
	return -EACCES;
}

static bool may_be_negative(const struct touch *t)
{
	s64 least = t->reg->s.r64.smin;

	return least < 0 && (least < INT32_MIN - (s64)t->off || /* would wrap */
			     least + t->off < 0);
}

int region_check(struct verifier *v, const struct touch *t, u32 limit)
{
	const struct range *range = &t->reg->s.r64;
	int err;

	if (may_be_negative(t))
		return refuse_negative(v, t);
	err = check_place(v, t, (u64)range->smin + (u64)(s64)t->off, limit);
	if (err) {
		log_printf(v->log,
			   "R%u min value is outside of the allowed memory "
			   "range\n",
			   t->regno);
		return err;
	}
	if (range->umax >= MAX_VAR_OFF) {
		log_printf(v->log,
			   "R%u unbounded memory access, make sure to bounds "
			   "check any such access\n",
			   t->regno);
		return -EACCES;
	}
	err = check_place(v, t, range->umax + (u64)(s64)t->off, limit);
	if (err)
		log_printf(v->log,
			   "R%u max value is outside of the allowed memory "
			   "range\n",
			   t->regno);
	return err;
}

void region_loaded(struct verifier *v, const struct touch *t)
{
	if (t->access == ACCESS_READ && t->value >= 0)
		reg_set_unknown(&verifier_regs(v)[t->value]);
}

/* --------------------------------------------------------------- records */

int record_access(struct verifier *v, const struct touch *t)
{
	char name[REG_NAME_MAX];
	int err;

	if (t->access == ACCESS_WRITE && t->reg->flags & REG_READ_ONLY) {
		log_printf(v->log, "R%u cannot write into %s\n", t->regno,
			   reg_name(t->reg, name));
		return -EACCES;
	}
	err = region_check(v, t, t->reg->mem_size);
	if (!err)
		region_loaded(v, t);
	return err;
}

/* --------------------------------------------------------------- packets */

/* May @type's programs change a packet by their own instructions? */
static bool packet_writable(u32 type)
{
	return type == BPF_PROG_TYPE_SCHED_CLS || type == BPF_PROG_TYPE_XDP ||
	       type == BPF_PROG_TYPE_CGROUP_SOCKOPT;
}

static int check_range(struct verifier *v, const struct touch *t)
{
	int err;

	if (t->reg->s.r64.smin < 0)
		return refuse_negative(v, t);
	err = t->reg->range < 0
		      ? -EINVAL
		      : check_place(v, t, (u64)(s64)t->off, (u32)t->reg->range);
	if (err)
		log_printf(v->log, "R%u offset is outside of the packet\n",
			   t->regno);
	return err;
}

int packet_access(struct verifier *v, const struct touch *t)
{
	int err;

	if (!t->helper && t->access == ACCESS_WRITE &&
	    !packet_writable(v->prog->type)) {
		log_printf(v->log, "cannot write into packet\n");
		return -EACCES;
	}
	err = check_range(v, t);
	if (!err)
		region_loaded(v, t);
	return err;
}
