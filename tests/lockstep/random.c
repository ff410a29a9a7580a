/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random - sequences of random calls on an environment and the live kernel.
 *
 *	lockstep_random [--seed N] [--steps N] [--seconds N] [--self] [--trace]
 *	lockstep_random --replay FILE
 *
 * A difference is shrunk to the steps that it needs and printed as a file for
 * --replay.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "random.h"

#define EPISODE 2000 /* steps of one sequence */

static char difference[2048];
static bool tracing;

static void note_diff(struct lockstep *ls, const char *message)
{
	if (!ls->quiet && !*difference)
		snprintf(difference, sizeof(difference), "%s", message);
}

/* The number of steps up to a difference, with the one that shows it; 0. */
static u32 run(struct small_world *small, struct lockstep *ls,
	       const struct step *steps, u32 nr)
{
	u32 i;

	*difference = 0;
	small_world_start(small, &steps[0]);
	for (i = 0; i < nr && !*difference; i++) {
		int ret = small_world_step(small, &steps[i]);

		if (tracing)
			printf("%u: %s: %d\n", i, ls->doing, ret);
	}
	small_world_reset(small);
	return *difference ? i : 0;
}

/*
 * Leaves out ever smaller parts as long as there is a difference.  The first
 * step stays: it says what kind of sequence this is.
 */
static u32 shrink(struct small_world *small, struct lockstep *ls,
		  struct step *steps, u32 nr)
{
	struct step *less = calloc(nr, sizeof(*less));
	u32 part = nr / 2;

	if (!less)
		abort();
	while (part) {
		bool better = false;

		for (u32 at = 1; at < nr;) {
			u32 n = nr - at < part ? nr - at : part, now;

			memcpy(less, steps, at * sizeof(*less));
			memcpy(less + at, steps + at + n,
			       (nr - at - n) * sizeof(*less));
			now = run(small, ls, less, nr - n);
			if (now) {
				memcpy(steps, less, now * sizeof(*steps));
				nr = now;
				better = true;
			} else {
				at += n;
			}
		}
		if (!better || part > 1)
			part /= 2;
	}
	free(less);
	run(small, ls, steps, nr);
	return nr;
}

static int report(struct small_world *small, struct lockstep *ls,
		  struct step *steps, u32 nr)
{
	tracing = false;
	printf("difference after %u steps: %s\nshrinking ...\n", nr,
	       difference);
	fflush(stdout);
	if (!run(small, ls, steps, nr)) {
		printf("the second time there was none; the steps were:\n");
		steps_print(stdout, steps, nr);
		return 1;
	}
	nr = shrink(small, ls, steps, nr);
	printf("# %s\n", difference);
	steps_print(stdout, steps, nr);
	tracing = true;
	run(small, ls, steps, nr);
	return 1;
}

static int replay(struct small_world *small, struct lockstep *ls,
		  const char *path)
{
	struct step steps[EPISODE];
	FILE *f = fopen(path, "r");
	u32 line = 0;
	int nr;

	if (!f) {
		perror(path);
		return 2;
	}
	nr = steps_parse(f, steps, EPISODE, &line);
	fclose(f);
	if (nr <= 0) {
		fprintf(stderr, "%s: line %u is no step\n", path, line);
		return 2;
	}
	tracing = true;
	if (!run(small, ls, steps, (u32)nr)) {
		printf("no difference\n");
		return 0;
	}
	printf("difference: %s\n", difference);
	return 1;
}

struct options {
	u64 seed, steps;
	u32 seconds;
	bool self;
	const char *replay;
};

static int search(struct small_world *small, struct lockstep *ls,
		  const struct options *options)
{
	static struct step steps[EPISODE];
	time_t end = time(NULL) + options->seconds;
	u64 seed = options->seed, done = 0;

	while (done < options->steps &&
	       (!options->seconds || time(NULL) < end)) {
		u32 at;

		steps_generate(steps, EPISODE, seed);
		if (tracing)
			printf("seed %llu\n", (unsigned long long)seed);
		at = run(small, ls, steps, EPISODE);
		if (at) {
			printf("seed %llu: ", (unsigned long long)seed);
			return report(small, ls, steps, at);
		}
		seed++;
		done += EPISODE;
	}
	printf("%llu steps, %llu calls, seeds %llu to %llu: no difference\n",
	       (unsigned long long)done, (unsigned long long)ls->calls,
	       (unsigned long long)options->seed, (unsigned long long)seed - 1);
	return 0;
}

static int parse(int argc, char **argv, struct options *options)
{
	static const struct option longs[] = {
		{ "seed", required_argument, NULL, 's' },
		{ "steps", required_argument, NULL, 'n' },
		{ "seconds", required_argument, NULL, 't' },
		{ "replay", required_argument, NULL, 'r' },
		{ "self", no_argument, NULL, 'S' },
		{ "trace", no_argument, NULL, 'T' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 's':
			options->seed = strtoull(optarg, NULL, 0);
			break;
		case 'n':
			options->steps = strtoull(optarg, NULL, 0);
			break;
		case 't':
			options->seconds = (u32)strtoul(optarg, NULL, 0);
			break;
		case 'r':
			options->replay = optarg;
			break;
		case 'S':
			options->self = true;
			break;
		case 'T':
			tracing = true;
			break;
		default:
			return -1;
		}
	}
	return optind == argc ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct options options = { .seed = 1, .steps = 40000 };
	struct small_world *small;
	struct lockstep *ls;
	const char *why;
	int ret;

	if (parse(argc, argv, &options)) {
		fprintf(stderr,
			"usage: %s [--seed N] [--steps N] [--seconds N] "
			"[--self] [--trace] [--replay FILE]\n",
			argv[0]);
		return 2;
	}
	ls = ls_open(options.self, &why);
	if (!ls) {
		printf("skipped: %s\n", why);
		return 77;
	}
	ls->diff = note_diff;
	small = small_world_new(ls);
	ret = options.replay ? replay(small, ls, options.replay)
			     : search(small, ls, &options);
	small_world_free(small);
	ls_close(ls);
	return ret;
}
