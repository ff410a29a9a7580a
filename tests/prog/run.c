/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text cases: one file each, a program with what it needs and what must come
 * of it, run in both interpreters.
 *
 *	-- type NAME [ATTACH]	socket_filter if left out
 *	-- map NAME TYPE KEY VALUE MAX [FLAGS]
 *	-- freeze MAP
 *	-- tail MAP INDEX	the program itself in a prog array
 *	-- btf			function records: what callbacks need
 *	-- global LABEL RETURN [ARGUMENT...]	a global function:
 *				prog/records.h; after the type
 *	-- here			not for the live kernel: it has a bug there
 *	-- strict		accesses must be aligned
 *	-- license TEXT		"GPL" if left out
 *	-- asm			the program, up to the next "--": prog/asm.h
 *	-- packet HEX ...	64 zero bytes if left out
 *	-- result NUMBER	what it returns, as u32
 *	-- value MAP NUMBER	then: the first 8 bytes of its value with key 0
 *	-- load ERRNO		or: it is refused
 *	-- log TEXT		and the log has this
 *	-- fault TEXT		then: if it is run all the same, the checked
 *				interpreter ends it so
 *
 * With --live the cases go to the live kernel instead: it has to refuse those
 * with "load" with the same errno and message, and to give the same results for
 * the others.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cgbpf.h"
#include "hook/hook.h"
#include "object/attach_type.h"
#include "object/map.h"
#include "lockstep/live.h"
#include "object/task.h"
#include "prog/asm.h"
#include "prog/records.h"
#include "verifier/verifier.h"
#include "vm/ctx.h"
#include "vm/vm.h"

#define MAX_CASE_MAPS 8

struct test_case {
	const char *file;
	u32 type, attach_type;
	char license[32];
	struct assembler as;
	struct records records;
	struct asm_map maps[MAX_CASE_MAPS];
	struct map *map_objects[MAX_CASE_MAPS];
	u32 nr_maps;
	int tail_map; /* index in maps, or -1 */
	u32 tail_index;
	u8 packet[2048];
	u32 packet_len;
	bool has_result, btf, strict, here;
	u32 result;
	int value_map;
	u64 value;
	int load_errno;
	char log[128], fault[128];
};

static struct cgbpf_env *env;
static struct cgbpf_task *task;
static char traced[256];
static bool live;
static int failures;

/* bpf(2), here or there */
static int call_bpf(int cmd, void *attr, u32 size)
{
	return live ? live_bpf(cmd, attr, size)
		    : cgbpf_bpf(task, cmd, attr, size);
}

static void close_fd(int fd)
{
	if (live)
		close(fd);
	else
		cgbpf_close(task, fd);
}

static void trace(void *data, const char *line)
{
	(void)data;
	snprintf(traced, sizeof(traced), "%s", line);
}

static void complain(const struct test_case *tc, const char *what,
		     const char *more)
{
	fprintf(stderr, "%s: %s%s\n", tc->file, what, more);
	failures++;
}

/* ---- reading ---- */

static const struct {
	const char *name;
	int value;
} errnos[] = {
	{ "EINVAL", EINVAL }, { "EACCES", EACCES }, { "EPERM", EPERM },
	{ "EBUSY", EBUSY },   { "E2BIG", E2BIG },   { "EBADF", EBADF },
	{ "ENOENT", ENOENT }, { "EOPNOTSUPP", EOPNOTSUPP },
}, prog_types[] = {
	{ "socket_filter", BPF_PROG_TYPE_SOCKET_FILTER },
	{ "sched_cls", BPF_PROG_TYPE_SCHED_CLS },
	{ "xdp", BPF_PROG_TYPE_XDP },
	{ "cgroup_skb", BPF_PROG_TYPE_CGROUP_SKB },
	{ "cgroup_sock", BPF_PROG_TYPE_CGROUP_SOCK },
	{ "cgroup_sock_addr", BPF_PROG_TYPE_CGROUP_SOCK_ADDR },
	{ "cgroup_sockopt", BPF_PROG_TYPE_CGROUP_SOCKOPT },
	{ "cgroup_device", BPF_PROG_TYPE_CGROUP_DEVICE },
	{ "cgroup_sysctl", BPF_PROG_TYPE_CGROUP_SYSCTL },
}, map_types[] = {
	{ "array", BPF_MAP_TYPE_ARRAY },
	{ "hash", BPF_MAP_TYPE_HASH },
	{ "percpu_array", BPF_MAP_TYPE_PERCPU_ARRAY },
	{ "prog_array", BPF_MAP_TYPE_PROG_ARRAY },
	{ "cgroup_storage", BPF_MAP_TYPE_CGROUP_STORAGE },
	{ "percpu_cgroup_storage", BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE },
	{ "ringbuf", BPF_MAP_TYPE_RINGBUF },
	{ "queue", BPF_MAP_TYPE_QUEUE },
	{ "none", -1 },
};

