/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BPF_PROG_TEST_RUN, here and in the live kernel: the same program on the same
 * packet and context must give the same result, errno, packet and context.
 *
 * 1. every field of the context, read;
 * 2. every helper that is a function of its arguments, the packet and the
 *    context, with random arguments;
 * 3. random attributes: sizes, flags, contexts.
 * Usage: test_test_run [SEED [COUNT]]
 */
#include "cgbpf.h"
#include "insn_macros.h"
#include "live.h"
#include "object/prog.h"
#include "vm/ctx.h"
#include "vm/helper.h"

#define ROOM 8192u
#define STACK 64
#define CB(n) (s16)(offsetof(struct __sk_buff, cb) + 4 * (n))

static struct cgbpf_task *task;
static u64 seed = 1;
static unsigned int compared, differences, good;

static u32 rnd(void)
{
	u64 z = seed += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (u32)(z ^ z >> 31);
}

#define PICK(array) (array)[rnd() % ARRAY_SIZE(array)]

/* ------------------------------------------------------------- one side */

struct side {
	bool live;
	int fd;
	struct attr_test_run attr;
	u8 data[ROOM], ctx[512];
	int ret;
};

static int side_bpf(const struct side *side, int cmd, void *attr, u32 size)
{
	return side->live ? live_bpf(cmd, attr, size)
			  : cgbpf_bpf(task, cmd, attr, size);
}

static char reason[65536];

static int side_load(struct side *side, u32 type, const struct bpf_insn *insns,
		     u32 nr)
{
	struct attr_prog_load attr = {
		.prog_type = type,
		.insns = ptr_to_u64(insns),
		.insn_cnt = nr,
		.license = ptr_to_u64("GPL"),
		.log_level = 1,
		.log_buf = ptr_to_u64(reason),
		.log_size = sizeof(reason),
	};

	side->fd = side_bpf(side, BPF_PROG_LOAD, &attr, sizeof(attr));
	return side->fd < 0 ? side->fd : 0;
}

static void side_unload(struct side *side)
{
	if (side->fd < 0)
		return;
	if (side->live)
		close(side->fd);
	else
		cgbpf_close(task, side->fd);
}

/* @ask holds the caller's sizes and inputs; outputs go to the side's own. */
static void side_run(struct side *side, const struct attr_test_run *ask)
{
	memset(side->data, 0xee, sizeof(side->data));
	memset(side->ctx, 0xee, sizeof(side->ctx));
	side->attr = *ask;
	side->attr.prog_fd = (u32)side->fd;
	if (ask->data_out)
		side->attr.data_out = ptr_to_u64(side->data);
	if (ask->ctx_out)
		side->attr.ctx_out = ptr_to_u64(side->ctx);
	side->ret = side_bpf(side, BPF_PROG_TEST_RUN, &side->attr,
			     sizeof(side->attr));
}

/* ------------------------------------------------------------ comparing */

static struct side kernel = { .live = true }, own;

static void tell(const char *what, const char *member, long want, long have)
{
	differences++;
	printf("%s: %s: kernel %ld, here %ld\n", what, member, want, have);
}

static void compare_bytes(const char *what, const char *member, const u8 *want,
			  const u8 *have, u32 size)
{
	for (u32 i = 0; i < size; i++)
		if (want[i] != have[i]) {
			char text[64];

			snprintf(text, sizeof(text), "%s[%u]", member, i);
			tell(what, text, want[i], have[i]);
			return;
		}
}

static void compare(const char *what, const struct attr_test_run *ask)
{
	unsigned int before = differences;

	side_run(&kernel, ask);
	side_run(&own, ask);
	compared++;
	if (kernel.ret != own.ret) {
		tell(what, "result", kernel.ret, own.ret);
		return;
	}
	good += !kernel.ret;
	if (kernel.attr.retval != own.attr.retval)
		tell(what, "retval", kernel.attr.retval, own.attr.retval);
	if (kernel.attr.data_size_out != own.attr.data_size_out)
		tell(what, "data_size_out", kernel.attr.data_size_out,
		     own.attr.data_size_out);
	if (kernel.attr.ctx_size_out != own.attr.ctx_size_out)
		tell(what, "ctx_size_out", kernel.attr.ctx_size_out,
		     own.attr.ctx_size_out);
	if (before == differences)
		compare_bytes(what, "data", kernel.data, own.data, ROOM);
	if (before == differences)
		compare_bytes(what, "ctx", kernel.ctx, own.ctx,
			      sizeof(own.ctx));
}

