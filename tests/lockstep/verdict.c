/* SPDX-License-Identifier: BSD-2-Clause */
#include "verdict.h"

#include <ctype.h>

#include "btf_text.h"
#include "cgbpf.h"
#include "live.h"
#include "prog/asm.h"

#define MAX_MAPS 32
#define MAX_FUNCS 16
#define LOG_SIZE VERDICT_LOG_SIZE

/* ids of the types below */
enum {
	TYPE_U32 = 1,
	TYPE_U64,
	TYPE_LOCK,
	TYPE_LOCKED,
	TYPE_NUMBERS,
	TYPE_PROTO,
	TYPE_FUNC,
	TYPE_KEY,
	TYPE_GLOBAL_PROTO,
	TYPE_GLOBAL,
};

static const char types[] = "INT u32 0 0 4 0x20\n"
			    "INT u64 0 0 8 0x40\n"
			    "STRUCT bpf_spin_lock 1 0 4 'val' 1 0\n"
			    "STRUCT locked 2 0 16 'l' 3 0 'v' 2 64\n"
			    "STRUCT numbers 2 0 16 'a' 2 0 'b' 2 64\n"
			    "FUNC_PROTO - 0 0 2\n"
			    "FUNC function 0 0 6\n"
			    "STRUCT key 2 0 16 'id' 2 0 'type' 1 64\n"
			    "FUNC_PROTO - 1 0 1 'n' 1\n"
			    "FUNC global 1 0 9\n";

struct verdict_count verdict_count;
u32 verdict_print_max = 20;

/* One of the two worlds. */
struct side {
	int (*bpf)(int cmd, void *attr, u32 size);
	int btf;
	struct asm_map maps[MAX_MAPS];
	u32 nr_maps;
	char log[LOG_SIZE];
	u32 true_size;
	int err;
};

static struct cgbpf_env *env;
static struct cgbpf_task *task;

static int env_bpf(int cmd, void *attr, u32 size)
{
	return cgbpf_bpf(task, cmd, attr, size);
}

static struct side kernel = { .bpf = live_bpf }, ours = { .bpf = env_bpf };

static void must(bool ok, const char *what, int err)
{
	if (ok)
		return;
	fprintf(stderr, "cannot set up: %s: %s\n", what, strerror(-err));
	exit(EXIT_FAILURE);
}

void verdict_init(void)
{
	static struct blob blob;
	struct attr_btf_load attr = { 0 };
	struct cgbpf_env_opts opts = { .size = sizeof(opts) };

	live_need();
	opts.cpus = (u32)sysconf(_SC_NPROCESSORS_CONF);
	must(!cgbpf_env_new(&env, &opts), "environment", 0);
	task = cgbpf_env_task(env);
	blob_init(&blob);
	blob_text(&blob, types);
	blob_finish(&blob);
	attr.btf = ptr_to_u64(blob.data);
	attr.btf_size = blob.size;
	kernel.btf = live_bpf(BPF_BTF_LOAD, &attr, sizeof(attr));
	ours.btf = env_bpf(BPF_BTF_LOAD, &attr, sizeof(attr));
	must(kernel.btf >= 0, "BTF in the kernel", kernel.btf);
	must(ours.btf >= 0, "BTF here", ours.btf);
	free(blob.data);
}

void verdict_exit(void)
{
	for (u32 i = 0; i < kernel.nr_maps; i++)
		close(kernel.maps[i].fd);
	close(kernel.btf);
	cgbpf_env_free(env);
}

/* ---- maps ---- */

static struct asm_map *find_map(struct side *side, const char *name)
{
	for (u32 i = 0; i < side->nr_maps; i++)
		if (!strcmp(side->maps[i].name, name))
			return &side->maps[i];
	return NULL;
}

static int map_fd(struct side *side, const char *name)
{
	const struct asm_map *map = find_map(side, name);

	must(map, name, -ENOENT);
	return map->fd;
}

static void side_close(const struct side *side, int fd)
{
	if (side == &kernel)
		close(fd);
	else
		cgbpf_close(task, fd);
}

/* The place for a map of that name: the old one's, if there is one. */
static struct asm_map *new_map(struct side *side, const char *name)
{
	struct asm_map *map = find_map(side, name);

	if (map) {
		side_close(side, map->fd);
		return map;
	}
	must(side->nr_maps < MAX_MAPS, name, -E2BIG);
	map = &side->maps[side->nr_maps++];
	snprintf(map->name, sizeof(map->name), "%s", name);
	return map;
}

static void side_map(struct side *side, const char *name,
		     struct attr_map_create attr, char value, const char *inner)
{
	struct asm_map *map = new_map(side, name);

