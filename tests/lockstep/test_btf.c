/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * BPF_BTF_LOAD here and in the live kernel: the same bytes, the same errno and
 * the same log.  Usage: test_btf [SEED [COUNT [OBJECT...]]]; BTF of object
 * files is loaded as it is and with COUNT mutations.
 */
#include <errno.h>
#include <fcntl.h>
#include <libelf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "btf_cases.h"
#include "btf_random.h"
#include "object/btf.h"

#define LOG_SIZE (4u << 20)

static char kernel_log[LOG_SIZE];
static unsigned int differences;

static int kernel_load(const void *data, u32 size)
{
	struct attr_btf_load attr = {
		.btf = ptr_to_u64(data),
		.btf_size = size,
		.btf_log_buf = ptr_to_u64(kernel_log),
		.btf_log_size = LOG_SIZE,
		.btf_log_level = 1,
	};
	long fd;

	kernel_log[0] = '\0';
	fd = syscall(SYS_bpf, BPF_BTF_LOAD, &attr, sizeof(attr));
	if (fd < 0)
		return -errno;
	close((int)fd);
	return 0;
}

static void dump(const u8 *data, u32 size)
{
	for (u32 i = 0; i < size && i < 2048; i++)
		printf("%02x%s", data[i], i % 32 == 31 ? "\n" : "");
	printf("\n");
}

static int own_load(const void *data, u32 size, struct log *log)
{
	struct btf *btf;
	int err;

	log_init(log, LOG_LEVEL1, LOG_SIZE);
	err = btf_new(&btf, NULL, data, size, log);
	if (!err)
		btf_put(btf);
	return err;
}

static int compare(const char *name, unsigned long nr, const void *data,
		   u32 size)
{
	struct log log;
	int theirs = kernel_load(data, size);
	int ours = own_load(data, size, &log);
	const char *text = log.buf ? log.buf : "";

	if (ours != theirs || strcmp(text, kernel_log)) {
		printf("%s %lu: kernel %d, ours %d\n", name, nr, theirs, ours);
		printf("--- kernel\n%.3000s\n--- ours\n%.3000s\n", kernel_log,
		       text);
		dump(data, size);
		differences++;
	}
	log_destroy(&log);
	return ours;
}

static void cases(struct blob *b)
{
	for (unsigned long i = 0; i < ARRAY_SIZE(btf_cases); i++) {
		blob_init(b);
		blob_text(b, btf_cases[i].text);
		blob_finish(b);
		compare(btf_cases[i].name, i, b->data, b->size);
		free(b->data);
	}
}

static void randoms(struct blob *b, u64 seed, unsigned long count)
{
	unsigned long good = 0;

	for (unsigned long i = 0; i < count && differences < 5; i++) {
		u64 s = seed + i;

		switch (rnd_below(&s, 8)) {
		case 0:
			blob_chain(b, &s);
			break;
		case 1: /* not mutated, see blob_fields() */
			blob_fields(b, &s);
			good += !compare("fields", seed + i, b->data, b->size);
			free(b->data);
			continue;
		default:
			blob_random(b, &s);
			break;
		}
		good += !compare("random", seed + i, b->data, b->size);
		blob_mutate(b, &s);
		compare("mutation", seed + i, b->data, b->size);
		free(b->data);
	}
	printf("%lu of %lu random ones are valid\n", good, count);
}

/* Names up to and beyond what may be, in a name or a tag, and in the log. */
static void long_names(struct blob *b)
{
	static const u32 lengths[] = { 511,  512,  513,	 980,  1000,
				       1015, 1020, 1023, 1024, 3000 };
	static const char *const texts[] = {
		"TYPEDEF %s 0 0 1\n",	     "STRUCT %s 0 0 4\n",
		"STRUCT - 1 0 4 '%s' 1 0\n", "STRUCT - 1 1 4 '%s' 1 0\n",
		"ENUM e 1 0 4 '%s' 0\n",     "FUNC_PROTO - 1 0 0 '%s' 1\n",
		"TYPE_TAG %s 0 0 1\n",	     "VAR %s 0 0 1 1\n",
		"DATASEC %s 0 0 4\n"
	};
	static char name[4096], text[8192];

	for (unsigned long i = 0; i < ARRAY_SIZE(lengths); i++)
		for (unsigned long n = 0; n < ARRAY_SIZE(texts); n++) {
			memset(name, 'n', lengths[i]);
			name[lengths[i]] = '\0';
			strcpy(text, T_INT);
			sprintf(text + strlen(text), texts[n], name);
			blob_init(b);
			blob_text(b, text);
			blob_finish(b);
			compare("long name", i * 100 + n, b->data, b->size);
			free(b->data);
		}
}

/* The BTF of an object file, for free(): its size, or 0. */
static u32 object_btf(const char *path, void **out)
{
	int fd = open(path, O_RDONLY);
	Elf_Scn *section = NULL;
	Elf_Data *data;
	size_t names;
	u32 size = 0;
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	while (elf && !elf_getshdrstrndx(elf, &names) &&
	       (section = elf_nextscn(elf, section))) {
		Elf64_Shdr *head = elf64_getshdr(section);

		if (strcmp(elf_strptr(elf, names, head->sh_name), ".BTF"))
			continue;
		data = elf_rawdata(section, NULL);
		size = (u32)data->d_size;
		*out = malloc(size);
		memcpy(*out, data->d_buf, size);
		break;
	}
	elf_end(elf);
	close(fd);
	return size;
}

static void object(struct blob *b, const char *path, u64 seed,
		   unsigned long count)
{
	void *data = NULL;
	u32 size = object_btf(path, &data);

	if (!size || compare(path, 0, data, size)) {
		printf("%s: no good BTF\n", path);
		differences++;
	}
	for (unsigned long i = 0; i < count && differences < 5; i++) {
		u64 s = seed + i;

		b->size = size;
		b->data = malloc(size);
		memcpy(b->data, data, size);
		blob_mutate(b, &s);
		compare(path, seed + i, b->data, b->size);
		free(b->data);
	}
	free(data);
}

int main(int argc, char **argv)
{
	static struct blob b;
	u64 seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 0) : 3000;

	blob_init(&b);
	blob_text(&b, T_INT);
	blob_finish(&b);
	if (kernel_load(b.data, b.size)) {
		printf("skipped: the kernel does not let us load BTF\n");
		free(b.data);
		return 77;
	}
	free(b.data);
	cases(&b);
	long_names(&b);
	randoms(&b, seed, count);
	for (int i = 3; i < argc; i++)
		object(&b, argv[i], seed, count);
	printf("%u differences\n", differences);
	return differences != 0;
}
