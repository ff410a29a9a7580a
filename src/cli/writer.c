/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/writer.h"

#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

/* A new file beside @path, with the mode that open(2) would give it. */
static int open_temporary(struct writer *writer)
{
	static const char suffix[] = ".XXXXXX";
	size_t len = strlen(writer->path);
	mode_t mask = umask(0);
	int fd, err;

	umask(mask);
	writer->temporary = mem_alloc(len + sizeof(suffix));
	if (!writer->temporary)
		return -ENOMEM;
	memcpy(writer->temporary, writer->path, len);
	memcpy(writer->temporary + len, suffix, sizeof(suffix));
	fd = mkostemp(writer->temporary, O_CLOEXEC);
	if (fd >= 0) {
		fchmod(fd, 0666 & ~mask);
		return fd;
	}
	err = -errno;
	mem_free(writer->temporary);
	writer->temporary = NULL;
	return err;
}

int writer_open(struct writer *writer, const char *path,
		const struct capture *like)
{
	struct writer w = { .path = path };
	struct stat st;
	FILE *file;
	int fd, err;

	if (!stat(path, &st) && !S_ISREG(st.st_mode)) {
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
	} else {
		fd = open_temporary(&w);
		if (fd < 0)
			return fd;
	}
	file = fdopen(fd, "wb");
	if (!file) {
		err = -errno;
		close(fd);
		goto err_file;
	}
	w.dumper = pcap_dump_fopen(like->pcap, file);
	if (!w.dumper) {
		err = -EIO;
		fclose(file);
		goto err_file;
	}
	*writer = w;
	return 0;

err_file:
	if (w.temporary)
		unlink(w.temporary);
	mem_free(w.temporary);
	return err;
}

void writer_add(struct writer *writer, const struct frame *frame)
{
	struct pcap_pkthdr header = {
		.ts = frame->time,
		.caplen = frame->captured,
		.len = frame->length,
	};

	pcap_dump((u_char *)writer->dumper, &header, frame->data);
}

int writer_commit(struct writer *writer)
{
	FILE *file = pcap_dump_file(writer->dumper);
	int err = 0;

	errno = 0;
	if (fflush(file) || ferror(file))
		err = errno ? -errno : -EIO;
	pcap_dump_close(writer->dumper);
	writer->dumper = NULL;
	if (!err && writer->temporary &&
	    rename(writer->temporary, writer->path))
		err = -errno;
	if (err && writer->temporary)
		unlink(writer->temporary);
	mem_free(writer->temporary);
	writer->temporary = NULL;
	return err;
}

void writer_abort(struct writer *writer)
{
	if (!writer->dumper)
		return;
	pcap_dump_close(writer->dumper);
	writer->dumper = NULL;
	if (writer->temporary)
		unlink(writer->temporary);
	mem_free(writer->temporary);
	writer->temporary = NULL;
}
