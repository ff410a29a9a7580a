/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The figures, beside the live kernel's where we are root.
 * Usage: bench CGBPF COUNT.bpf.o CAPTURE.pcap
 */
#include <stdio.h>

#include "bench.h"

int main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: bench CGBPF OBJECT CAPTURE\n");
		return 2;
	}
	bench_pin();
	puts("One thread, pinned; medians.  \"-\": not measured, or no such "
	     "thing.");
	if (!bench_has_kernel())
		puts("No figures of the live kernel: that takes root.");
	bench_run();
	bench_hierarchy();
	bench_load();
	bench_replay(argv[1], argv[2], argv[3]);
	return 0;
}