/* Loaded on both sides, or on neither? */
static bool load(const char *what, u32 type, const struct bpf_insn *insns,
		 u32 nr)
{
	int want = side_load(&kernel, type, insns, nr);
	char why[200];
	int have;

	snprintf(why, sizeof(why), "%.199s", reason);
	have = side_load(&own, type, insns, nr);
	if (!want != !have) {
		tell(what, "load", want, have);
		printf("%s\n", want ? why : reason);
	}
	if (!want && !have)
		return true;
	side_unload(&kernel);
	side_unload(&own);
	return false;
}

static void unload(void)
{
	side_unload(&kernel);
	side_unload(&own);
}

/* -------------------------------------------------------------- packets */

static u8 frame[ROOM];
static struct __sk_buff skb_ctx;
static struct xdp_md xdp_ctx;

/* IPv4 or IPv6 with TCP or UDP, to this or another host; or noise */
static void frame_make(void)
{
	static const u8 kinds[][2] = {
		{ 0x08, 0x00 }, { 0x86, 0xdd }, { 0x08, 0x06 }, { 0x00, 0x20 }
	};
	const u8 *kind = PICK(kinds);
	u8 *ip = frame + 14;

	for (u32 i = 0; i < ROOM; i++)
		frame[i] = (u8)rnd();
	memset(frame, 0, 12);
	if (rnd() % 2)
		frame[rnd() % 6] = (u8)rnd();
	if (rnd() % 4 == 0)
		memset(frame, 0xff, 6);
	frame[12] = kind[0];
	frame[13] = kind[1];
	if (rnd() % 8 == 0)
		ip[0] = ip[1] = 0xff;
	if (kind[0] == 0x08 && !kind[1]) {
		ip[0] = 0x45;
		ip[9] = rnd() % 2 ? 6 : 17;
	} else if (kind[0] == 0x86) {
		ip[0] = (u8)(0x60 | (ip[0] & 15));
		ip[6] = rnd() % 2 ? 6 : 17;
	}
}

static void ask_make(struct attr_test_run *ask, u32 type, bool wild)
{
	static const u32 lens[] = { 14, 34, 54, 64, 100, 1000, 1514, 3712 };
	static const u32 wild_lens[] = { 0,    13,   14,   15,	 33,
					 34,   53,   3519, 3520, 3521,
					 3712, 3713, 4096, 8000 };

	frame_make();
	*ask = (struct attr_test_run){
		.data_in = ptr_to_u64(frame),
		.data_size_in = wild ? PICK(wild_lens) : PICK(lens),
		.data_out = 1,
		.data_size_out = ROOM,
	};
	memset(&skb_ctx, 0, sizeof(skb_ctx));
	memset(&xdp_ctx, 0, sizeof(xdp_ctx));
	if (type == BPF_PROG_TYPE_XDP) {
		if (rnd() % 2)
			return;
		xdp_ctx.data = rnd() % 4 * 4;
		xdp_ctx.data_end = ask->data_size_in;
		ask->ctx_in = ptr_to_u64(&xdp_ctx);
		ask->ctx_size_in = sizeof(xdp_ctx);
		ask->ctx_out = 1;
		ask->ctx_size_out = sizeof(xdp_ctx);
		return;
	}
	skb_ctx.mark = rnd();
	skb_ctx.priority = rnd();
	skb_ctx.ingress_ifindex = rnd() % 3;
	skb_ctx.ifindex = rnd() % 2;
	skb_ctx.cb[rnd() % 5] = rnd();
	skb_ctx.tstamp = rnd();
	skb_ctx.gso_segs = rnd() % 3;
	skb_ctx.gso_size = rnd() % 3;
	skb_ctx.hwtstamp = rnd();
	if (rnd() % 2)
		skb_ctx.wire_len = ask->data_size_in + rnd() % 20;
	ask->ctx_in = ptr_to_u64(&skb_ctx);
	ask->ctx_size_in = sizeof(skb_ctx);
	ask->ctx_out = 1;
	ask->ctx_size_out = sizeof(skb_ctx);
	if (rnd() % 4 == 0)
		ask->flags = BPF_F_TEST_SKB_CHECKSUM_COMPLETE;
}

