/* SPDX-License-Identifier: BSD-2-Clause */
/* Random BTF, by a seed: mostly near what is valid, and mutations of it. */
#ifndef CGBPF_TESTS_BTF_RANDOM_H
#define CGBPF_TESTS_BTF_RANDOM_H

#include "btf_text.h"

static inline u32 rnd(u64 *seed)
{
	u64 z = *seed += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return (u32)((z ^ z >> 31) >> 16);
}

static inline u32 rnd_below(u64 *seed, u32 n)
{
	return rnd(seed) % n;
}

static inline bool rnd_one_in(u64 *seed, u32 n)
{
	return rnd_below(seed, n) == 0;
}

static inline u32 rnd_name(struct blob *b, u64 *seed)
{
	static const char *const names[] = { "a", "b", "c9", ".d", "_e", "f" };
	static const char *const odd[] = { "1a",
					   "a b",
					   "x\x7f",
					   "\xe9\xe8",
					   "\xd7",
					   "a-",
					   "a\xb5"
					   "b",
					   "\xa0",
					   "a\x80" };

	if (rnd_one_in(seed, 60))
		return blob_string(b, odd[rnd_below(seed, ARRAY_SIZE(odd))]);
	if (rnd_one_in(seed, 200))
		return rnd_below(seed, 40);
	return blob_string(b, names[rnd_below(seed, ARRAY_SIZE(names))]);
}

static inline u32 rnd_size(u64 *seed)
{
	static const u32 sizes[] = { 1, 2, 4, 4, 8, 8, 16, 12, 32, 3, 0 };

	return rnd_one_in(seed, 100)
		       ? rnd(seed)
		       : sizes[rnd_below(seed, ARRAY_SIZE(sizes))];
}

static inline void rnd_int(struct blob *b, u64 *seed, u32 name)
{
	static const u32 bits[] = { 8, 16, 32, 64, 128, 1, 13, 0 };
	static const u32 encodings[] = { 0, 1, 2, 4 };
	u32 n = bits[rnd_below(seed, ARRAY_SIZE(bits))];
	u32 encoding = encodings[rnd_below(seed, 4)];
	u32 offset = rnd_one_in(seed, 12) ? rnd_below(seed, 130) : 0;

	if (rnd_one_in(seed, 40))
		encoding = rnd_below(seed, 16);
	blob_type(b, name, BTF_KIND_INT, 0, 0,
		  rnd_one_in(seed, 8) ? rnd_size(seed) : max(n / 8, 1u));
	blob_word(b, encoding << 24 | offset << 16 | n);
}

static inline void rnd_members(struct blob *b, u64 *seed, u32 kind, u32 ids)
{
	u32 nr = rnd_below(seed, 4), kflag = rnd_below(seed, 2), bits = 0;
	u32 name = rnd_one_in(seed, 3) ? 0 : rnd_name(b, seed);
	u32 steps[] = { 0, 8, 32, 64, 64, 3 }, field;

	blob_type(b, name, kind, nr, kflag,
		  rnd_one_in(seed, 3) ? rnd_size(seed) : 64);
	for (u32 i = 0; i < nr; i++) {
		blob_word(b, rnd_one_in(seed, 4) ? 0 : rnd_name(b, seed));
		blob_word(b, 1 + rnd_below(seed, ids));
		field = kflag && rnd_one_in(seed, 4) ? rnd_below(seed, 40) : 0;
		blob_word(b, field << 24 | (kind == BTF_KIND_UNION ? 0 : bits));
		bits += steps[rnd_below(seed, ARRAY_SIZE(steps))];
	}
}

static inline void rnd_pairs(struct blob *b, u64 *seed, u32 nr, u32 words)
{
	for (u32 i = 0; i < nr; i++) {
		blob_word(b, rnd_name(b, seed));
		for (u32 w = 1; w < words; w++)
			blob_word(b, rnd_below(seed, 9));
	}
}

static inline void rnd_proto(struct blob *b, u64 *seed, u32 ids)
{
	u32 nr = rnd_below(seed, 4);

	blob_type(b, 0, BTF_KIND_FUNC_PROTO, nr, 0, rnd_below(seed, ids + 1));
	for (u32 i = 0; i < nr; i++) {
		bool any = i + 1 == nr && rnd_one_in(seed, 4);

		blob_word(b,
			  any || rnd_one_in(seed, 6) ? 0 : rnd_name(b, seed));
		blob_word(b, any ? 0 : 1 + rnd_below(seed, ids));
	}
}

static inline void rnd_datasec(struct blob *b, u64 *seed, u32 ids)
{
	u32 nr = rnd_below(seed, 3), at = 0;

	blob_type(b, rnd_name(b, seed), BTF_KIND_DATASEC, nr, 0, 64);
	for (u32 i = 0; i < nr; i++) {
		u32 size = rnd_size(seed);

		blob_word(b, 1 + rnd_below(seed, ids));
		blob_word(b, at);
		blob_word(b, size);
		at += size;
	}
}