#define LOOKUP(table, name) lookup(table, ARRAY_SIZE(table), name)
static int lookup(const void *table, size_t nr, const char *name)
{
	const __typeof__(errnos[0]) *row = table;

	for (size_t i = 0; i < nr; i++)
		if (!strcmp(row[i].name, name))
			return row[i].value;
	return -2;
}

static int map_index(const struct test_case *tc, const char *name)
{
	for (u32 i = 0; i < tc->nr_maps; i++)
		if (!strcmp(tc->maps[i].name, name))
			return (int)i;
	return -1;
}

static bool read_map(struct test_case *tc, const char *args)
{
	struct attr_map_create attr = { 0 };
	struct asm_map *map = &tc->maps[tc->nr_maps];
	char type[32];
	u32 mode;

	if (tc->nr_maps == MAX_CASE_MAPS ||
	    sscanf(args, "%47s %31s %u %u %u %i", map->name, type,
		   &attr.key_size, &attr.value_size, &attr.max_entries,
		   (int *)&attr.map_flags) < 2)
		return false;
	tc->nr_maps++;
	attr.map_type = (u32)LOOKUP(map_types, type);
	if (attr.map_type == ~0u) {
		map->fd = 12345; /* no map at all */
		return true;
	}
	map->fd = call_bpf(BPF_MAP_CREATE, &attr, sizeof(attr));
	if (live)
		return map->fd >= 0;
	return map->fd >= 0 &&
	       !map_get_by_fd(task, map->fd, &tc->map_objects[tc->nr_maps - 1],
			      &mode);
}

static bool read_packet(struct test_case *tc, const char *args)
{
	u32 byte;
	int used;

	if (tc->packet_len == 64 && !tc->packet[63])
		tc->packet_len = 0;
	while (sscanf(args, " %2x%n", &byte, &used) == 1) {
		if (tc->packet_len == sizeof(tc->packet))
			return false;
		tc->packet[tc->packet_len++] = (u8)byte;
		args += used;
	}
	return true;
}

static bool read_type(struct test_case *tc, const char *args)
{
	char type[32], attach[48] = "";
	int found, atype;

	if (sscanf(args, "%31s %47s", type, attach) < 1)
		return false;
	found = LOOKUP(prog_types, type);
	atype = attach[0] ? attach_type_by_name(attach) : 0;
	if (found < 0 || atype < 0)
		return false;
	tc->type = (u32)found;
	tc->attach_type = attach[0] ? attach_types[atype].uapi : 0;
	return true;
}