/* ------------------------------------------------------------- 1. fields */

static const u32 types[] = { BPF_PROG_TYPE_SOCKET_FILTER,
			     BPF_PROG_TYPE_SCHED_CLS, BPF_PROG_TYPE_CGROUP_SKB,
			     BPF_PROG_TYPE_XDP };

static void field_test(u32 type, const struct ctx_field *field, u32 off)
{
	u8 code = field->elem == 8 ? BPF_DW : field->elem == 1 ? BPF_B : BPF_W;
	bool xdp = type == BPF_PROG_TYPE_XDP;
	const struct bpf_insn insns[] = {
		I_LDX(code, R2, R1, (s16)off),
		/* what XDP programs return is free, and they have no cb */
		xdp ? I_MOV_REG(R0, R2) : I_STX(BPF_DW, R1, R2, CB(0)),
		xdp ? I_JA(0) : I_MOV_IMM(R0, 1),
		I_EXIT(),
	};
	struct attr_test_run ask;
	char what[80];

	snprintf(what, sizeof(what), "type %u %s+%u", type, field->name,
		 off - field->off);
	if (!load(what, type, insns, 4))
		return;
	for (int i = 0; i < 8; i++) {
		ask_make(&ask, type, false);
		compare(what, &ask);
	}
	unload();
}

static void fields(void)
{
	for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
		const struct ctx_type *type = ctx_type_of(types[t]);
		const struct prog prog = { .type = types[t] };

		for (u32 i = 0; i < type->nr_fields; i++) {
			const struct ctx_field *field = &type->fields[i];

			if (field->kind != CTX_SCALAR)
				continue;
			for (u32 off = field->off;
			     off < field->off + field->size; off += field->elem)
				if (ctx_find(&prog, off, field->elem, false))
					field_test(types[t], field, off);
		}
	}
}

/* ------------------------------------------------------------ 2. helpers */

/* What depends on the moment, the place or the machine. */
static bool is_function(u32 id)
{
	switch (id) {
	case BPF_FUNC_ktime_get_ns:
	case BPF_FUNC_ktime_get_boot_ns:
	case BPF_FUNC_ktime_get_coarse_ns:
	case BPF_FUNC_ktime_get_tai_ns:
	case BPF_FUNC_jiffies64:
	case BPF_FUNC_get_prandom_u32:
	case BPF_FUNC_get_smp_processor_id:
	case BPF_FUNC_get_current_pid_tgid:
	case BPF_FUNC_get_current_cgroup_id:
	case BPF_FUNC_get_current_ancestor_cgroup_id:
	case BPF_FUNC_skb_cgroup_id:
	case BPF_FUNC_skb_ancestor_cgroup_id:
	case BPF_FUNC_get_socket_cookie:
	case BPF_FUNC_get_netns_cookie:
	case BPF_FUNC_get_hash_recalc:
	case BPF_FUNC_trace_printk: /* would fill the machine's trace */
		return false;
	default:
		return true;
	}
}

static s32 any_value(void)
{
	static const s32 pool[] = { 0,	   1,	  2,	   3,  4,  5,	6,
				    8,	   10,	  12,	   14, 16, 20,	24,
				    26,	   34,	  40,	   50, 54, 64,	100,
				    0x10,  0x12,  0x14,	   -1, -4, -14, 32,
				    65535, 65536, 1 << 30, 128 };

	return rnd() % 4 ? PICK(pool) : (s32)rnd();
}

