/* SPDX-License-Identifier: BSD-2-Clause */
/* Sequences of steps: made from a seed, printed, read back. */
#include <stdlib.h>
#include <string.h>

#include "random.h"

const char *const step_names[NR_STEP_OPS] = {
#define X(name, weight) [STEP_##name] = #name,
	STEP_OPS(X)
#undef X
};

static const u32 weights[NR_STEP_OPS] = {
#define X(name, weight) [STEP_##name] = (weight),
	STEP_OPS(X)
#undef X
};

static u64 next(u64 *state)
{
	u64 z = (*state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

/*
 * Each sequence has likes and dislikes of its own, so that some are all about
 * links and others all about maps.  Slots are mostly small numbers: things
 * meet more often.
 */
void steps_generate(struct step *steps, u32 nr, u64 seed)
{
	u64 state = seed * 0x2545f4914f6cdd1dull + 1;
	u32 weight[NR_STEP_OPS], total = 0;
	u32 spread = 4 + (u32)(next(&state) % 60);

	for (int i = 0; i < NR_STEP_OPS; i++) {
		weight[i] = weights[i] * (u32)(1 + next(&state) % 8);
		total += weight[i];
	}
	for (u32 i = 0; i < nr; i++) {
		u32 r = (u32)(next(&state) % total), op = 0;

		while (r >= weight[op])
			r -= weight[op++];
		steps[i].op = op;
		for (int a = 0; a < STEP_ARGS; a++)
			steps[i].arg[a] = (u32)(next(&state) % spread);
	}
	/* the episode's kinds of programs, and whether PREORDER may come */
	steps[0] = (struct step){ STEP_OBSERVE, { (u32)(next(&state) % 64) } };
}

void steps_print(FILE *f, const struct step *steps, u32 nr)
{
	for (u32 i = 0; i < nr; i++) {
		fprintf(f, "%s", step_names[steps[i].op]);
		for (int a = 0; a < STEP_ARGS; a++)
			fprintf(f, " %u", steps[i].arg[a]);
		fputc('\n', f);
	}
}

static bool parse_line(char *line, struct step *step)
{
	char *save, *word = strtok_r(line, " \n", &save);

	step->op = NR_STEP_OPS;
	for (u32 i = 0; word && i < NR_STEP_OPS; i++)
		if (!strcmp(word, step_names[i]))
			step->op = i;
	for (int a = 0; a < STEP_ARGS; a++) {
		word = strtok_r(NULL, " \n", &save);
		step->arg[a] = word ? (u32)strtoul(word, NULL, 0) : 0;
	}
	return step->op < NR_STEP_OPS;
}

int steps_parse(FILE *f, struct step *steps, u32 max, u32 *line)
{
	char buf[256];
	u32 nr = 0;

	for (*line = 1; nr < max && fgets(buf, sizeof(buf), f); ++*line) {
		if (*buf == '#' || *buf == '\n')
			continue;
		if (!parse_line(buf, &steps[nr++]))
			return -1;
	}
	return (int)nr;
}
