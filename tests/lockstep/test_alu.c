/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random programs of arithmetic, forward jumps, stack accesses and atomics,
 * here in both interpreters and in the live kernel: one result, one tag, and
 * the same text of every instruction.
 *
 *	test_alu SEED COUNT
 */
#include "lockstep/live.h"

#include "base/log.h"
#include "cgbpf.h"
#include "object/prog.h"
#include "object/task.h"
#include "verifier/verifier.h"
#include "vm/insn.h"
#include "vm/skb.h"
#include "vm/vm.h"

#define BODY 60
#define WORDS 8 /* of the stack, that programs use */
#define LOG_SIZE (1 << 20)

static u64 random_state;

static u64 random_u64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state * 0x2545f4914f6cdd1d;
}

static u32 below(u32 limit)
{
	return (u32)(random_u64() >> 33) % limit;
}

/* Values at which something may happen are more likely. */
static u64 interesting(void)
{
	static const u64 values[] = {
		0,	    1,		2,	    7,	       31,
		32,	    63,		64,	    127,       128,
		255,	    0x7fff,	0x8000,	    0xffff,    0x7fffffff,
		0x80000000, 0xffffffff, 1ull << 32, -1ull,     -2ull,
		1ull << 63, ~0ull >> 1, -128ull,    -32768ull, -0x80000000ull,
	};

	return below(2) ? values[below(ARRAY_SIZE(values))] : random_u64();
}

struct program {
	struct bpf_insn insns[256];
	u32 nr;
};

static void emit(struct program *p, u8 code, u8 dst, u8 src, s16 off, s32 imm)
{
	struct bpf_insn insn = { .code = code, .off = off, .imm = imm };

	insn.dst_reg = dst & 15;
	insn.src_reg = src & 15;
	p->insns[p->nr++] = insn;
}

static void emit_ld64(struct program *p, u8 dst, u64 value)
{
	emit(p, 0x18, dst, 0, 0, (s32)value);
	emit(p, 0, 0, 0, 0, (s32)(value >> 32));
}

static bool is_shift(const struct insn_desc *desc)
{
	u8 op = BPF_OP(desc->code);

	return op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH;
}

/* An immediate that the verifier lets @desc have. */
static s32 immediate(const struct insn_desc *desc)
{
	s32 imm = (s32)interesting();
	u8 op = BPF_OP(desc->code);

	if (desc->form != FORM_ALUK)
		return imm;
	if (is_shift(desc))
		return (s32)below(desc->size * 8u);
	if ((op == BPF_DIV || op == BPF_MOD) && !imm)
		return 3;
	return imm;
}

static s16 stack_off(u32 size)
{
	return (s16)(-(s32)(WORDS * 8) + (s32)(below(WORDS * 8 / size) * size));
}

/* One random instruction; jumps go @left instructions forward at most. */
static void emit_random(struct program *p, u32 left)
{
	const struct insn_desc *desc = &insn_descs[below(NR_INSNS)];
	u8 dst = (u8)below(10), src = (u8)below(10);
	s16 variant = (s16)desc->variant;

	switch (desc->form) {
	case FORM_ALUX:
	case FORM_MOVSX:
		emit(p, desc->code, dst, src, variant, 0);
		break;
	case FORM_ALUK:
		emit(p, desc->code, dst, 0, variant, immediate(desc));
		break;
	case FORM_UNARY:
		emit(p, desc->code, dst, 0, 0, desc->variant);
		break;
	case FORM_JMPX:
		emit(p, desc->code, dst, src, (s16)below(left), 0);
		break;
	case FORM_JMPK:
		emit(p, desc->code, dst, 0, (s16)below(left), immediate(desc));
		break;
	case FORM_LDX:
		emit(p, desc->code, dst, 10, stack_off(desc->size), 0);
		break;
	case FORM_STX:
		emit(p, desc->code, 10, src, stack_off(desc->size), 0);
		break;
	case FORM_ST:
		emit(p, desc->code, 10, 0, stack_off(desc->size),
		     immediate(desc));
		break;
	case FORM_ATOMIC:
	case FORM_FETCH:
	case FORM_CMPXCHG:
	case FORM_STOREREL:
		emit(p, desc->code, 10, src, stack_off(desc->size),
		     desc->variant);
		break;
	case FORM_LOADACQ:
		emit(p, desc->code, dst, 10, stack_off(desc->size),
		     desc->variant);
		break;
	default:
		emit(p, 0xbf, dst, src, 0, 0);
	}
}