static bool read_more(struct test_case *tc, const char *word, const char *args)
{
	char name[32];

	if (!strcmp(word, "result")) {
		tc->has_result = true;
		tc->result = (u32)strtoll(args, NULL, 0);
	} else if (!strcmp(word, "value")) {
		if (sscanf(args, "%31s %li", name, (long *)&tc->value) != 2)
			return false;
		tc->value_map = map_index(tc, name);
		return tc->value_map >= 0;
	} else if (!strcmp(word, "tail")) {
		if (sscanf(args, "%31s %u", name, &tc->tail_index) != 2)
			return false;
		tc->tail_map = map_index(tc, name);
		return tc->tail_map >= 0;
	} else if (!strcmp(word, "freeze")) {
		struct attr_map_elem attr = { 0 };

		if (map_index(tc, args) < 0)
			return false;
		attr.map_fd = (u32)tc->maps[map_index(tc, args)].fd;
		return !call_bpf(BPF_MAP_FREEZE, &attr, 4);
	} else if (!strcmp(word, "log")) {
		snprintf(tc->log, sizeof(tc->log), "%s", args);
	} else if (!strcmp(word, "fault")) {
		snprintf(tc->fault, sizeof(tc->fault), "%s", args);
	} else if (!strcmp(word, "load")) {
		tc->load_errno = LOOKUP(errnos, args);
		return tc->load_errno > 0;
	} else if (!strcmp(word, "license")) {
		snprintf(tc->license, sizeof(tc->license), "%s", args);
	} else {
		return false;
	}
	return true;
}

static bool need_btf(struct test_case *tc)
{
	if (!tc->btf)
		records_init(&tc->records, ctx_type_of(tc->type)->name);
	return tc->btf = true;
}

static bool read_directive(struct test_case *tc, char *line, bool *in_asm)
{
	char *word = strtok(line, " "), *args = strtok(NULL, "");

	if (!args)
		args = line + strlen(line);
	while (*args == ' ')
		args++;
	*in_asm = !strcmp(word, "asm");
	if (*in_asm)
		return true;
	if (!strcmp(word, "type"))
		return read_type(tc, args);
	if (!strcmp(word, "map"))
		return read_map(tc, args);
	if (!strcmp(word, "packet"))
		return read_packet(tc, args);
	if (!strcmp(word, "btf"))
		return need_btf(tc);
	if (!strcmp(word, "global"))
		return need_btf(tc) && records_global(&tc->records, args);
	if (!strcmp(word, "here"))
		return tc->here = true;
	if (!strcmp(word, "strict"))
		return tc->strict = true;
	return read_more(tc, word, args);
}

static bool read_case(struct test_case *tc, FILE *file)
{
	const char *label;
	char line[512], note[600];
	bool in_asm = false, ok;

	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '#')
			continue;
		snprintf(note, sizeof(note), "%s", line);
		tc->as.maps = tc->maps;
		tc->as.nr_maps = tc->nr_maps;
		if (!strncmp(line, "-- ", 3))
			ok = read_directive(tc, line + 3, &in_asm);
		else
			ok = in_asm ? asm_line(&tc->as, line) : !line[0];
		if (!ok) {
			complain(tc, "cannot read: ", note);
			return false;
		}
	}
	if (!asm_finish(&tc->as, &label)) {
		complain(tc, "no such label: ", label);
		return false;
	}
	if (tc->btf && !records_finish(&tc->records, &tc->as)) {
		complain(tc, "too many functions", "");
		return false;
	}
	return true;
}

/* ---- running ---- */

static int load(struct test_case *tc, bool fast, bool unverified,
		struct prog **out, struct log *log)
{
	struct attr_prog_load attr = {
		.prog_type = tc->type,
		.insn_cnt = tc->as.nr,
		.expected_attach_type = tc->attach_type,
	};
	struct attr_btf_load btf = { .btf = ptr_to_u64(tc->records.blob.data),
				     .btf_size = tc->records.blob.size };
	struct prog *prog;
	int err;

	if (tc->strict)
		attr.prog_flags |= BPF_F_STRICT_ALIGNMENT;
	if (tc->btf) {
		attr.prog_btf_fd = (u32)cgbpf_bpf(task, BPF_BTF_LOAD,
						  (void *)&btf, sizeof(btf));
		attr.func_info = ptr_to_u64(tc->records.infos);
		attr.func_info_cnt = tc->records.nr_infos;
		attr.func_info_rec_size = sizeof(tc->records.infos[0]);
	}
	err = prog_alloc(&prog, env, tc->as.nr);
	if (err)
		return err;
	prog->type = tc->type;
	prog->expected_attach_type = tc->attach_type;
	prog->gpl = !strcmp(tc->license, "GPL");
	memcpy(prog->insns, tc->as.insns, tc->as.nr * sizeof(prog->insns[0]));
	err = unverified ? verifier_check_structure(prog, task, &attr, log)
			 : verifier_check(prog, task, &attr, 0, log);
	if (tc->btf)
		cgbpf_close(task, (int)attr.prog_btf_fd);
	if (err) {
		prog_put(prog);
		return err;
	}
	prog->checked = !fast;
	err = vm_translate(prog);
	if (!err)
		err = object_publish(&prog->obj);
	*out = prog;
	return err;
}