/* One type that may refer to any id up to @ids. */
static inline void rnd_type(struct blob *b, u64 *seed, u32 ids)
{
	u32 kind = 1 + rnd_below(seed, BTF_KIND_ENUM64);
	u32 name = rnd_name(b, seed), id = rnd_below(seed, ids + 1), nr;
	u32 kflag = rnd_one_in(seed, 30), vlen = rnd_one_in(seed, 40);

	switch (kind) {
	case BTF_KIND_INT:
		rnd_int(b, seed, name);
		break;
	case BTF_KIND_ARRAY:
		blob_type(b, 0, kind, vlen, kflag, 0);
		blob_word(b, id);
		blob_word(b, rnd_one_in(seed, 4) ? id : 1);
		blob_word(b, rnd_one_in(seed, 20) ? rnd(seed)
						  : rnd_below(seed, 5));
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		rnd_members(b, seed, kind, ids);
		break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		nr = rnd_below(seed, 3);
		blob_type(b, name, kind, nr, rnd_below(seed, 2),
			  rnd_one_in(seed, 5) ? rnd_size(seed) : 4);
		rnd_pairs(b, seed, nr, kind == BTF_KIND_ENUM ? 2 : 3);
		break;
	case BTF_KIND_FWD:
		blob_type(b, name, kind, vlen, rnd_below(seed, 2),
			  rnd_one_in(seed, 20));
		break;
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_TYPE_TAG:
		blob_type(b, name, kind, vlen, kflag, id);
		break;
	case BTF_KIND_FUNC:
		blob_type(b, name, kind, rnd_below(seed, 4), kflag, id);
		break;
	case BTF_KIND_FUNC_PROTO:
		rnd_proto(b, seed, ids);
		break;
	case BTF_KIND_VAR:
		blob_type(b, name, kind, vlen, kflag, id);
		blob_word(b, rnd_below(seed, 3));
		break;
	case BTF_KIND_DATASEC:
		rnd_datasec(b, seed, ids);
		break;
	case BTF_KIND_FLOAT:
		blob_type(b, name, kind, vlen, kflag, rnd_size(seed));
		break;
	case BTF_KIND_DECL_TAG:
		blob_type(b, name, kind, vlen, kflag, id);
		blob_word(b, rnd_below(seed, 4) - 2);
		break;
	default: /* PTR and the modifiers without name */
		blob_type(b, rnd_one_in(seed, 40) ? name : 0, kind, vlen, kflag,
			  id);
		break;
	}
}

/* A few types that refer to each other; type 1 is an int. */
static inline void blob_random(struct blob *b, u64 *seed)
{
	u32 nr = 1 + rnd_below(seed, rnd_one_in(seed, 4) ? 60 : 9);

	blob_init(b);
	blob_text(b, "INT i 0 0 4 0x01000020\n");
	/* references mostly stay inside */
	for (u32 i = 1; i < nr; i++)
		rnd_type(b, seed, nr - !rnd_one_in(seed, 30));
	blob_finish(b);
}

/* A chain of references, longer or shorter than may be. */
static inline void blob_chain(struct blob *b, u64 *seed)
{
	u32 nr = 28 + rnd_below(seed, 12), kinds[4], nr_kinds;
	static const u32 all[] = { BTF_KIND_PTR,      BTF_KIND_CONST,
				   BTF_KIND_VOLATILE, BTF_KIND_TYPEDEF,
				   BTF_KIND_TYPE_TAG, BTF_KIND_ARRAY,
				   BTF_KIND_STRUCT };
	bool down = rnd_below(seed, 2);

	blob_init(b);
	nr_kinds = 1 + rnd_below(seed, 3);
	for (u32 i = 0; i < nr_kinds; i++)
		kinds[i] = all[rnd_below(seed, ARRAY_SIZE(all))];
	blob_text(b, "INT i 0 0 4 0x01000020\n");
	for (u32 i = 0; i < nr; i++) {
		u32 kind = kinds[rnd_below(seed, nr_kinds)];
		u32 to = down ? b->nr_types : b->nr_types + 2;
		u32 name = kind == BTF_KIND_TYPEDEF ||
			   kind == BTF_KIND_TYPE_TAG;

		if (i + 1 == nr && !down)
			to = 1;
		if (rnd_one_in(seed, 100))
			to = 1 + rnd_below(seed, nr);
		if (kind == BTF_KIND_ARRAY) {
			blob_type(b, 0, kind, 0, 0, 0);
			blob_word(b, to);
			blob_word(b, 1);
			blob_word(b, 1);
		} else if (kind == BTF_KIND_STRUCT) {
			blob_type(b, 0, kind, 1, 0, 8);
			blob_word(b, 0);
			blob_word(b, to);
			blob_word(b, 0);
		} else {
			blob_type(b, name ? blob_string(b, "t") : 0, kind, 0, 0,
				  to);
		}
	}
	blob_finish(b);
}

