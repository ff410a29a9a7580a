/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps with BTF, here and in the live kernel: which key and value types each
 * map type takes (CS-6 among them), and a pinned map's whole text (CS-33).
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/rcu.h"
#include "btf_text.h"
#include "cgbpf.h"
#include "object/map.h"
#include "object/map_show.h"
#include "object/map_storage.h"
#include "object/task.h"

#define TEXT_MAX 65536

/* The types that keys and values are made of; ids from 1 on. */
static const char types[] =
	"INT u32 0 0 4 0x20\n"				      /* 1 */
	"INT u64 0 0 8 0x40\n"				      /* 2 */
	"STRUCT key 2 0 16 'a' 2 0 'b' 1 64\n"		      /* 3: CS-6 */
	"STRUCT - 2 0 16 'a' 2 0 'b' 1 96\n"		      /* 4 */
	"STRUCT - 3 0 16 'a' 2 0 'b' 1 64 'c' 1 96\n"	      /* 5 */
	"STRUCT - 2 0 16 'a' 2 0 'b' 2 64\n"		      /* 6 */
	"STRUCT - 1 0 16 'a' 2 0\n"			      /* 7 */
	"UNION - 2 0 16 'a' 2 0 'b' 1 0\n"		      /* 8 */
	"STRUCT - 2 1 16 'a' 2 0 'b' 1 64\n"		      /* 9 */
	"STRUCT - 2 1 16 'a' 2 0 'b' 1 0x08000040\n"	      /* 10 */
	"TYPEDEF k 0 0 3\nTYPEDEF id 0 0 2\n"		      /* 11, 12 */
	"STRUCT - 2 0 16 'a' 12 0 'b' 1 64\n"		      /* 13 */
	"STRUCT bpf_spin_lock 1 0 4 'val' 1 0\n"	      /* 14 */
	"STRUCT - 2 0 16 'l' 14 0 'v' 2 64\n"		      /* 15 */
	"STRUCT bpf_timer 0 0 16\n"			      /* 16 */
	"STRUCT - 2 0 16 'a' 1 0 'b' 14 32\n"		      /* 17 */
	"STRUCT - 1 0 16 't' 16 0\n"			      /* 18 */
	"STRUCT z 0 0 4\nTYPE_TAG kptr 0 0 19\n"	      /* 19, 20 */
	"PTR - 0 0 20\nSTRUCT - 1 0 16 'p' 21 0\n"	      /* 21, 22 */
	"ARRAY - 0 0 0 1 1 4\nARRAY - 0 0 0 2 1 1\n"	      /* 23, 24 */
	"INT odd 0 0 8 0x20\nENUM e 1 0 4 'A' 1\n"	      /* 25, 26 */
	"FLOAT f 0 0 8\nSTRUCT w 2 0 16 'l' 36 0 'm' 36 64\n" /* 27, 28 */
	"INT big 0 0 16 0x80\nVAR v 0 0 29 1\n"		      /* 29, 30 */
	"DATASEC .data 1 0 16 30 0 16\n"		      /* 31 */
	"TYPEDEF void 0 0 0\nFWD fwd 0 0 0\n"		      /* 32, 33 */
	"PTR - 0 0 0\nINT s32 0 0 4 0x01000020\n"	      /* 34, 35 */
	"STRUCT bpf_task_work 0 0 8\n";			      /* 36 */

static const u32 map_types[] = {
	BPF_MAP_TYPE_HASH,	     BPF_MAP_TYPE_ARRAY,
	BPF_MAP_TYPE_PERCPU_HASH,    BPF_MAP_TYPE_PERCPU_ARRAY,
	BPF_MAP_TYPE_LRU_HASH,	     BPF_MAP_TYPE_LRU_PERCPU_HASH,
	BPF_MAP_TYPE_CGROUP_STORAGE, BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE,
	BPF_MAP_TYPE_LPM_TRIE,	     BPF_MAP_TYPE_QUEUE,
	BPF_MAP_TYPE_STACK,	     BPF_MAP_TYPE_PROG_ARRAY,
	BPF_MAP_TYPE_CGROUP_ARRAY,   BPF_MAP_TYPE_RINGBUF,
	BPF_MAP_TYPE_BLOOM_FILTER,
};

static char dir[] = "/tmp/cgbpf-mapbtf-XXXXXX";
static struct cgbpf_env *env;
static struct cgbpf_task *task;
static int kernel_btf, own_btf;
static unsigned int created, good, differences;

