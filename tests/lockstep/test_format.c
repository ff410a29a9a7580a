/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Formats: what bpf_snprintf() makes of them in both worlds, by a list and at
 * random, and what bpf_trace_printk() refuses.
 */
#include "scene.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define OUT 256
#define FMT 64
#define RANDOM_FORMATS 150

struct result {
	u64 ret;
	char text[OUT];
};

static u32 seed = 1;

static u32 rnd(u32 n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % n;
}

/* A map that ARG_CONST_STR takes */
static int format_map(const char *fmt)
{
	struct attr_map_create attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = FMT,
		.max_entries = 1,
		.map_flags = BPF_F_RDONLY_PROG,
	};
	char value[FMT] = { 0 };
	int map = MUST(ls_map_create(ls, &attr));
	u32 zero = 0;

	strncpy(value, fmt, FMT - 1);
	OK(ls_update(ls, map, &zero, value, 0));
	OK(ls_freeze(ls, map));
	return map;
}

static void arg(struct recorder *rec, int slot, u64 value)
{
	REC(rec, LD64(R8, 0, (s32)value, (s32)(value >> 32)),
	    STORE(BPF_DW, FP, (s16)(-32 + slot * 8), R8));
}

/* @args: three numbers; a string for each of those that @strings has a bit for */
static void print(const char *fmt, const u64 args[3], u32 strings, u32 size)
{
	static const char text[24] = "some\tstring";
	int in = format_map(fmt), prog;
	int out = MUST(
		ls_map(ls, BPF_MAP_TYPE_ARRAY, 4, sizeof(struct result), 1, 0));
	struct recorder rec = { .nr = 0 };
	struct ls_run run = { .data_in = text, .data_size_in = 20 };
	u32 zero = 0, nr = 0;
	struct result result;

	for (const char *s = fmt; *s; s++)
		if (*s == '%' && *++s != '%')
			nr++;
	for (u32 i = 0; i < 3; i++)
		arg(&rec, (int)i, args[i]);
	for (int i = 0; i < 3; i++) {
		u64 word;

		memcpy(&word, text + i * 8, 8);
		REC(&rec, LD64(R8, 0, (s32)word, (s32)(word >> 32)),
		    STORE(BPF_DW, FP, (s16)(-64 + i * 8), R8));
	}
	for (u32 i = 0; i < 3; i++)
		if (strings >> i & 1)
			REC(&rec, MOVR(R8, FP), OPI(BPF_ADD, R8, -64),
			    STORE(BPF_DW, FP, (s16)(-32 + (int)i * 8), R8));
	REC(&rec, LDVALUE(R1, out, 8), MOVI(R2, (int)size), LDVALUE(R3, in, 0),
	    MOVR(R4, FP), OPI(BPF_ADD, R4, -32), MOVI(R5, (int)nr * 8),
	    CALL(snprintf), LDVALUE(R1, out, 0), STORE(BPF_DW, R1, 0, R0),
	    MOVI(R0, 0), EXIT());
	ls_doing(ls, "\"%s\" of %#llx %#llx %#llx, strings %u, into %u", fmt,
		 (unsigned long long)args[0], (unsigned long long)args[1],
		 (unsigned long long)args[2], strings, size);
	prog = ls_prog(ls, BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_INGRESS,
		       rec.insns, rec.nr);
	if (prog >= 0) {
		OK(ls_test_run(ls, prog, &run));
		OK(ls_lookup(ls, out, &zero, &result, 0));
		ls_close_handle(ls, prog);
	}
	ls_close_handle(ls, in);
	ls_close_handle(ls, out);
}

static const u64 numbers[] = { 0,	   1,	       9,
			       255,	   0x80000000, 0xffffffff,
			       (u64)-1,	   (u64)-77,   0x123456789abcdefull,
			       1ull << 63, 'A' };