/*
 * Structs with fields of special meaning.  A struct that has a lock or a count
 * is never in another one: two of them in one struct by way of a third is
 * something the kernel only warns of, once.
 */
static inline void blob_fields(struct blob *b, u64 *seed)
{
	static const char head[] = "INT i 0 0 4 0x01000020\n"
				   "STRUCT bpf_spin_lock 0 0 4\n"
				   "STRUCT bpf_refcount 0 0 4\n"
				   "STRUCT bpf_list_head 0 0 16\n"
				   "STRUCT bpf_list_node 0 0 24\n"
				   "STRUCT bpf_rb_root 0 0 16\n"
				   "STRUCT bpf_rb_node 0 0 32\n"
				   "STRUCT zzplain 0 0 4\n"
				   "TYPE_TAG kptr 0 0 8\nPTR - 0 0 9\n"
				   "TYPE_TAG kptr_untrusted 0 0 8\n"
				   "PTR - 0 0 11\nVOLATILE - 0 0 10\n"
				   "TYPE_TAG other 0 0 8\nPTR - 0 0 14\n"
				   "ARRAY - 0 0 0 10 1 2\n";
	static const char *const tags[] = {
		"contains:s0:n0", "contains:s1:n1", "contains:s2:n0",
		"contains:s9:n0", "contains:s0:",   "contains:s0",
		"contain:s0:n0",  "contains:s1:n0",
	};
	u32 plain[16], nr_plain = 0, first, nr = 1 + rnd_below(seed, 4);
	char name[16];

	blob_init(b);
	blob_text(b, head);
	first = b->nr_types + 1;
	for (u32 i = 4; i <= 16; i++)
		if (i != 9 && i != 11 && i != 14 && i != 8)
			plain[nr_plain++] = i;
	for (u32 i = 0; i < nr; i++) {
		u32 members = 1 + rnd_below(seed, 4), at = 0;
		bool lock = rnd_below(seed, 2), count = rnd_one_in(seed, 3);

		snprintf(name, sizeof(name), "s%u", i);
		blob_type(b, blob_string(b, name), BTF_KIND_STRUCT,
			  members + lock + count, 0, 400);
		for (u32 m = 0; m < members + lock + count; m++) {
			u32 type = plain[rnd_below(seed, nr_plain)];

			if (lock && !m)
				type = 2;
			else if (count && m == lock)
				type = 3;
			snprintf(name, sizeof(name), "n%u",
				 rnd_below(seed, 2) + m / 2);
			blob_word(b, blob_string(b, name));
			blob_word(b, type);
			blob_word(b, at);
			at += type == 2 || type == 3 ? 32
			      : rnd_one_in(seed, 8)  ? 64
						     : 256;
			at = rnd_one_in(seed, 10) ? at + 32 : (at + 63) & ~63u;
		}
		if (!lock && !count && rnd_below(seed, 2))
			plain[nr_plain++] = b->nr_types;
	}
	for (u32 i = rnd_below(seed, 7); i; i--) {
		blob_type(b,
			  blob_string(b,
				      tags[rnd_below(seed, ARRAY_SIZE(tags))]),
			  BTF_KIND_DECL_TAG, 0, 0, first + rnd_below(seed, nr));
		blob_word(b, rnd_below(seed, 2));
	}
	blob_finish(b);
}

/* Changes a few bytes, words or the length of @b->data. */
static inline void blob_mutate(struct blob *b, u64 *seed)
{
	u32 times = 1 + rnd_below(seed, 3), at, word;

	while (times--) {
		at = rnd_below(seed, b->size);
		/* half of them in the header */
		if (rnd_one_in(seed, 3))
			at %= sizeof(struct btf_header);
		switch (rnd_below(seed, 4)) {
		case 0:
			b->data[at] ^= (u8)(1u << rnd_below(seed, 8));
			break;
		case 1:
			b->data[at] = (u8)rnd(seed);
			break;
		case 2:
			if (b->size < 4)
				break;
			at = min(at & ~3u, b->size - 4);
			memcpy(&word, b->data + at, 4);
			word += rnd_below(seed, 9) - 4;
			memcpy(b->data + at, &word, 4);
			break;
		default:
			if (rnd_one_in(seed, 4) && b->size > 1)
				b->size -= 1 + rnd_below(seed,
							 min(b->size - 1, 8u));
			break;
		}
	}
}

#endif
