/* SPDX-License-Identifier: BSD-2-Clause */
/* libFuzzer: any bytes as BTF, and what is good of it shown. */
#include <stdlib.h>

#include "base/log.h"
#include "btf_random.h"
#include "object/btf.h"
#include "object/btf_text.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max_size,
			       unsigned int seed);
size_t LLVMFuzzerMutate(u8 *data, size_t size, size_t max_size);

/* Plain mutations seldom give a header: one in four is new and near good. */
size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	static struct blob blob;
	u64 s = seed;

	if (!rnd_one_in(&s, 4))
		return LLVMFuzzerMutate(data, size, max_size);
	blob_random(&blob, &s);
	size = min(blob.size, max_size);
	memcpy(data, blob.data, size);
	free(blob.data);
	return size;
}

static void show(const struct btf *btf, u32 id, const u8 *value)
{
	struct text text;
	char buf[256];

	btf_show(btf, id, value, buf, sizeof(buf), id & 1);
	text_init(&text, buf, sizeof(buf));
	btf_seq_show(&text, btf, id, value);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct btf *btf;
	struct log log;

	log_init(&log, LOG_LEVEL1, 4096);
	if (!btf_new(&btf, NULL, data, (u32)size, &log)) {
		for (u32 id = 1; id < btf->nr_types && id < 16; id++) {
			u32 known = id, bytes;
			u8 *value;

			if (!btf_type_id_size(btf, &known, &bytes) ||
			    bytes > 4096)
				continue;
			value = calloc(1, bytes + !bytes);
			show(btf, id, value);
			free(value);
		}
		btf_put(btf);
	}
	log_destroy(&log);
	return 0;
}