static int bpf(int cmd, void *attr, u32 size)
{
	long ret = syscall(SYS_bpf, cmd, attr, size);

	return ret < 0 ? -errno : (int)ret;
}

static void create_both(u32 type, u32 key_size, u32 value_size, u32 flags,
			u32 key_id, u32 value_id)
{
	struct attr_map_create attr = {
		.map_type = type,
		.key_size = key_size,
		.value_size = value_size,
		.max_entries = 1,
		.map_flags = flags,
		.btf_fd = (u32)kernel_btf,
		.btf_key_type_id = key_id,
		.btf_value_type_id = value_id,
	};
	struct map *map;
	int a, b;

	if (!map_ops_of(type))
		return;
	if (type == BPF_MAP_TYPE_CGROUP_STORAGE ||
	    type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE)
		attr.max_entries = 0;
	if (type == BPF_MAP_TYPE_RINGBUF)
		attr.max_entries = 4096;
	a = bpf(BPF_MAP_CREATE, &attr, sizeof(attr));
	attr.btf_fd = (u32)own_btf;
	b = map_create(&map, task, &attr);
	if (!b)
		map_put(map);
	if (a >= 0) {
		close(a);
		a = 0;
		good++;
	}
	created++;
	if (a == b)
		return;
	differences++;
	printf("type %u key %u:%u value %u:%u flags %x: kernel %d, ours %d\n",
	       type, key_size, key_id, value_size, value_id, flags, a, b);
}

static void creations(u32 nr_types)
{
	static const u32 sizes[] = { 0, 4, 8, 16 };

	for (u32 i = 0; i < ARRAY_SIZE(map_types); i++) {
		u32 type = map_types[i];
		u32 flags = type == BPF_MAP_TYPE_LPM_TRIE ? BPF_F_NO_PREALLOC
							  : 0;

		for (u32 k = 0; k < ARRAY_SIZE(sizes); k++)
			for (u32 id = 0; id <= nr_types; id++) {
				/* any key type, then any value type */
				create_both(type, sizes[k], 8, flags, id, 2);
				create_both(type, sizes[k], 8, flags, id, 0);
				create_both(type, 4, sizes[k], flags, 1, id);
				create_both(type, 8, sizes[k], flags, 2, id);
				create_both(type, 16, sizes[k], flags, 3, id);
				create_both(type, 0, sizes[k], flags, 0, id);
				create_both(type, 4, sizes[k], flags, 0, id);
				create_both(type, 4, sizes[k],
					    flags | BPF_F_RDONLY_PROG, 1, id);
			}
	}
}