/* The stack as the helper's memory: noise, or a number as text. */
static u32 stack_fill(struct bpf_insn *insns)
{
	static const char texts[][24] = {
		"  123 ", "-42",
		"0x1fz",  "0777",
		"0x",	  "18446744073709551615",
		"+5",	  "- 5",
		"-0",	  "00",
		"0xg1",	  "18446744073709551616",
		"09",	  "\t7x",
		"",	  "-9223372036854775808",
	};
	u8 bytes[STACK];
	u32 nr = 0;

	for (int i = 0; i < STACK; i++)
		bytes[i] = (u8)rnd();
	if (rnd() % 2) {
		memset(bytes, rnd() % 2 ? 0 : ' ', 32);
		memcpy(bytes, PICK(texts), 24);
	}
	for (int i = 0; i < STACK; i += 4) {
		s32 word;

		memcpy(&word, bytes + i, 4);
		insns[nr++] = I_ST(BPF_W, R10, (s16)(i - STACK), word);
	}
	return nr;
}

/* R1 to R5 as @helper wants them; 0: it wants what this test has not */
static u32 args_make(const struct helper *helper, struct bpf_insn *insns)
{
	u32 nr = 0, size = 1 + rnd() % 28;

	for (int i = 0; i < 5 && helper->args[i]; i++) {
		u8 r = (u8)(i + 1);

		switch (helper->args[i]) {
		case ARG_CTX:
			insns[nr++] = I_MOV_REG(r, R6);
			break;
		case ARG_ANYTHING:
			insns[nr++] = I_MOV_IMM(r, any_value());
			/* kernels were known to crash by a huge head room */
			if (helper->id == BPF_FUNC_skb_change_head)
				insns[nr - 1].imm &= 0xffff;
			break;
		case ARG_MEM:
		case ARG_MEM_OR_NULL:
		case ARG_MEM_OUT:
		case ARG_MEM_OUT_OR_NULL:
			/* two memories: the second behind the first */
			insns[nr++] = I_MOV_REG(r, R10);
			insns[nr++] = I_ALU_IMM(BPF_ADD, r,
						i < 2 ? -STACK : -STACK / 2);
			break;
		case ARG_SIZE:
		case ARG_SIZE_OR_ZERO:
			insns[nr++] =
				I_MOV_IMM(r, rnd() % 2 ? (s32)size
						       : (s32)(size & ~3u) + 4);
			break;
		case ARG_LONG_OUT:
			insns[nr++] = I_MOV_REG(r, R10);
			insns[nr++] = I_ALU_IMM(BPF_ADD, r, -16);
			break;
		default:
			return 0;
		}
	}
	if (!nr)
		insns[nr++] = I_JA(0);
	return nr;
}

static void helper_test(u32 type, const struct helper *helper)
{
	bool xdp = type == BPF_PROG_TYPE_XDP;
	struct bpf_insn insns[64];
	struct attr_test_run ask;
	char what[80];
	u32 nr = 0, args;

	insns[nr++] = I_MOV_REG(R6, R1);
	nr += stack_fill(insns + nr);
	args = args_make(helper, insns + nr);
	if (!args)
		return;
	nr += args;
	insns[nr++] = I_CALL((s32)helper->id);
	if (xdp) {
		/* the result, mixed with what was written */
		insns[nr++] = I_LDX(BPF_W, R2, R10, -STACK);
		insns[nr++] = I_ALU_REG(BPF_XOR, R0, R2);
		insns[nr++] = I_LDX(BPF_W, R2, R10, -16);
		insns[nr++] = I_ALU_REG(BPF_XOR, R0, R2);
	} else {
		insns[nr++] = I_STX(BPF_DW, R6, R0, CB(0));
		insns[nr++] = I_LDX(BPF_W, R2, R10, -STACK);
		insns[nr++] = I_STX(BPF_W, R6, R2, CB(2));
		insns[nr++] = I_LDX(BPF_W, R2, R10, -STACK / 2);
		insns[nr++] = I_STX(BPF_W, R6, R2, CB(3));
		insns[nr++] = I_LDX(BPF_W, R2, R10, -16);
		insns[nr++] = I_STX(BPF_W, R6, R2, CB(4));
		insns[nr++] = I_MOV_IMM(R0, 1);
	}
	insns[nr++] = I_EXIT();
	snprintf(what, sizeof(what), "type %u bpf_%s seed %llu", type,
		 helper->name, (unsigned long long)seed);
	if (!load(what, type, insns, nr))
		return;
	for (int i = 0; i < 4; i++) {
		ask_make(&ask, type, false);
		/* where headers begin is 16 bits in Linux: beyond, it takes the
		 * sum of something else */
		if (helper->id == BPF_FUNC_skb_change_head)
			ask.flags = 0;
		compare(what, &ask);
	}
	unload();
}