static void check_value(struct test_case *tc, const char *mode)
{
	struct map *map = tc->map_objects[tc->value_map];
	u64 key = 0, got = 0;
	void *value;
	char text[80];

	rcu_read_lock();
	value = map->ops->lookup(map, &key, 0);
	if (value)
		memcpy(&got, value, min(8u, map->value_size));
	rcu_read_unlock();
	if (!value || got != tc->value) {
		snprintf(text, sizeof(text), "%s: value %llx, not %llx", mode,
			 (unsigned long long)got,
			 (unsigned long long)tc->value);
		complain(tc, text, value ? "" : " (none)");
	}
}

static void run(struct test_case *tc, struct prog *prog, const char *mode)
{
	u8 out[4096];
	struct attr_test_run attr = {
		.data_size_in = tc->packet_len,
		.data_in = ptr_to_u64(tc->packet),
		.data_size_out = sizeof(out),
		.data_out = ptr_to_u64(out),
	}, back = attr;
	char text[400];
	int err, fd;
	u32 index = tc->tail_index;

	if (tc->tail_map >= 0) {
		struct attr_map_elem elem = {
			.map_fd = (u32)tc->maps[tc->tail_map].fd,
			.key = ptr_to_u64(&index),
			.value = ptr_to_u64(&fd),
		};

		prog_get(prog);
		fd = task_install(task, &prog_file_ops, prog, FILE_READ);
		err = cgbpf_bpf(task, BPF_MAP_UPDATE_ELEM, (void *)&elem,
				sizeof(elem));
		cgbpf_close(task, fd);
		if (err)
			complain(tc, mode, ": not for the prog array");
	}
	traced[0] = '\0';
	back.retval = 0;
	err = hook_test_run(prog, task, &attr, ptr_to_u64(&back));
	if (err) {
		snprintf(text, sizeof(text), "%s: test run: %d", mode, err);
		complain(tc, text, "");
		return;
	}
	if (tc->fault[0] ? !strstr(traced, tc->fault) : traced[0] != '\0') {
		snprintf(text, sizeof(text), "%s: fault \"%s\"", mode, traced);
		complain(tc, text, "");
	}
	if (tc->has_result && back.retval != tc->result) {
		snprintf(text, sizeof(text), "%s: result %#x, not %#x", mode,
			 back.retval, tc->result);
		complain(tc, text, "");
	}
	if (tc->value_map >= 0)
		check_value(tc, mode);
}

static bool can_test_run(u32 type)
{
	return type == BPF_PROG_TYPE_SOCKET_FILTER ||
	       type == BPF_PROG_TYPE_SCHED_CLS || type == BPF_PROG_TYPE_XDP ||
	       type == BPF_PROG_TYPE_CGROUP_SKB;
}

static void live_result(struct test_case *tc, int fd)
{
	u8 out[4096];
	struct attr_test_run attr = {
		.prog_fd = (u32)fd,
		.data_size_in = tc->packet_len,
		.data_in = ptr_to_u64(tc->packet),
		.data_size_out = sizeof(out),
		.data_out = ptr_to_u64(out),
	};
	struct attr_map_elem elem = {
		.key = ptr_to_u64(&tc->tail_index),
		.value = ptr_to_u64(&fd),
	};
	char text[80];
	int err = 0;

	if (tc->tail_map >= 0) {
		elem.map_fd = (u32)tc->maps[tc->tail_map].fd;
		err = live_bpf(BPF_MAP_UPDATE_ELEM, &elem, sizeof(elem));
	}
	if (!err)
		err = live_bpf(BPF_PROG_TEST_RUN, &attr, sizeof(attr));
	if (err || attr.retval != tc->result) {
		snprintf(text, sizeof(text), "%d, result %#x, not %#x", err,
			 attr.retval, tc->result);
		complain(tc, "the kernel: ", text);
	}
}

