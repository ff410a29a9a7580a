/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Scenes: a real call in the live kernel, the same event here, one outcome.
 *
 * scene() plays a part twice.  In the live kernel a child process moves into
 * the cgroup and makes real calls: in a network namespace of the test's own,
 * with nothing but a loopback device, and with some seconds to live.  In an
 * environment the same part is played by events that say what the kernel would
 * have said.  What both left (results, bytes) has to be equal; what programs
 * left in maps, the caller compares.
 */
#ifndef LOCKSTEP_SCENE_H
#define LOCKSTEP_SCENE_H

#include "cgbpf.h"
#include "directed.h"
#include "object/attach_type.h"

#define SCENE_RETS 8192
#define SCENE_BYTES 8192

struct outcome {
	u32 nr, len;
	s64 ret[SCENE_RETS];
	u8 bytes[SCENE_BYTES];
};

/* Whose turn it is. */
struct stage {
	struct outcome *out;
	struct cgbpf_cgroup *cgroup; /* NULL: the live kernel */
	int which;		     /* world */
	const void *arg;
};

typedef void (*scene_fn)(struct stage *stage);

/* Plays @real and @ours in cgroup @path, and compares. */
void scene(const char *path, scene_fn real, scene_fn ours, const void *arg);

/* What goes into the outcome: a result (-1 is for -errno), bytes. */
void note(struct stage *stage, s64 ret);
void note_call(struct stage *stage, long ret);
void note_bytes(struct stage *stage, const void *bytes, u32 len);
/* A call of the scene's own that has to work, in the child. */
void must(const char *what, long ret);
/* The world's own fd of a handle, in the child too */
int stage_fd(const struct stage *stage, int handle);
/* Direct access to an array's element 0, in the stage's world */
void stage_read(const struct stage *stage, int map, void *value);
void stage_write(const struct stage *stage, int map, const void *value);

/* ---- programs that record what they see ---- */

#define REC_FIELDS 32
#define REC_EVENTS 8 /* the last ones */

struct record {
	u64 count;
	u64 events[REC_EVENTS][REC_FIELDS];
};

struct recorder {
	struct bpf_insn insns[500];
	u32 nr, slot;
	int map;
};

int record_map(void);
/* R6: the context; R7: the event's record; R8, R9 are free */
void rec_begin(struct recorder *rec, int map);
void rec_insns(struct recorder *rec, const struct bpf_insn *insns, u32 nr);
#define REC(rec, ...)                                                \
	rec_insns(rec, (const struct bpf_insn[]){ __VA_ARGS__ },     \
		  sizeof((const struct bpf_insn[]){ __VA_ARGS__ }) / \
			  sizeof(struct bpf_insn))
/* A field of the context, R0 of a call, or any register */
void rec_field(struct recorder *rec, u32 size, int off);
void rec_reg(struct recorder *rec, u32 reg);
/* The program's end, and its handle */
int rec_load(struct recorder *rec, u32 attach_type, int ret);
/* What was recorded in both worlds, compared; *out may be NULL */
void rec_compare(int map, struct record *out);

#endif
