/* SPDX-License-Identifier: BSD-2-Clause */
/* Many threads that start together, and a check that ends the program. */
#ifndef CGBPF_TESTS_THREADS_H
#define CGBPF_TESTS_THREADS_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/types.h"

#define THREADS_MAX 64u

#define CHECK(cond)                                                        \
	do {                                                               \
		if (!(cond)) {                                             \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, \
				#cond);                                    \
			_Exit(1);                                          \
		}                                                          \
	} while (0)

struct threads_one {
	void (*work)(u32 index, void *arg);
	void *arg;
	u32 index;
	pthread_barrier_t *start;
	pthread_t thread;
};

static inline void *threads_main(void *data)
{
	struct threads_one *one = data;

	pthread_barrier_wait(one->start);
	one->work(one->index, one->arg);
	return NULL;
}

/* threads_run() - @work(0..@nr-1, @arg), all at once; returns when all have. */
static inline void threads_run(u32 nr, void (*work)(u32 index, void *arg),
			       void *arg)
{
	struct threads_one ones[THREADS_MAX];
	pthread_barrier_t start;

	CHECK(nr <= THREADS_MAX);
	CHECK(!pthread_barrier_init(&start, NULL, nr));
	for (u32 i = 0; i < nr; i++) {
		ones[i] = (struct threads_one){
			.work = work, .arg = arg, .index = i, .start = &start
		};
		CHECK(!pthread_create(&ones[i].thread, NULL, threads_main,
				      &ones[i]));
	}
	for (u32 i = 0; i < nr; i++)
		pthread_join(ones[i].thread, NULL);
	pthread_barrier_destroy(&start);
}

#endif
