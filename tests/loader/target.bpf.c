// SPDX-License-Identifier: BSD-2-Clause
// The types that core.bpf.c meets: those of another kernel.
struct moved {
	long before;
	int a;
	char between[20];
	long long b;
};

enum numbers {
	ONE = 1,
	TWO = 22,
};

struct moved moved;
enum numbers number;