static void listed(void **state)
{
	static const struct {
		const char *fmt;
		u32 strings;
	} list[] = {
		{ "%d", 0 },	   { "%i", 0 },		  { "%u", 0 },
		{ "%x", 0 },	   { "%X", 0 },		  { "%ld", 0 },
		{ "%lu", 0 },	   { "%lx", 0 },	  { "%lld", 0 },
		{ "%llu", 0 },	   { "%llX", 0 },	  { "%5d|", 0 },
		{ "%05d|", 0 },	   { "%-5d|", 0 },	  { "%+d", 0 },
		{ "% d", 0 },	   { "%+5u|", 0 },	  { "% 5x|", 0 },
		{ "%-05d|", 0 },   { "%+-8lld|", 0 },	  { "%0 8d|", 0 },
		{ "%020llx|", 0 }, { "%c|", 0 },	  { "%%|%d", 0 },
		{ "%px|", 0 },	   { "%20px|", 0 },	  { "%-20px|", 0 },
		{ "%s|", 1 },	   { "%20s|", 1 },	  { "%-20s|", 1 },
		{ "%3s|", 1 },	   { "%pks|", 1 },	  { "%pI4|", 1 },
		{ "%pi4|", 1 },	   { "%pI6|", 1 },	  { "%pi6|", 1 },
		{ "%20pI4|", 1 },  { "%-20pi4|", 1 },	  { "%45pI6|", 1 },
		{ "%s", 0 },	   { "%pI4", 0 },	  { "%d %s %x", 2 },
		{ "%s %s %s", 5 }, { "no arguments", 0 }, { "%5c|", 0 },
		{ "%-5c|", 0 },	   { "%05s|", 1 },	  { "\n\t%d", 0 },
		{ "%1000d", 0 },   { "%00d", 0 },	  { "%0-+ 7d|", 0 },
		{ "%pI4x", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++)
		for (size_t n = 0; n < 11; n += list[i].strings ? 5 : 1) {
			u64 args[3] = { numbers[n], numbers[(n + 3) % 11],
					numbers[(n + 7) % 11] };

			/* memory is what the program's pointers reach */
			if (!list[i].strings && strpbrk(list[i].fmt, "sI"))
				memset(args, 0, sizeof(args));
			print(list[i].fmt, args, list[i].strings,
			      n == 5 ? 4 : OUT);
		}
}

/* What is no format is told when it is used: bpf_trace_printk() */
static void refused(void **state)
{
	static const char *const list[] = {
		"%.3d", "%*d",	"%hd",	    "%o",    "%llld", "%p4",  "%",
		"%5",	"%l",	"%sx",	    "%pksx", "%pI",   "\001", "%lc%d",
		"%ls",	"%n",	"%d%d%d%d", "%zu",   "%#x",   "%e",   "%pI4%",
		"% %d", "%05%", "%pus5",    "%pz",   "%-",    "%1$d",
	};
	int out = MUST(ls_map(ls, BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0));

	(void)state;
	for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++) {
		struct ls_run run = { .data_in = list, .data_size_in = 20 };
		struct recorder rec = { .nr = 0 };
		u32 zero = 0, size = (u32)strlen(list[i]) + 1;
		u64 ret, word = 0;
		int prog;

		memcpy(&word, list[i], size <= 8 ? size : 8);
		REC(&rec, STOREI(BPF_DW, FP, -8, 0),
		    LD64(R8, 0, (s32)word, (s32)(word >> 32)),
		    STORE(BPF_DW, FP, -16, R8), MOVR(R1, FP),
		    OPI(BPF_ADD, R1, -16), MOVI(R2, (int)size), MOVI(R3, 0),
		    MOVI(R4, 0), MOVI(R5, 0), CALL(trace_printk),
		    LDVALUE(R1, out, 0), STORE(BPF_DW, R1, 0, R0), MOVI(R0, 0),
		    EXIT());
		ls_doing(ls, "\"%s\"", list[i]);
		prog = MUST(ls_prog(ls, BPF_PROG_TYPE_CGROUP_SKB,
				    BPF_CGROUP_INET_INGRESS, rec.insns,
				    rec.nr));
		OK(ls_test_run(ls, prog, &run));
		OK(ls_lookup(ls, out, &zero, &ret, 0));
		assert_true((s64)ret < 0);
		ls_close_handle(ls, prog);
	}
}

static void unreadable(void **state)
{
	u64 args[3] = { 1, 0, ~0ull };

	(void)state;
	print("%s|%pks|%5s", args, 0, OUT);
	print("%pI4|%pi6|%pI6", args, 0, OUT);
}

/* ---- not the kernel's way: what memory is it that a number reaches? ---- */

static char line[OUT];

static void keep_line(void *data, const char *text)
{
	(void)data;
	snprintf(line, sizeof(line), "%s", text);
}

