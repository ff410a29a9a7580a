/* SPDX-License-Identifier: BSD-2-Clause */
/* Types of all kinds, as clang writes them into BTF. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

#define TAG(name) __attribute__((btf_type_tag(#name)))
#define DECL_TAG(name) __attribute__((btf_decl_tag(#name)))

enum color {
	RED,
	GREEN = 5,
	BLUE = -1
};
enum wide {
	HUGE_VALUE = 0x123456789abcdefull
};

struct forward;
union forward_union;

struct bits {
	u32 a : 3, b : 5;
	enum color c : 4;
	int d : 20;
	u64 e : 33;
	_Bool f : 1;
};

typedef struct {
	const volatile char *name;
	int (*call)(struct bits *restrict bits, ...);
	struct forward *next;
	union forward_union *other;
} ops_t;

struct node {
	struct node *left, *right;
	union {
		u64 number;
		u8 bytes[8];
		struct {
			u32 low, high;
		};
	};
	enum wide wide;
	ops_t ops[2][3];
	double real;
	float half;
	unsigned __int128 big;
	char text[16] DECL_TAG(text);
	int TAG(user) * tagged;
	u32 rest[];
};

static __attribute__((noinline)) int walk(const struct node *node, int depth)
{
	return node->left && depth ? (int)node->number + depth : depth;
}

int entry(struct node *node, ops_t *ops, struct bits *bits, enum color color)
	DECL_TAG(entry);

int entry(struct node *node, ops_t *ops, struct bits *bits, enum color color)
{
	if (ops->next || color == BLUE)
		return bits->d + (int)node->wide;
	return walk(node, 3);
}
