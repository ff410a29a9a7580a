/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Generated programs (gen.c), judged by the verifier; what it accepts is run
 * with random inputs in the checked interpreter, which has to find nothing: a
 * violation is the verifier's mistake.
 *
 * With --live each is shown to the live kernel as well.  A program that we
 * accept and it refuses is a failure; those that only it accepts are counted,
 * both by the reason.
 *
 * usage: fuzz_progs [--live] [--one] [--log] SEED COUNT [RUNS]
 * SEED and the number of the program say it all: --one does just SEED + COUNT.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "cgbpf.h"
#include "fuzz/gen_world.h"
#include "lockstep/live.h"
#include "vm/vm.h"

#define MAX_IN 600
#define MAX_RUN_INSNS 4000000u /* bpf_loop() in bpf_loop() goes on for hours */
#define LOG_SIZE (1u << 20)
#define MAX_CLASSES 256

struct reason {
	char text[120];
	u64 count, first;
};

static struct totals {
	u64 programs, accepted, insns, runs, limits, violations, too_much;
	u64 wrong, stricter, errnos;
	u64 slowest_ns, slowest;
} totals;
static struct reason refused[MAX_CLASSES], stricter[MAX_CLASSES],
	wrong[MAX_CLASSES], cut[MAX_CLASSES];
static struct gen_world ours, theirs;
static bool live, verbose, one;
static char live_log[LOG_SIZE];

/* The reason, with all numbers alike: the last line before the statistics. */
static void reason_of(const char *log, char text[120])
{
	const char *end = strstr(log, "\nprocessed ");
	const char *from;
	size_t n = 0;

	if (!end)
		end = log + strlen(log);
	for (from = end; from > log && from[-1] != '\n'; from--)
		;
	if (!strncmp(log, "processed ", 10))
		from = end = log;
	for (; from < end && n < 119; from++)
		if (!isdigit((unsigned char)*from) &&
		    !(*from == '-' && isdigit((unsigned char)from[1])))
			text[n++] = *from;
		else if (!n || text[n - 1] != '#')
			text[n++] = '#';
	text[n] = '\0';
}

/* Is it the first of its class? */
static bool count_reason(struct reason *classes, const char *log, u64 nr)
{
	char text[120];

	reason_of(log, text);
	for (u32 i = 0; i < MAX_CLASSES; i++) {
		if (!classes[i].count) {
			strcpy(classes[i].text, text);
			classes[i].first = nr;
		} else if (strcmp(classes[i].text, text)) {
			continue;
		}
		return !classes[i].count++;
	}
	return false;
}

static void show_reasons(const struct reason *classes, const char *title)
{
	if (classes[0].count)
		printf("%s:\n", title);
	for (u32 i = 0; i < MAX_CLASSES && classes[i].count; i++)
		printf("%8llu  %s (%llu)\n",
		       (unsigned long long)classes[i].count, classes[i].text,
		       (unsigned long long)classes[i].first);
}

static void show_prog(const struct gen_prog *gen)
{
	char line[256];

	printf("type %u attach %u flags %#x\n", gen->type, gen->attach_type,
	       gen->flags);
	for (u32 i = 0; i < gen->nr; i++) {
		insn_print(line, sizeof(line), &gen->insns[i],
			   i + 1 < gen->nr ? &gen->insns[i + 1] : NULL);
		printf("%4u: %s\n", i, line);
		if (gen->insns[i].code == 0x18)
			i++;
	}
}

/* These are no violations: the run had enough. */
static bool is_limit(const char *reason)
{
	static const char *const limits[] = {
		"too many instructions",
		"references at once",
	};

	for (u32 i = 0; i < ARRAY_SIZE(limits); i++)
		if (strstr(reason, limits[i]))
			return true;
	return false;
}

static void run_accepted(const struct gen_prog *gen, struct prog *prog, u64 nr,
			 u32 runs)
{
	struct fault fault = { .limit = MAX_RUN_INSNS };
	u64 seed = nr, result;

	for (u32 i = 0; i < runs; i++) {
		gen_world_shuffle(&ours, &seed);
		totals.runs++;
		if (gen_world_run(&ours, prog, seed, &fault, &result))
			continue;
		if (is_limit(fault.reason)) {
			totals.limits++;
			count_reason(cut, fault.reason, nr);
			if (strstr(fault.reason, "too many"))
				break;
			continue;
		}
		totals.violations++;
		printf("VIOLATION program %llu insn %u: %s\n",
		       (unsigned long long)nr, fault.pc, fault.reason);
		show_prog(gen);
		break;
	}
}

static u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (u64)now.tv_sec * 1000000000u + (u64)now.tv_nsec;
}

static void compare(const struct gen_prog *gen, int err, const char *log,
		    u64 nr)
{
	u64 start = now_ns();
	int there = gen_world_ask(&theirs, gen, live_log, LOG_SIZE);

	if (one)
		printf("the kernel took %llu us\n",
		       (unsigned long long)(now_ns() - start) / 1000);
	if (there == -ENOSPC) {
		snprintf(live_log, 80, "(a log that long)");
		there = gen_world_ask(&theirs, gen, NULL, 0);
	}
	if (!err && there) {
		totals.wrong++;
		if (count_reason(wrong, live_log, nr)) {
			printf("WRONG program %llu: accepted, but the kernel "
			       "says %d\n",
			       (unsigned long long)nr, there);
			show_prog(gen);
			printf("%s\n%s%s\n", live_log, one ? "here:\n" : "",
			       one ? log : "");
		}
	} else if (err && !there) {
		totals.stricter++;
		if (count_reason(stricter, log, nr) && verbose) {
			printf("STRICTER program %llu: refused with %d, but "
			       "the kernel accepts it\n",
			       (unsigned long long)nr, err);
			show_prog(gen);
			printf("%s\n", log);
		}
	} else if (err != there) {
		totals.errnos++;
		if (verbose)
			printf("ERRNO program %llu: %d, kernel %d\n%s%s\n",
			       (unsigned long long)nr, err, there, log,
			       live_log);
	}
}