static void generate(struct program *p)
{
	p->nr = 0;
	for (u8 r = 0; r < 10; r++)
		emit_ld64(p, r, interesting());
	for (s16 w = 1; w <= WORDS; w++)
		emit(p, 0x7b, 10, (u8)w, (s16)(-8 * w), 0);
	for (u32 i = 0; i < BODY; i++)
		emit_random(p, min(BODY - i, 8u));
	/* all that there is, into R0 */
	for (u8 r = 1; r < 10; r++) {
		emit(p, 0x27, 0, 0, 0, 31);
		emit(p, 0x0f, 0, r, 0, 0);
	}
	for (s16 w = 1; w <= WORDS; w++) {
		emit(p, 0x79, 1, 10, (s16)(-8 * w), 0);
		emit(p, 0x27, 0, 0, 0, 31);
		emit(p, 0x0f, 0, 1, 0, 0);
	}
	emit(p, 0xbf, 1, 0, 0, 0);
	emit(p, 0x77, 1, 0, 0, 32);
	emit(p, 0xaf, 0, 1, 0, 0);
	emit(p, 0x95, 0, 0, 0, 0);
}

/* ---- the two worlds ---- */

struct outcome {
	int err;
	u32 result;
	u8 tag[UAPI_TAG_SIZE];
};

static void run_here(struct cgbpf_env *env, const struct program *p,
		     bool checked, struct outcome *out)
{
	struct cgbpf_task *task = cgbpf_env_task(env);
	static const struct attr_prog_load attr;
	struct skb_ctx ctx = { 0 };
	struct run run = { .env = env, .cred = &task->cred, .ctx = &ctx };
	struct fault fault = { 0 };
	struct prog *prog;
	struct log log;

	memset(out, 0, sizeof(*out));
	log_init(&log, 1, 4096);
	out->err = prog_alloc(&prog, env, p->nr);
	if (out->err)
		return;
	prog->type = BPF_PROG_TYPE_SOCKET_FILTER;
	memcpy(prog->insns, p->insns, p->nr * sizeof(p->insns[0]));
	out->err = verifier_check(prog, task, &attr, 0, &log);
	prog->checked = checked;
	if (!out->err)
		out->err = prog_calc_tag(prog);
	if (!out->err)
		out->err = vm_translate(prog);
	if (!out->err) {
		run.prog = prog;
		out->result = (u32)vm_run(&run, &fault);
		memcpy(out->tag, prog->tag, sizeof(out->tag));
	} else if (log.buf) {
		fprintf(stderr, "%s", log.buf);
	}
	if (fault.reason[0]) {
		fprintf(stderr, "insn %u: %s\n", fault.pc, fault.reason);
		out->err = -EFAULT;
	}
	log_destroy(&log);
	prog_put(prog);
}