/* bpf_trace_printk() of a format of at most 8 bytes in an environment */
static void trace(const char *fmt, struct bpf_insn r3)
{
	struct cgbpf_env_opts opts = { .size = sizeof(opts),
				       .trace = keep_line };
	u64 word = 0;
	struct bpf_insn insns[] = {
		LD64(R8, 0, 0, 0),
		STORE(BPF_DW, FP, -8, R8),
		CALL(get_prandom_u32),
		MOVR(R1, FP),
		OPI(BPF_ADD, R1, -8),
		MOVI(R2, (int)strlen(fmt) + 1),
		r3,
		CALL(trace_printk),
		MOVI(R0, 1),
		EXIT(),
	};
	union attr attr = { .prog_load = {
				    .prog_type = BPF_PROG_TYPE_CGROUP_SKB,
				    .insn_cnt = sizeof(insns) / sizeof(*insns),
				    .insns = (u64)(uintptr_t)insns,
				    .license = (u64)(uintptr_t) "GPL",
			    } };
	struct cgbpf_env *env;
	u8 packet[20] = { 0 };
	int prog;

	memcpy(&word, fmt, strlen(fmt));
	insns[0].imm = (s32)word;
	insns[1].imm = (s32)(word >> 32);
	OK(cgbpf_env_new(&env, &opts));
	prog = cgbpf_bpf(cgbpf_env_task(env), BPF_PROG_LOAD, (void *)&attr,
			 sizeof(attr.prog_load));
	assert_true(prog >= 0);
	attr = (union attr){ .test_run = {
				     .prog_fd = (u32)prog,
				     .data_in = (u64)(uintptr_t)packet,
				     .data_size_in = sizeof(packet),
			     } };
	OK(cgbpf_bpf(cgbpf_env_task(env), BPF_PROG_TEST_RUN, (void *)&attr,
		     sizeof(attr.test_run)));
	cgbpf_env_free(env);
}

/* Only what a pointer of the program reaches; no register it did not write */
static void memory_of_others(void **state)
{
	static char *low;

	(void)state;
	/* an address that fits an immediate */
	low = mmap((void *)0x10000000, 4096, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	assert_true(low == (void *)0x10000000);
	strcpy(low, "secret");
	trace("%s|", MOVI(R3, 0x10000000));
	assert_string_equal(line, "|");
	trace("%pI4|", MOVI(R3, 0x10000000));
	assert_string_equal(line, "0.0.0.0|");
	trace("%s|", MOVR(R3, R1));
	assert_string_equal(line, "%s||");
	trace("%lx|", MOVI(R0, 0));
	assert_string_equal(line, "0|");
	munmap(low, 4096);
}

static void append(char *fmt, const char *more)
{
	if (strlen(fmt) + strlen(more) < FMT - 1)
		strcat(fmt, more);
}

static void at_random(void **state)
{
	static const char *const flags[] = { "", "", "0", "-", "+", " ", "0-" };
	static const char *const widths[] = { "", "", "1", "7", "12", "30" };
	static const char *const kinds[] = {
		"d",   "i",   "u", "x",	 "X", "ld",  "lu",  "lx",  "lld", "llu",
		"llx", "llX", "c", "px", "s", "pks", "pI4", "pi4", "pI6", "pi6"
	};

	(void)state;
	for (int i = 0; i < RANDOM_FORMATS; i++) {
		char fmt[FMT] = "";
		u32 strings = 0, nr = 1 + rnd(3);
		u64 args[3];

		for (u32 a = 0; a < 3; a++)
			args[a] = rnd(2) ? numbers[rnd(11)]
					 : (u64)rnd(0x1000000) << rnd(40);
		for (u32 a = 0; a < nr; a++) {
			u32 kind = rnd(20);

			append(fmt, "%");
			append(fmt, flags[rnd(7)]);
			append(fmt, widths[rnd(6)]);
			append(fmt, kinds[kind]);
			append(fmt, rnd(2) ? " " : "|,");
			if (kind >= 14)
				strings |= 1u << a;
		}
		/* Linux counts wrongly what follows a %p that has no room */
		print(fmt, args, strings, strings ? OUT : 1 + rnd(OUT - 1));
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(listed),	    cmocka_unit_test(unreadable),
	cmocka_unit_test(memory_of_others), cmocka_unit_test(at_random),
	cmocka_unit_test(refused),
};

DIRECTED_MAIN("format", tests)