static void run_live(struct test_case *tc)
{
	static char log[1 << 16];
	struct attr_prog_load attr = {
		.prog_type = tc->type,
		.insns = ptr_to_u64(tc->as.insns),
		.insn_cnt = tc->as.nr,
		.license = ptr_to_u64(tc->license),
		.expected_attach_type = tc->attach_type,
		.log_level = 1,
		.log_buf = ptr_to_u64(log),
		.log_size = sizeof(log),
	};
	struct attr_btf_load btf = { .btf = ptr_to_u64(tc->records.blob.data),
				     .btf_size = tc->records.blob.size };
	char text[80];
	int fd;

	log[0] = '\0';
	if (tc->strict)
		attr.prog_flags |= BPF_F_STRICT_ALIGNMENT;
	if (tc->btf) {
		attr.prog_btf_fd =
			(u32)live_bpf(BPF_BTF_LOAD, &btf, sizeof(btf));
		attr.func_info = ptr_to_u64(tc->records.infos);
		attr.func_info_cnt = tc->records.nr_infos;
		attr.func_info_rec_size = sizeof(tc->records.infos[0]);
	}
	fd = live_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
	if (fd == -ENOSPC) { /* a log that long */
		attr.log_level = attr.log_size = 0;
		attr.log_buf = 0;
		fd = live_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
	}
	if (tc->btf)
		close((int)attr.prog_btf_fd);
	snprintf(text, sizeof(text), "the kernel: load: %d: ", fd);
	if (fd >= 0 ? tc->load_errno : -fd != tc->load_errno)
		complain(tc, text, log);
	else if (fd < 0 && tc->load_errno && !strstr(log, tc->log))
		complain(tc, "the kernel's log: ", log);
	else if (fd >= 0 && tc->has_result && can_test_run(tc->type))
		live_result(tc, fd);
	if (fd >= 0)
		close(fd);
}

/* ---- mutated ---- */

static u32 mutations; /* of each case; 0: the cases themselves */
static u64 random_state = 1, nr_mutated, nr_accepted;

static u32 rnd(u32 below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (u32)(random_state >> 32) % below;
}

/* One instruction's bit, byte, field, place, or all of it. */
static void mutate_insn(struct assembler *as)
{
	struct bpf_insn *insn = &as->insns[rnd(as->nr)];
	const struct bpf_insn *other = &as->insns[rnd(as->nr)];
	u8 *bytes = (u8 *)insn;

	switch (rnd(8)) {
	case 0:
		bytes[rnd(8)] ^= (u8)(1u << rnd(8));
		break;
	case 1:
		bytes[rnd(8)] = (u8)rnd(256);
		break;
	case 2:
		insn->code = other->code;
		break;
	case 3:
		insn->imm = rnd(2) ? other->imm : (s32)rnd(512) - 256;
		break;
	case 4:
		insn->off = rnd(2) ? other->off : (s16)(rnd(64) - 32);
		break;
	case 5:
		insn->dst_reg = rnd(11);
		break;
	case 6:
		insn->src_reg = rnd(11);
		break;
	default:
		*insn = *other;
	}
}

/* Whatever it is now, it is refused, or does no harm. */
static void run_mutated(struct test_case *tc)
{
	struct prog *prog;
	struct log log;
	int err;

	nr_mutated++;
	log_init(&log, 1 + rnd(2), 4096);
	err = load(tc, false, false, &prog, &log);
	log_destroy(&log);
	if (err)
		return;
	nr_accepted++;
	/* it may loop for long, or count elsewhere: only harm is of interest */
	if (prog->verified_insns < 10000 && can_test_run(tc->type))
		run(tc, prog, "mutated");
	prog_put(prog);
}