static void run_live(const struct program *p, char *log, struct outcome *out)
{
	u8 packet[64] = { 0 };
	struct attr_prog_load attr = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insns = ptr_to_u64(p->insns),
		.insn_cnt = p->nr,
		.license = ptr_to_u64("GPL"),
		.log_level = log ? 2 : 0,
		.log_buf = ptr_to_u64(log),
		.log_size = log ? LOG_SIZE : 0,
	};
	struct attr_test_run test = { .data_in = ptr_to_u64(packet),
				      .data_size_in = sizeof(packet) };
	struct info_prog info = { 0 };
	struct attr_info query = { .info_len = sizeof(info),
				   .info = ptr_to_u64(&info) };
	int fd;

	memset(out, 0, sizeof(*out));
	fd = live_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
	if (fd < 0) {
		out->err = fd;
		return;
	}
	test.prog_fd = query.bpf_fd = (u32)fd;
	out->err = live_bpf(BPF_PROG_TEST_RUN, &test, sizeof(test));
	out->result = test.retval;
	if (!out->err)
		out->err =
			live_bpf(BPF_OBJ_GET_INFO_BY_FD, &query, sizeof(query));
	memcpy(out->tag, info.tag, sizeof(out->tag));
	close(fd);
}

/* Is what the kernel's log says of each instruction what we say? */
static bool same_text(const struct program *p, const char *log)
{
	char ours[128], theirs[128];
	u32 i, texts = 0;
	int at;

	for (; log && *log; log = strchr(log, '\n')) {
		if (*log == '\n')
			log++;
		at = 0;
		if (sscanf(log, "%u: (%n", &i, &at) != 1 || !at || i >= p->nr)
			continue;
		insn_print(ours, sizeof(ours), &p->insns[i], &p->insns[i + 1]);
		snprintf(theirs, sizeof(theirs), "%s", log + at - 1);
		theirs[strcspn(theirs, "\n;")] = '\0';
		while (theirs[0] && theirs[strlen(theirs) - 1] == ' ')
			theirs[strlen(theirs) - 1] = '\0';
		texts++;
		if (strcmp(ours, theirs)) {
			fprintf(stderr, "insn %u is \"%s\", not \"%s\"\n", i,
				theirs, ours);
			return false;
		}
	}
	if (texts < BODY)
		fprintf(stderr, "only %u texts in the log\n", texts);
	return texts >= BODY;
}

static void show(const struct program *p)
{
	char text[128];

	for (u32 i = 0; i < p->nr; i++) {
		insn_print(text, sizeof(text), &p->insns[i], &p->insns[i + 1]);
		fprintf(stderr, "%4u: %s\n", i, text);
	}
}

static bool same(const char *mode, const struct outcome *ours,
		 const struct outcome *theirs)
{
	if (ours->err == theirs->err && ours->result == theirs->result &&
	    !memcmp(ours->tag, theirs->tag, sizeof(ours->tag)))
		return true;
	fprintf(stderr, "%s: %d, %#x; the kernel: %d, %#x\n", mode, ours->err,
		ours->result, theirs->err, theirs->result);
	return false;
}

static bool compare(struct cgbpf_env *env, const struct program *p, char *log)
{
	struct outcome fast, checked, live;

	if (log)
		log[0] = '\0';
	run_live(p, log, &live);
	run_here(env, p, false, &fast);
	run_here(env, p, true, &checked);
	return same("fast", &fast, &live) && same("checked", &checked, &live) &&
	       (!log || same_text(p, log));
}

int main(int argc, char **argv)
{
	u64 seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	u32 count = argc > 2 ? (u32)strtoul(argv[2], NULL, 0) : 300;
	static struct program program;
	char *log = malloc(LOG_SIZE);
	struct cgbpf_env *env;
	bool ok = true;

	live_need();
	if (!log || cgbpf_env_new(&env, NULL))
		return 1;
	for (u32 i = 0; i < count && ok; i++) {
		random_state = (seed + i) * 0x9e3779b97f4a7c15 | 1;
		generate(&program);
		/* texts now and then: the kernel takes long to write them */
		ok = compare(env, &program, i % 10 ? NULL : log);
		if (!ok) {
			show(&program);
			fprintf(stderr, "again with: %llu 1\n",
				(unsigned long long)(seed + i));
		}
	}
	cgbpf_env_free(env);
	free(log);
	printf("seed %llu: %u programs, %s\n", (unsigned long long)seed, count,
	       ok ? "no difference" : "a difference");
	return !ok;
}