static int load(const struct gen_prog *gen, struct log *log, u64 nr,
		struct prog **out)
{
	u64 start = now_ns(), spent;
	int err = gen_world_load(&ours, gen, log, out);

	spent = now_ns() - start;
	if (spent > totals.slowest_ns) {
		totals.slowest_ns = spent;
		totals.slowest = nr;
	}
	return err;
}

static void one_program(u64 nr, u32 runs)
{
	static struct gen_prog gen;
	u8 in[MAX_IN];
	u64 seed = nr;
	u32 size = 24 + gen_random(&seed) % (MAX_IN - 24);
	struct prog *prog;
	struct log log;
	int err;

	for (u32 i = 0; i < size; i++)
		in[i] = (u8)gen_random(&seed);
	gen_prog(&gen, in, size);
	totals.programs++;
	totals.insns += gen.nr;
	log_init(&log,
		 verbose ? (one ? 2 : 1)
		 : live	 ? 1
		 : one	 ? 4
			 : 0,
		 LOG_SIZE);
	err = load(&gen, &log, nr, &prog);
	if (err)
		count_reason(refused, log.buf ? log.buf : "", nr);
	if (err == -E2BIG)
		totals.too_much++;
	if (live)
		compare(&gen, err, log.buf ? log.buf : "", nr);
	if (!err) {
		totals.accepted++;
		run_accepted(&gen, prog, nr, runs);
		prog_put(prog);
	}
	log_destroy(&log);
}

static void progress(u64 done, u64 count, time_t start)
{
	static time_t shown;
	time_t now = time(NULL);

	if (!isatty(2) || now == shown)
		return;
	shown = now;
	fprintf(stderr,
		"\r%llu of %llu, %.1f%% accepted, %llu violations, %lds ",
		(unsigned long long)done, (unsigned long long)count,
		100.0 * (double)totals.accepted / (double)totals.programs,
		(unsigned long long)totals.violations, (long)(now - start));
}

static int usage(void)
{
	fprintf(stderr, "usage: fuzz_progs [--live] [--one] [--log] SEED COUNT "
			"[RUNS]\n");
	return 2;
}

static void show_totals(u64 seed)
{
	printf("seed %llu: %llu programs of %llu instructions on average, "
	       "%llu accepted (%.1f%%), %llu too complex, %llu runs, %llu cut "
	       "short, %llu violations; slowest to load: %llu us (%llu)\n",
	       (unsigned long long)seed, (unsigned long long)totals.programs,
	       (unsigned long long)(totals.insns / totals.programs),
	       (unsigned long long)totals.accepted,
	       100.0 * (double)totals.accepted / (double)totals.programs,
	       (unsigned long long)totals.too_much,
	       (unsigned long long)totals.runs,
	       (unsigned long long)totals.limits,
	       (unsigned long long)totals.violations,
	       (unsigned long long)totals.slowest_ns / 1000,
	       (unsigned long long)totals.slowest);
	if (live)
		printf("beside the kernel: %llu accepted here only, %llu there "
		       "only, %llu refused otherwise\n",
		       (unsigned long long)totals.wrong,
		       (unsigned long long)totals.stricter,
		       (unsigned long long)totals.errnos);
}

int main(int argc, char **argv)
{
	u64 seed, count;
	u32 runs = 4;
	time_t start = time(NULL);

	for (; argc > 1 && !strncmp(argv[1], "--", 2); argc--, argv++) {
		live |= !strcmp(argv[1], "--live");
		one |= !strcmp(argv[1], "--one");
		verbose |= !strcmp(argv[1], "--log");
	}
	if (argc < 3)
		return usage();
	seed = strtoull(argv[1], NULL, 0);
	count = strtoull(argv[2], NULL, 0);
	if (argc > 3)
		runs = (u32)strtoul(argv[3], NULL, 0);
	if (live)
		live_need();
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!gen_world_init(&ours, false) ||
	    (live && !gen_world_init(&theirs, true))) {
		fprintf(stderr, "cannot make the maps\n");
		return 1;
	}
	if (one)
		one_program((seed << 32) + count, runs);
	for (u64 i = 0; i < count && !one; i++) {
		one_program((seed << 32) + i, runs);
		progress(i + 1, count, start);
		if (i % 1000 == 999)
			cgbpf_env_sync(ours.env);
	}
	if (verbose) {
		show_reasons(refused, "refused here");
		show_reasons(stricter, "accepted by the kernel only");
		show_reasons(cut, "runs cut short");
	}
	show_reasons(wrong, "accepted here only");
	show_totals(seed);
	gen_world_exit(&ours);
	if (live)
		gen_world_exit(&theirs);
	return totals.violations || totals.wrong;
}
