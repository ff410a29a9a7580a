/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Values as text: an array map of one element with BTF, pinned in a bpf file
 * system and read, against btf_seq_show().  CS-33's format is the same.
 * Usage: test_map_show [SEED [COUNT]].
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "btf_random.h"
#include "object/btf.h"
#include "object/btf_text.h"

#define VALUE_MAX 256
#define TEXT_MAX 65536

static const char header[] =
	"# WARNING!! The output is for debug purpose only\n"
	"# WARNING!! The output format will change\n";
static char dir[] = "/tmp/cgbpf-show-XXXXXX";
static unsigned int differences, compared;

static int bpf(int cmd, union attr *attr)
{
	long ret = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return ret < 0 ? -errno : (int)ret;
}

static int kernel_btf(const struct blob *b)
{
	union attr attr = { .btf_load = { .btf = ptr_to_u64(b->data),
					  .btf_size = b->size } };

	return bpf(BPF_BTF_LOAD, &attr);
}

static int kernel_map(int btf_fd, u32 key_id, u32 id, u32 size)
{
	union attr attr = { .map_create = {
				    .map_type = BPF_MAP_TYPE_ARRAY,
				    .key_size = 4,
				    .value_size = size,
				    .max_entries = 1,
				    .btf_fd = (u32)btf_fd,
				    .btf_key_type_id = key_id,
				    .btf_value_type_id = id,
			    } };

	return bpf(BPF_MAP_CREATE, &attr);
}

/* The pinned map's text: its length, or -errno. */
static int kernel_text(int map, const void *value, char *text)
{
	union attr attr = { .map_elem = { .map_fd = (u32)map } };
	char path[64];
	ssize_t n, len = 0;
	u32 key = 0;
	int fd, err;

	attr.map_elem.key = ptr_to_u64(&key);
	attr.map_elem.value = ptr_to_u64(value);
	err = bpf(BPF_MAP_UPDATE_ELEM, &attr);
	if (err)
		return err;
	snprintf(path, sizeof(path), "%s/map", dir);
	memset(&attr, 0, sizeof(attr));
	attr.obj.pathname = ptr_to_u64(path);
	attr.obj.bpf_fd = (u32)map;
	err = bpf(BPF_OBJ_PIN, &attr);
	if (err)
		return err;
	fd = open(path, O_RDONLY);
	while (fd >= 0 &&
	       (n = read(fd, text + len, (size_t)(TEXT_MAX - 1 - len))) > 0)
		len += n;
	text[len] = '\0';
	if (fd >= 0)
		close(fd);
	unlink(path);
	return fd < 0 ? -EIO : (int)len;
}

static void compare(const struct btf *btf, int map, u32 id, u32 size, u64 seed)
{
	static char theirs[TEXT_MAX], ours[TEXT_MAX];
	u8 value[VALUE_MAX];
	struct text text;
	u64 s = seed + id;
	int n;

	for (u32 i = 0; i < size; i++)
		value[i] = rnd_one_in(&s, 4)   ? 0
			   : rnd_one_in(&s, 2) ? (u8)rnd(&s)
					       : (u8)('a' + rnd_below(&s, 26));
	n = kernel_text(map, value, theirs);
	text_init(&text, ours, sizeof(ours));
	text_printf(&text, "%s0: ", header);
	btf_seq_show(&text, btf, id, value);
	text_printf(&text, "\n");
	compared++;
	if (n >= 0 && !strcmp(theirs, ours))
		return;
	differences++;
	printf("seed %llu type %u: %d\n--- kernel\n%s--- ours\n%s",
	       (unsigned long long)seed, id, n, theirs, ours);
}

/*
 * Values that the kernel shows by hashing (pointers), or that would keep it
 * busy for long (large arrays), are not asked for.
 */
static bool can_compare(const struct btf *btf)
{
	for (u32 id = 1; id < btf->nr_types; id++) {
		const struct btf_type *t = btf->types[id];

		if (btf_kind(t) == BTF_KIND_PTR ||
		    (btf_kind(t) == BTF_KIND_ARRAY && btf_array(t)->nelems > 8))
			return false;
	}
	return btf->nr_types < 12;
}