static void run_mutations(struct test_case *tc)
{
	static struct assembler as;

	as = tc->as;
	tc->has_result = false;
	tc->value_map = tc->tail_map = -1;
	tc->fault[0] = '\0';
	for (u32 i = 0; i < mutations && as.nr; i++) {
		memcpy(tc->as.insns, as.insns, as.nr * sizeof(as.insns[0]));
		for (u32 n = 1 + rnd(3); n; n--)
			mutate_insn(&tc->as);
		run_mutated(tc);
	}
}

static void run_mode(struct test_case *tc, bool fast)
{
	const char *mode = fast ? "fast" : "checked", *text = "";
	struct prog *prog;
	bool unverified = tc->fault[0] && !fast;
	struct log log;
	char note[64];
	int err;

	log_init(&log, 1, 65536);
	err = load(tc, fast, unverified, &prog, &log);
	if (err < 0)
		text = log.buf ? log.buf : "";
	if (err < 0 && -err != tc->load_errno) {
		snprintf(note, sizeof(note), "%s: load: %d: ", mode, err);
		complain(tc, note, text);
	} else if (err < 0 && !strstr(text, tc->log)) {
		complain(tc, "the log is: ", text);
	} else if (!err && tc->load_errno && !unverified) {
		complain(tc, mode, ": was not refused");
	}
	log_destroy(&log);
	if (err)
		return;
	run(tc, prog, mode);
	prog_put(prog);
}

/* Read anew for each mode: maps start empty. */
static void run_file(const char *path, const char *name, bool fast)
{
	static struct test_case tc;
	FILE *file = fopen(path, "r");

	memset(&tc, 0, sizeof(tc));
	tc.file = name;
	tc.type = BPF_PROG_TYPE_SOCKET_FILTER;
	tc.tail_map = tc.value_map = -1;
	tc.packet_len = 64;
	strcpy(tc.license, "GPL");
	if (!file) {
		complain(&tc, "cannot open", "");
		return;
	}
	if (read_case(&tc, file)) {
		if (!tc.has_result && !tc.load_errno)
			complain(&tc, "expects nothing", "");
		if (live && !tc.here)
			run_live(&tc);
		else if (live)
			printf("%s: not for the kernel\n", name);
		else if (mutations)
			run_mutations(&tc);
		else if (!fast || !tc.load_errno || tc.fault[0])
			run_mode(&tc, fast);
	}
	fclose(file);
	free(tc.records.blob.data);
	for (u32 i = 0; i < tc.nr_maps; i++) {
		if (tc.map_objects[i])
			map_put(tc.map_objects[i]);
		close_fd(tc.maps[i].fd);
	}
}

static void run_both(const char *dir, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	run_file(path, name, false);
	if (!live && !mutations)
		run_file(path, name, true);
}

static int is_case(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > 5 && !strcmp(entry->d_name + len - 5, ".data");
}

int main(int argc, char **argv)
{
	const struct cgbpf_env_opts opts = { .size = sizeof(opts),
					     .cpus = 2,
					     .trace = trace };
	struct dirent **entries;
	int nr;

	if (argc > 1 && !strcmp(argv[1], "--live")) {
		live_need();
		live = true;
		argc--;
		argv++;
	}
	if (argc > 3 && !strcmp(argv[1], "--mutate")) {
		random_state = strtoull(argv[2], NULL, 0) | 1;
		mutations = (u32)strtoul(argv[3], NULL, 0);
		argc -= 3;
		argv += 3;
	}
	if (argc < 2 || cgbpf_env_new(&env, &opts))
		return 1;
	task = cgbpf_env_task(env);
	if (argc > 2) {
		run_both(argv[1], argv[2]);
		nr = 1;
	} else {
		nr = scandir(argv[1], &entries, is_case, alphasort);
		for (int i = 0; i < nr; i++) {
			run_both(argv[1], entries[i]->d_name);
			free(entries[i]);
		}
		free(entries);
	}
	cgbpf_env_free(env);
	if (mutations)
		printf("%llu mutated programs, %llu accepted\n",
		       (unsigned long long)nr_mutated,
		       (unsigned long long)nr_accepted);
	failures += mutations && !nr_accepted; /* that would prove nothing */
	printf("%d cases, %d failures\n", nr, failures);
	return failures || nr <= 0;
}
