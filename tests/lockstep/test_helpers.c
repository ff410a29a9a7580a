/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of helpers against the live kernel: for each kind of program and
 * each helper, may it be called?  And does that need a GPL program?
 *
 * The kernel is asked with a program that calls the helper with nothing set
 * up: what it complains about says how far it came.
 */
#include "live.h"
#include "prog_kinds.h"
#include "vm/helper.h"

static char log_text[65536];
static unsigned int compared, differences;

enum answer {
	ANSWER_NO,
	ANSWER_GPL, /* yes, for GPL programs */
	ANSWER_YES,
};

static const char *const answers[] = { "no", "for GPL programs", "yes" };

static bool refused(const struct prog_kind *kind, u32 id, bool gpl)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_JMP | BPF_CALL, .imm = (s32)id },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	int fd = live_load(kind->type, kind->attach_type, gpl, insns, 3,
			   log_text, sizeof(log_text));

	if (fd >= 0) {
		close(fd);
		return false;
	}
	return strstr(log_text, "unknown func") ||
	       strstr(log_text, "invalid func") ||
	       strstr(log_text, "cannot use helper") || strstr(log_text, "GPL");
}

static enum answer theirs(const struct prog_kind *kind, u32 id)
{
	if (refused(kind, id, true))
		return ANSWER_NO;
	return refused(kind, id, false) ? ANSWER_GPL : ANSWER_YES;
}

static enum answer ours(const struct prog_kind *kind, u32 id)
{
	const struct prog prog = {
		.type = kind->type,
		.expected_attach_type = kind->attach_type,
	};
	const struct helper *helper = helper_by_id(id);

	if (!helper || !helper_allowed(helper, &prog))
		return ANSWER_NO;
	return helper->gpl_only ? ANSWER_GPL : ANSWER_YES;
}

static void compare(const struct prog_kind *kind, u32 id)
{
	enum answer want = theirs(kind, id), have = ours(kind, id);

	compared++;
	/* one that is not here at all is listed with its reason instead */
	if (want == have || helper_absence(id))
		return;
	differences++;
	printf("%s bpf_%s#%u: kernel %s, here %s\n", kind->name,
	       helper_name(id) ? helper_name(id) : "?", id, answers[want],
	       answers[have]);
}

int main(void)
{
	live_need();
	for (u32 id = 1; id < HELPER_IDS; id++) {
		if (!helper_by_id(id) == !helper_absence(id)) {
			printf("bpf#%u is not listed just once\n", id);
			differences++;
		}
		for (size_t i = 0; i < NR_PROG_KINDS; i++)
			compare(&prog_kinds[i], id);
	}
	/* nothing beyond the last one that we know */
	for (size_t i = 0; i < NR_PROG_KINDS; i++)
		if (!refused(&prog_kinds[i], HELPER_IDS, true)) {
			printf("the kernel has a helper #%u\n", HELPER_IDS);
			differences++;
		}
	printf("%u answers compared, %u differences\n", compared, differences);
	return differences ? EXIT_FAILURE : EXIT_SUCCESS;
}