static void types(const struct blob *b, u64 seed)
{
	u32 size, resolved;
	struct btf *btf;
	int fd, map;

	if (btf_new(&btf, NULL, b->data, b->size, NULL))
		return;
	fd = can_compare(btf) ? kernel_btf(b) : -1;
	for (u32 id = 1; fd >= 0 && id < btf->nr_types; id++) {
		resolved = id;
		if (!btf_type_id_size(btf, &resolved, &size) || !size ||
		    size > VALUE_MAX)
			continue;
		map = kernel_map(fd, 1, id, size);
		if (map < 0)
			continue;
		compare(btf, map, id, size, seed);
		close(map);
	}
	if (fd >= 0)
		close(fd);
	btf_put(btf);
}

static const char *const handwritten[] = {
	/* ints of all kinds */
	"INT i 0 0 4 0x01000020\nINT a 0 0 8 0x01000040\nINT b 0 0 8 0x40\n"
	"INT c 0 0 2 0x01000010\nINT d 0 0 1 0x01000008\nINT e 0 0 1 0x8\n"
	"INT f 0 0 16 0x80\nINT g 0 0 4 0x18\nINT h 0 0 1 0x04000008\n"
	"INT j 0 0 4 0x00040010\n",
	/* structs in structs and arrays, typedefs, qualifiers */
	"INT i 0 0 4 0x01000020\nSTRUCT s 2 0 8 'a' 1 0 'b' 1 32\n"
	"ARRAY - 0 0 0 2 1 2\nTYPEDEF t 0 0 2\nCONST - 0 0 2\n"
	"STRUCT o 5 0 56 'a' 2 0 'b' 3 64 'c' 4 192 'd' 5 256 'e' 3 320\n"
	"ARRAY - 0 0 0 6 1 2\nUNION u 2 0 8 'a' 2 0 'b' 1 0\n"
	"STRUCT p 3 0 24 'a' 8 0 'b' 9 64 'c' 8 128\nUNION e 0 0 4\n",
	/* characters */
	"INT i 0 0 4 0x01000020\nINT char 0 0 1 0x01000008\n"
	"ARRAY - 0 0 0 2 1 8\nSTRUCT s 2 0 12 'a' 3 0 'b' 1 64\n"
	"ARRAY - 0 0 0 3 1 2\nARRAY - 0 0 0 4 1 2\nINT bool 0 0 1 0x04000008\n"
	"ARRAY - 0 0 0 7 1 4\nSTRUCT e 4 0 16 'a' 2 0 'b' 8 8 'c' 7 40 'd' 2 "
	"48\n",
	/* enums and bit fields */
	"INT i 0 0 4 0x01000020\nENUM e 2 1 4 'A' 97 'B' -1\n"
	"ENUM64 f 1 0 8 'C' 97 0\nENUM g 1 0 1 'D' 97\n"
	"STRUCT s 4 1 8 'a' 1 0x03000000 'b' 2 0x05000003 'c' 1 0x08000008 "
	"'d' 2 32\n"
	"STRUCT t 2 0 12 'a' 4 0 'b' 3 32\nFLOAT x 0 0 4\n"
	"STRUCT q 2 0 8 'a' 7 0 'b' 1 32\n",
	/* a section */
	"INT i 0 0 4 0x01000020\nSTRUCT s 2 0 8 'a' 1 0 'b' 1 32\n"
	"VAR v 0 0 1 1\nVAR w 0 0 2 1\nDATASEC .data 2 0 16 3 0 4 4 8 8\n",
};

static int mount_bpffs(void)
{
	if (!mkdtemp(dir))
		return -errno;
	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("bpf", dir, "bpf", 0, NULL)) {
		rmdir(dir);
		return -1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct blob b;
	u64 seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	u64 count = argc > 2 ? strtoull(argv[2], NULL, 0) : 2000;

	if (mount_bpffs()) {
		printf("skipped: no bpf file system can be mounted\n");
		return 77;
	}
	for (size_t i = 0; i < ARRAY_SIZE(handwritten); i++) {
		blob_init(&b);
		blob_text(&b, handwritten[i]);
		blob_finish(&b);
		for (u64 n = 0; n < 5; n++)
			types(&b, i * 1000 + n);
		free(b.data);
	}
	for (u64 i = 0; i < count && differences < 5; i++) {
		u64 s = seed + i;

		blob_random(&b, &s);
		types(&b, seed + i);
		free(b.data);
	}
	umount2(dir, MNT_DETACH);
	rmdir(dir);
	printf("%u values, %u differences\n", compared, differences);
	return differences || !compared;
}