static void helpers(u32 count)
{
	for (u32 id = 1; id < HELPER_IDS; id++) {
		const struct helper *helper = helper_by_id(id);

		if (!helper || !helper->fn || !is_function(id) ||
		    helper->ret != RET_INTEGER)
			continue;
		for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
			const struct prog prog = { .type = types[t] };

			if (helper_allowed(helper, &prog))
				for (u32 i = 0; i < count; i++)
					helper_test(types[t], helper);
		}
	}
}

/* --------------------------------------------------------- 3. attributes */

/* One thing that may be wrong, or odd. */
static void spoil(struct attr_test_run *ask, u32 type)
{
	static const u32 sizes[] = { 1,	  4,   12,  20,	 23,  24,   28,	 100,
				     160, 191, 192, 200, 300, 4096, 5000 };
	static u8 wide[8192];

	switch (rnd() % 12) {
	case 0:
		ask->flags = 1u << rnd() % 8;
		/* frames that a device would send are not here */
		if (type == BPF_PROG_TYPE_XDP)
			ask->flags &= ~2u;
		break;
	case 1:
		ask->cpu = rnd() % 2;
		break;
	case 2:
		ask->batch_size = rnd() % 2;
		break;
	case 3:
		ask->data_size_out = rnd() % 80;
		break;
	case 4:
		ask->data_out = 0;
		break;
	case 5:
		ask->ctx_size_out = PICK(sizes) % 400;
		ask->ctx_out = !!ask->ctx_size_out;
		break;
	case 6:
		memset(wide, 0, sizeof(wide));
		memcpy(wide, &skb_ctx, sizeof(skb_ctx));
		if (rnd() % 2)
			wide[PICK(sizes)] = 1;
		ask->ctx_in = ptr_to_u64(wide);
		ask->ctx_size_in = PICK(sizes);
		break;
	case 7:
		((u8 *)&skb_ctx)[rnd() % sizeof(skb_ctx)] = 1;
		skb_ctx.ifindex &= 1; /* other devices are the machine's */
		break;
	case 8:
		ask->ctx_in = 0;
		ask->ctx_size_in = 0;
		break;
	case 9:
		ask->data_in = rnd() % 2 ? 0 : ask->data_in;
		break;
	case 10:
		xdp_ctx.data = rnd() % 300;
		xdp_ctx.data_end = ask->data_size_in - rnd() % 20;
		xdp_ctx.rx_queue_index = rnd() % 8 == 0;
		xdp_ctx.ingress_ifindex = rnd() % 2;
		break;
	case 11:
		ask->repeat = rnd() % 5;
		break;
	}
}

static void attributes(u32 count)
{
	for (size_t t = 0; t < ARRAY_SIZE(types); t++) {
		const struct bpf_insn insns[] = { I_RETURN(1) };
		struct attr_test_run ask;

		if (!load("plain", types[t], insns, 2))
			continue;
		for (u32 i = 0; i < count; i++) {
			char what[80];

			snprintf(what, sizeof(what), "type %u seed %llu",
				 types[t], (unsigned long long)seed);
			ask_make(&ask, types[t], rnd() % 3 == 0);
			for (u32 n = rnd() % 3; n; n--)
				spoil(&ask, types[t]);
			compare(what, &ask);
		}
		unload();
	}
}

int main(int argc, char **argv)
{
	u32 count = argc > 2 ? (u32)atoi(argv[2]) : 30;
	struct cgbpf_env *env;

	if (argc > 1)
		seed = strtoull(argv[1], NULL, 0);
	live_need();
	if (cgbpf_env_new(&env, NULL))
		return EXIT_FAILURE;
	task = cgbpf_env_task(env);
	fields();
	printf("fields: %u runs, %u differences\n", compared, differences);
	helpers(count);
	printf("helpers: %u runs, %u differences\n", compared, differences);
	attributes(count * 100);
	cgbpf_env_free(env);
	printf("%u runs compared, %u of them good, %u differences\n", compared,
	       good, differences);
	return differences ? EXIT_FAILURE : EXIT_SUCCESS;
}