	if (value) {
		attr.btf_fd = (u32)side->btf;
		attr.btf_key_type_id = attr.key_size == 16  ? TYPE_KEY
				       : attr.key_size == 8 ? TYPE_U64
							    : TYPE_U32;
		attr.btf_value_type_id = value == 'l' ? TYPE_LOCKED
						      : TYPE_NUMBERS;
	}
	if (inner)
		attr.inner_map_fd = (u32)map_fd(side, inner);
	map->fd = side->bpf(BPF_MAP_CREATE, &attr, sizeof(attr));
	must(map->fd >= 0, name, map->fd);
}

void verdict_map(const char *name, const struct attr_map_create *attr,
		 char value, const char *inner)
{
	side_map(&kernel, name, *attr, value, inner);
	side_map(&ours, name, *attr, value, inner);
}

static void side_freeze(struct side *side, const char *name, const void *value)
{
	u32 key = 0;
	struct attr_map_elem attr = {
		.map_fd = (u32)map_fd(side, name),
		.key = ptr_to_u64(&key),
		.value = ptr_to_u64(value),
	};
	int err = side->bpf(BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr));

	must(!err, name, err);
	err = side->bpf(BPF_MAP_FREEZE, &attr, sizeof(attr.map_fd));
	must(!err, name, err);
}

void verdict_freeze(const char *name, const void *value)
{
	side_freeze(&kernel, name, value);
	side_freeze(&ours, name, value);
}

/* ---- programs ---- */

static void assemble(struct assembler *as, const struct side *side,
		     const char *text)
{
	char line[256];
	const char *label = "";
	size_t len;

	as->nr = as->nr_labels = as->nr_refs = 0;
	as->maps = side->maps;
	as->nr_maps = side->nr_maps;
	for (; *text; text += len + (text[len] != '\0')) {
		len = strcspn(text, "\n;");
		snprintf(line, sizeof(line), "%.*s", (int)len,
			 text + strspn(text, " "));
		line[len - min(len, strspn(text, " "))] = '\0';
		must(!line[0] || asm_line(as, line), line, -EINVAL);
	}
	must(asm_finish(as, &label), label, -ENOENT);
}

static int compare_infos(const void *a, const void *b)
{
	return (int)((const struct bpf_func_info *)a)->insn_off -
	       (int)((const struct bpf_func_info *)b)->insn_off;
}

/* What is called "global..." is a global function that takes a number. */
static u32 func_type(const struct assembler *as, u32 at)
{
	for (u32 i = 0; i < as->nr_labels; i++)
		if (as->labels[i].at == at &&
		    !strncmp(as->labels[i].name, "global", 6))
			return TYPE_GLOBAL;
	return TYPE_FUNC;
}

/* Records of all functions, if there is more than one. */
static u32 find_functions(const struct assembler *as,
			  struct bpf_func_info infos[MAX_FUNCS])
{
	u32 nr = 1, unique = 1;

	infos[0] = (struct bpf_func_info){ 0, TYPE_FUNC };
	for (u32 i = 0; i < as->nr && nr < MAX_FUNCS; i++) {
		const struct bpf_insn *insn = &as->insns[i];

		if ((insn->code == 0x18 && insn->src_reg == BPF_PSEUDO_FUNC) ||
		    (insn->code == 0x85 && insn->src_reg == BPF_PSEUDO_CALL))
			infos[nr++] =
				(struct bpf_func_info){ i + 1 + (u32)insn->imm,
							TYPE_FUNC };
		if (insn->code == 0x18)
			i++;
	}
	for (u32 i = 1; i < nr; i++)
		infos[i].type_id = func_type(as, infos[i].insn_off);
	qsort(infos, nr, sizeof(*infos), compare_infos);
	for (u32 i = 1; i < nr; i++)
		if (infos[i].insn_off != infos[unique - 1].insn_off)
			infos[unique++] = infos[i];
	return unique > 1 ? unique : 0;
}

static void side_load(struct side *side, u32 type, u32 attach_type,
		      const char *text, u32 level, u32 size)
{
	static struct assembler as;
	struct bpf_func_info funcs[MAX_FUNCS];
	struct attr_prog_load attr = {
		.prog_type = type,
		.expected_attach_type = attach_type,
		.license = ptr_to_u64("GPL"),
		.log_level = level,
		.log_buf = ptr_to_u64(side->log),
		.log_size = size,
	};

	assemble(&as, side, text);
	attr.insns = ptr_to_u64(as.insns);
	attr.insn_cnt = as.nr;
	attr.func_info_cnt = find_functions(&as, funcs);
	if (attr.func_info_cnt) {
		attr.prog_btf_fd = (u32)side->btf;
		attr.func_info = ptr_to_u64(funcs);
		attr.func_info_rec_size = sizeof(funcs[0]);
	}
	memset(side->log, '\0', LOG_SIZE);
	side->err = side->bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
	side->true_size = attr.log_true_size;
	if (side->err < 0)
		return;
	side_close(side, side->err);
	side->err = 0;
}