/* The text of the pinned kernel map. */
static ssize_t kernel_text(int fd, char *text)
{
	char path[64];
	struct attr_obj attr = { .bpf_fd = (u32)fd };
	ssize_t len = 0, n = 0;
	int file;

	snprintf(path, sizeof(path), "%s/map", dir);
	attr.pathname = ptr_to_u64(path);
	if (bpf(BPF_OBJ_PIN, &attr, sizeof(attr)))
		return -1;
	file = open(path, O_RDONLY);
	while (file >= 0 &&
	       (n = read(file, text + len, (size_t)(TEXT_MAX - 1 - len))) > 0)
		len += n;
	if (file < 0 || n < 0)
		len = -errno;
	else
		text[len] = '\0';
	if (file >= 0)
		close(file);
	unlink(path);
	return len;
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Hash tables have no order: sorts the lines behind the two of the header. */
static void sort_lines(char *text)
{
	char *lines[256], *copy = strdup(text), *rest = copy, *line;
	size_t nr = 0, at = 0;

	while ((line = strtok_r(rest, "\n", &rest)) && nr < ARRAY_SIZE(lines))
		lines[nr++] = line;
	if (nr > 2)
		qsort(lines + 2, nr - 2, sizeof(*lines), compare_lines);
	for (size_t i = 0; i < nr; i++)
		at += (size_t)sprintf(text + at, "%s\n", lines[i]);
	free(copy);
}

static void show_both(u32 type, u32 key_id, u32 key_size, u32 value_id,
		      u32 elems)
{
	static char theirs[TEXT_MAX], ours[TEXT_MAX];
	static u64 value[8192];
	struct attr_map_create attr = {
		.map_type = type,
		.key_size = key_size,
		.value_size = 16,
		.max_entries = 8,
		.btf_fd = (u32)kernel_btf,
		.btf_key_type_id = key_id,
		.btf_value_type_id = value_id,
	};
	struct attr_map_elem elem;
	struct map *map = NULL;
	u32 key[4] = { 0 };
	ssize_t a, b;
	int fd, err;

	fd = bpf(BPF_MAP_CREATE, &attr, sizeof(attr));
	attr.btf_fd = (u32)own_btf;
	err = map_create(&map, task, &attr);
	assert(fd >= 0 && !err);
	for (u32 i = 0; i < elems; i++) {
		key[0] = i;
		for (u32 n = 0; n < ARRAY_SIZE(value); n++)
			value[n] = i * 1000 + n;
		elem = (struct attr_map_elem){ .map_fd = (u32)fd,
					       .key = ptr_to_u64(key),
					       .value = ptr_to_u64(value) };
		err = bpf(BPF_MAP_UPDATE_ELEM, &elem, sizeof(elem));
		assert(!err);
		rcu_read_lock();
		err = map->ops->write(map, task, key, value, 0);
		rcu_read_unlock();
		assert(!err);
	}
	a = kernel_text(fd, theirs);
	b = map_show(map, ours, sizeof(ours));
	if (a > 0 && b > 0 && type != BPF_MAP_TYPE_PERCPU_HASH) {
		sort_lines(theirs);
		sort_lines(ours);
	}
	if (a != b || (a > 0 && strcmp(theirs, ours))) {
		differences++;
		printf("type %u: %zd, %zd\n--- kernel\n%s--- ours\n%s", type, a,
		       b, theirs, ours);
	}
	close(fd);
	map_put(map);
}

static void shows(void)
{
	show_both(BPF_MAP_TYPE_ARRAY, 1, 4, 3, 3);
	show_both(BPF_MAP_TYPE_ARRAY, 1, 4, 15, 3);
	show_both(BPF_MAP_TYPE_PERCPU_ARRAY, 1, 4, 3, 3);
	show_both(BPF_MAP_TYPE_HASH, 11, 16, 3, 5);
	show_both(BPF_MAP_TYPE_HASH, 2, 8, 23, 0);
	show_both(BPF_MAP_TYPE_LRU_HASH, 2, 8, 23, 3);
	/* one: two would come in either order */
	show_both(BPF_MAP_TYPE_PERCPU_HASH, 13, 16, 3, 1);
	/* no BTF: no text */
	show_both(BPF_MAP_TYPE_ARRAY, 0, 4, 0, 1);
}

/* The cgroup2 mount that this process can make cgroups in. */
static bool find_cgroups(char *path, size_t size)
{
	FILE *mounts = fopen("/proc/mounts", "r");
	char line[1024], where[512], type[64];
	bool found = false;

	while (mounts && !found && fgets(line, sizeof(line), mounts))
		if (sscanf(line, "%*s %511s %63s", where, type) == 2 &&
		    !strcmp(type, "cgroup2")) {
			snprintf(path, size, "%s/cgbpf-mapbtf-%d", where,
				 (int)getpid());
			found = true;
		}
	if (mounts)
		fclose(mounts);
	return found;
}

/* Attaches a program that uses storage map @map to @cgroup. */
static int attach(int map, int cgroup)
{
	struct bpf_insn insns[] = {
		{ .code = BPF_LD | BPF_DW | BPF_IMM,
		  .dst_reg = BPF_REG_1,
		  .src_reg = BPF_PSEUDO_MAP_FD,
		  .imm = map },
		{ .code = 0 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2 },
		{ .code = BPF_JMP | BPF_CALL,
		  .imm = BPF_FUNC_get_local_storage },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct attr_prog_load load = {
		.prog_type = BPF_PROG_TYPE_CGROUP_SKB,
		.expected_attach_type = BPF_CGROUP_INET_EGRESS,
		.insns = ptr_to_u64(insns),
		.insn_cnt = ARRAY_SIZE(insns),
		.license = ptr_to_u64("GPL"),
	};
	struct attr_prog_attach to = {
		.target_fd = (u32)cgroup,
		.attach_type = BPF_CGROUP_INET_EGRESS,
	};
	int prog = bpf(BPF_PROG_LOAD, &load, sizeof(load)), err;

	if (prog < 0)
		return prog;
	to.attach_bpf_fd = (u32)prog;
	err = bpf(BPF_PROG_ATTACH, &to, sizeof(to));
	close(prog);
	return err;
}

/* The kernel map's one storage, with its contents, in ours. */
static int mirror(int fd, struct map *map, struct storage **out)
{
	static u64 value[8192];
	u64 key[2] = { 0 };
	struct attr_map_elem elem = { .map_fd = (u32)fd };
	struct storage_key ours;
	struct storage *storage;
	int err;

	elem.next_key = ptr_to_u64(key);
	err = bpf(BPF_MAP_GET_NEXT_KEY, &elem, sizeof(elem));
	if (err)
		return err;
	for (u32 i = 0; i < ARRAY_SIZE(value); i++)
		value[i] = 7 * i + 1;
	elem.key = ptr_to_u64(key);
	elem.value = ptr_to_u64(value);
	err = bpf(BPF_MAP_UPDATE_ELEM, &elem, sizeof(elem));
	ours.cgroup_id = key[0];
	ours.attach_type = (u32)key[1];
	if (!err)
		err = map_storage_alloc(&storage, map, &ours);
	if (err)
		return err;
	map_storage_link(storage);
	rcu_read_lock();
	err = map->ops->write(map, task, key, value, 0);
	rcu_read_unlock();
	*out = storage;
	return err;
}

/* CS-33 */
static void show_storage(u32 type, u32 key_id, u32 key_size, int cgroup)
{
	static char theirs[TEXT_MAX], ours[TEXT_MAX];
	struct attr_map_create attr = {
		.map_type = type,
		.key_size = key_size,
		.value_size = 16,
		.btf_fd = (u32)kernel_btf,
		.btf_key_type_id = key_id,
		.btf_value_type_id = 3,
	};
	struct storage *storage = NULL;
	struct map *map = NULL;
	ssize_t a, b;
	int fd, err;

	fd = bpf(BPF_MAP_CREATE, &attr, sizeof(attr));
	attr.btf_fd = (u32)own_btf;
	err = map_create(&map, task, &attr);
	assert(fd >= 0 && !err);
	err = attach(fd, cgroup);
	if (!err)
		err = mirror(fd, map, &storage);
	a = kernel_text(fd, theirs);
	b = map_show(map, ours, sizeof(ours));
	if (err || a != b || strcmp(theirs, ours)) {
		differences++;
		printf("storage %u: %d, %zd, %zd\n--- kernel\n%s--- ours\n%s",
		       type, err, a, b, theirs, ours);
	}
	if (storage) {
		map_storage_unlink(storage);
		map_storage_free(storage);
	}
	close(fd);
	map_put(map);
}

static void storages(void)
{
	char path[1024];
	int cgroup;

	if (!find_cgroups(path, sizeof(path)) || mkdir(path, 0755)) {
		printf("no cgroup can be made: storage maps are left out\n");
		return;
	}
	cgroup = open(path, O_RDONLY | O_DIRECTORY);
	show_storage(BPF_MAP_TYPE_CGROUP_STORAGE, 3, 16, cgroup);
	show_storage(BPF_MAP_TYPE_CGROUP_STORAGE, 2, 8, cgroup);
	show_storage(BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, 13, 16, cgroup);
	show_storage(BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE, 12, 8, cgroup);
	close(cgroup);
	rmdir(path);
}

static int load_btf(u32 *nr_types)
{
	static struct blob b;
	struct attr_btf_load attr = { 0 };
	struct btf *btf;
	int err;

	blob_init(&b);
	blob_text(&b, types);
	blob_finish(&b);
	*nr_types = b.nr_types;
	attr.btf = ptr_to_u64(b.data);
	attr.btf_size = b.size;
	kernel_btf = bpf(BPF_BTF_LOAD, &attr, sizeof(attr));
	err = kernel_btf < 0 ? kernel_btf
			     : btf_new(&btf, env, b.data, b.size, NULL);
	free(b.data);
	if (err)
		return err;
	own_btf = task_install(task, &btf_file_ops, btf, 0);
	return own_btf < 0 ? own_btf : 0;
}

static int mount_bpffs(void)
{
	if (!mkdtemp(dir))
		return -1;
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("bpf", dir, "bpf", 0, NULL)) {
		rmdir(dir);
		return -1;
	}
	return 0;
}

int main(void)
{
	u32 nr_types;
	int err;

	if (mount_bpffs()) {
		printf("skipped: no bpf file system can be mounted\n");
		return 77;
	}
	if (cgbpf_env_new(&env, NULL))
		return 1;
	task = cgbpf_env_task(env);
	err = load_btf(&nr_types);
	if (!err) {
		creations(nr_types);
		shows();
		storages();
		close(kernel_btf);
		task_local_close(task, own_btf);
	}
	cgbpf_env_free(env);
	umount2(dir, MNT_DETACH);
	rmdir(dir);
	printf("BTF %d, %u maps, %u good, %u differences\n", err, created, good,
	       differences);
	return err || differences || !good;
}
