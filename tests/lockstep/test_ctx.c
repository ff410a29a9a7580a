/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tables of contexts against the live kernel: for each kind of program,
 * each offset, each size, may it be read, may it be written?  The same for
 * sockets that programs reach by pointer.
 */
#include "insn_macros.h"
#include "live.h"
#include "prog_kinds.h"
#include "vm/ctx.h"

static unsigned int compared, differences;
static const u32 sizes[] = { 1, 2, 4, 8 };
static const u8 codes[] = { BPF_B, BPF_H, BPF_W, BPF_DW };

#define LAST_OFF 200u

static void tell(const char *who, u32 off, u32 size, bool write, bool want,
		 bool have)
{
	compared++;
	if (want == have)
		return;
	differences++;
	printf("%s +%u of %u, %s: kernel %s, here %s\n", who, off, size,
	       write ? "write" : "read", want ? "yes" : "no",
	       have ? "yes" : "no");
}

static bool loads(const struct prog_kind *kind, const struct bpf_insn *insns,
		  u32 nr)
{
	int fd = live_load(kind->type, kind->attach_type, true, insns, nr, NULL,
			   0);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void compare_ctx(const struct prog_kind *kind)
{
	const struct prog prog = {
		.type = kind->type,
		.expected_attach_type = kind->attach_type,
	};

	for (u32 off = 0; off < LAST_OFF; off++)
		for (u32 i = 0; i < 4; i++)
			for (int write = 0; write < 2; write++) {
				const struct bpf_insn insns[] = {
					I_MOV_IMM(R2, 0),
					write ? I_STX(codes[i], R1, R2,
						      (s16)off)
					      : I_LDX(codes[i], R2, R1,
						      (s16)off),
					I_MOV_IMM(R0, 1),
					I_EXIT(),
				};

				tell(kind->name, off, sizes[i], write,
				     loads(kind, insns, 4),
				     ctx_find(&prog, off, sizes[i], write));
			}
}

/* The pointer that @get leaves in R2, at worst after a check for NULL. */
static void compare_pointer(const char *name, const struct prog_kind *kind,
			    const struct bpf_insn *get, u32 nr,
			    const struct ctx_type *type)
{
	struct bpf_insn insns[16];

	memcpy(insns, get, nr * sizeof(*get));
	for (u32 off = 0; off < LAST_OFF; off++)
		for (u32 i = 0; i < 4; i++) {
			insns[nr] = I_LDX(codes[i], R0, R2, (s16)off);
			insns[nr + 1] = I_MOV_IMM(R0, 1);
			insns[nr + 2] = I_EXIT();
			tell(name, off, sizes[i], false,
			     loads(kind, insns, nr + 3),
			     ctx_type_find(type, off, sizes[i]));
		}
}

#define SKB_SK (s16) offsetof(struct __sk_buff, sk)

static void compare_pointers(void)
{
	static const struct prog_kind skb = { BPF_PROG_TYPE_CGROUP_SKB,
					      BPF_CGROUP_INET_INGRESS, "" };
	static const struct prog_kind addr = { BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
					       BPF_CGROUP_INET4_CONNECT, "" };
	const struct bpf_insn common[] = {
		I_LDX(BPF_DW, R2, R1, SKB_SK),
		I_JMP_IMM(BPF_JNE, R2, 0, 2),
		I_RETURN(1),
	};
	const struct bpf_insn full[] = {
		I_LDX(BPF_DW, R2, R1, offsetof(struct bpf_sock_addr, sk)),
	};
	const struct bpf_insn tcp[] = {
		I_LDX(BPF_DW, R1, R1, SKB_SK),
		I_JMP_IMM(BPF_JNE, R1, 0, 2),
		I_RETURN(1),
		I_CALL(BPF_FUNC_tcp_sock),
		I_JMP_IMM(BPF_JNE, R0, 0, 2),
		I_RETURN(1),
		I_MOV_REG(R2, R0),
	};

	compare_pointer("sock_common", &skb, common, ARRAY_SIZE(common),
			ctx_sock_common_type());
	compare_pointer("sock", &addr, full, ARRAY_SIZE(full), ctx_sock_type());
	compare_pointer("tcp_sock", &skb, tcp, ARRAY_SIZE(tcp),
			ctx_tcp_sock_type());
}

int main(void)
{
	live_need();
	for (size_t i = 0; i < NR_PROG_KINDS; i++)
		if (ctx_type_of(prog_kinds[i].type))
			compare_ctx(&prog_kinds[i]);
	compare_pointers();
	printf("%u accesses compared, %u differences\n", compared, differences);
	return differences ? EXIT_FAILURE : EXIT_SUCCESS;
}