/* The last line of @log that is not statistics, without numbers of ids. */
static const char *reason(char *log)
{
	char *end = strstr(log, "processed "), *line;

	if (end)
		*end = '\0';
	line = log + strlen(log);
	while (line > log && line[-1] == '\n')
		*--line = '\0';
	line = strrchr(log, '\n');
	return line ? line + 1 : log;
}

/* What Linux itself calls its mistake is not said here. */
static bool same_reason(const char *theirs, const char *our)
{
	return !strcmp(theirs, our) || !strncmp(theirs, "verifier bug", 12);
}

static void complain(const char *what, u32 nr, u32 type, u32 attach_type,
		     const char *text)
{
	if (nr > verdict_print_max)
		return;
	printf("--- %s, type %u, attach type %u\n%s\nkernel %d: %s\nhere   %d: "
	       "%s\n",
	       what, type, attach_type, text, kernel.err, reason(kernel.log),
	       ours.err, reason(ours.log));
}

int verdict_load(u32 type, u32 attach_type, const char *text)
{
	struct verdict_count *count = &verdict_count;

	side_load(&kernel, type, attach_type, text, 1, LOG_SIZE);
	side_load(&ours, type, attach_type, text, 1, LOG_SIZE);
	count->loads++;
	count->accepted += !kernel.err;
	if (!kernel.err != !ours.err)
		complain("verdict", ++count->wrong, type, attach_type, text);
	else if (kernel.err != ours.err)
		complain("errno", ++count->errnos, type, attach_type, text);
	else if (kernel.err &&
		 !same_reason(reason(kernel.log), reason(ours.log)))
		complain("reason", ++count->reasons, type, attach_type, text);
	return kernel.err;
}

/* ---- whole logs ---- */

/* Of @line, what is the same each time: no addresses, no times. */
static void settle(char *line)
{
	char *at = strstr(line, " = 0x"), *end = strchr(line, '\n');

	if (!end)
		end = line + strlen(line);
	if (at && at < end && strspn(at + 5, "0123456789abcdef") >= 8) {
		/* what is known after it stands in a column that depends */
		char *rest = strchr(at, ';');

		if (!rest || rest > end)
			rest = end;
		memmove(at, rest, strlen(rest) + 1);
		return;
	}
	at = strstr(line, " usec");
	if (!strncmp(line, "verification time ", 18) && at && at < end)
		memmove(line + 18, at, strlen(at) + 1);
}

/* "(0) frame 0 insn 5 +live -8": Linux's account of how it finds out which
 * slots of the stack are live, which is not how it is done here. */
static bool is_liveness(const char *line)
{
	return line[0] == '(' && (strstr(line, ") frame ") ||
				  strstr(line, ") live stack update done "));
}

static void settle_log(char *log)
{
	char *line = log, *next;

	while (*line) {
		settle(line);
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		else
			break;
		if (is_liveness(line)) {
			memmove(line, next, strlen(next) + 1);
		} else {
			next[-1] = '\n';
			line = next;
		}
	}
}

int verdict_log(u32 type, u32 attach_type, const char *text, u32 level,
		u32 size)
{
	must(size <= LOG_SIZE, "log", -E2BIG);
	side_load(&kernel, type, attach_type, text, level, size);
	side_load(&ours, type, attach_type, text, level, size);
	verdict_count.loads++;
	verdict_count.accepted += !kernel.err;
	if (kernel.err != ours.err)
		complain("errno", ++verdict_count.errnos, type, attach_type,
			 text);
	if (size < LOG_SIZE && kernel.true_size != ours.true_size) {
		printf("true size %u, here %u, of %u at level %u\n",
		       kernel.true_size, ours.true_size, size, level);
		verdict_count.reasons++;
	}
	settle_log(kernel.log);
	settle_log(ours.log);
	if (!strcmp(kernel.log, ours.log))
		return kernel.err;
	if (++verdict_count.reasons <= verdict_print_max)
		printf("--- log at level %u of %u bytes, type %u\n%s\nkernel:\n"
		       "%s\nhere:\n%s\n",
		       level, size, type, text, kernel.log, ours.log);
	return kernel.err;
}
