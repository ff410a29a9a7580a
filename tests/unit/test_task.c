/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <string.h>
#include <unistd.h>

#include "object/task.h"

static struct cgbpf_task *task;
static int released;

static void count_release(struct file *file)
{
	*(int *)file->priv += 1;
}

static const struct file_ops counted = { "counted", count_release };
static const struct file_ops others = { "others", count_release };

static int with_task(void **state)
{
	(void)state;
	released = 0;
	return task_local_new(&task, NULL);
}

static int without_task(void **state)
{
	(void)state;
	task_local_free(task);
	return 0;
}

static int install(void)
{
	int fd = task_install(task, &counted, &released, FILE_READ);

	assert_true(fd >= TASK_FD_BASE);
	return fd;
}

static void lowest_free_number_first(void **state)
{
	(void)state;
	for (int i = 0; i < 40; i++)
		assert_int_equal(install(), TASK_FD_BASE + i);
	assert_int_equal(task_local_close(task, TASK_FD_BASE + 7), 0);
	assert_int_equal(task_local_close(task, TASK_FD_BASE + 3), 0);
	assert_int_equal(released, 2);
	assert_int_equal(install(), TASK_FD_BASE + 3);
	assert_int_equal(install(), TASK_FD_BASE + 7);
	assert_int_equal(install(), TASK_FD_BASE + 40);
}

static void numbers_that_are_no_fds(void **state)
{
	static const int bad[] = { -1,
				   0,
				   1,
				   TASK_FD_BASE - 1,
				   TASK_FD_BASE + 1,
				   TASK_FD_BASE + 1000000,
				   INT32_MAX,
				   INT32_MIN };
	struct file *file = NULL;

	(void)state;
	install();
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(task_local_close(task, bad[i]), -EBADF);
		assert_int_equal(task_local_dup(task, bad[i]), -EBADF);
		assert_int_equal(task_file(task, bad[i], &counted, &file),
				 -EBADF);
		assert_null(file);
	}
}

static void last_fd_releases(void **state)
{
	int fd = install(), copy = task_local_dup(task, fd);

	(void)state;
	assert_true(copy >= 0 && copy != fd);
	assert_int_equal(task_local_close(task, fd), 0);
	assert_int_equal(released, 0);
	assert_int_equal(task_local_close(task, fd), -EBADF);
	assert_int_equal(task_local_close(task, copy), 0);
	assert_int_equal(released, 1);
}

/* A call under way keeps what it got, whoever closes the fd meanwhile. */
static void file_outlives_its_fd(void **state)
{
	struct file *file = NULL;
	int fd = install();

	(void)state;
	assert_int_equal(task_file(task, fd, &counted, &file), 0);
	assert_ptr_equal(file->priv, &released);
	assert_int_equal(file->mode, FILE_READ);
	assert_int_equal(task_local_close(task, fd), 0);
	assert_int_equal(released, 0);
	file_put(file);
	assert_int_equal(released, 1);
}

static void kind_is_checked(void **state)
{
	struct file *file = NULL;
	int fd = install();

	(void)state;
	assert_int_equal(task_file(task, fd, &others, &file), -EINVAL);
	assert_null(file);
	/* and took no reference */
	assert_int_equal(task_local_close(task, fd), 0);
	assert_int_equal(released, 1);
}

static void free_closes_all(void **state)
{
	struct cgbpf_task *own;

	(void)state;
	assert_int_equal(task_local_new(&own, NULL), 0);
	for (int i = 0; i < 20; i++)
		assert_true(task_install(own, &counted, &released, 0) >= 0);
	task_local_free(own);
	assert_int_equal(released, 20);
}

static void strings(void **state)
{
	char buf[8];

	(void)state;
	assert_int_equal(task_copy_string(task, buf, ptr_to_u64("1234567"), 8),
			 0);
	assert_string_equal(buf, "1234567");
	assert_int_equal(task_copy_string(task, buf, ptr_to_u64("12345678"), 8),
			 -E2BIG);
	assert_int_equal(task_copy_string(task, buf, ptr_to_u64(""), 8), 0);
	assert_string_equal(buf, "");
	assert_int_equal(task_copy_string(task, buf, 0, 8), -EFAULT);
}

static void memory(void **state)
{
	u32 from = 5, to = 6;

	(void)state;
	assert_int_equal(task_copy_in(task, &to, ptr_to_u64(&from), 4), 0);
	assert_int_equal(to, 5);
	from = 7;
	assert_int_equal(task_copy_out(task, ptr_to_u64(&to), &from, 4), 0);
	assert_int_equal(to, 7);
	assert_int_equal(task_copy_in(task, &to, 0, 4), -EFAULT);
	assert_int_equal(task_copy_out(task, 0, &from, 4), -EFAULT);
	assert_int_equal(task_copy_in(task, &to, UINT64_MAX - 3, 4), -EFAULT);
	/* no bytes, no fault */
	assert_int_equal(task_copy_in(task, &to, 0, 0), 0);
	assert_int_equal(task_copy_out(task, 0, &from, 0), 0);
}

static void credentials_are_ours(void **state)
{
	(void)state;
	assert_int_equal(task->cred.tgid, getpid());
	assert_int_equal(task->cred.uid, getuid());
	assert_int_equal(task->cred.gid, getgid());
	assert_true(strlen(task->cred.comm) < TASK_COMM_LEN);
}

static int install_closing(void *arg)
{
	struct cgbpf_task *own;
	int fd = task_local_new(&own, NULL);

	(void)arg;
	if (fd)
		return fd;
	fd = task_install(own, &counted, &released, 0);
	if (fd < 0)
		assert_int_equal(released, 0); /* priv stays the caller's */
	task_local_free(own);
	return fd < 0 ? fd : 0;
}

static void failed_install_leaves_no_trace(void **state)
{
	(void)state;
	unit_each_fault(install_closing, NULL);
	assert_int_equal(released, 1);
}

#define WITH_TASK(name) \
	cmocka_unit_test_setup_teardown(name, with_task, without_task)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TASK(lowest_free_number_first),
		WITH_TASK(numbers_that_are_no_fds),
		WITH_TASK(last_fd_releases),
		WITH_TASK(file_outlives_its_fd),
		WITH_TASK(kind_is_checked),
		WITH_TASK(free_closes_all),
		WITH_TASK(strings),
		WITH_TASK(memory),
		WITH_TASK(credentials_are_ours),
		WITH_TASK(failed_install_leaves_no_trace),
	};

	return UNIT_RUN(tests);
}
