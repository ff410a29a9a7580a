/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cgbpf replay: the packets of a capture through a hierarchy of cgroups.
 *
 * 1. A packet is its first fitting rule's cgroup's, else the root's.
 * 2. From a local prefix it is egress, to one it is ingress; both: it leaves
 *    first, and arrives if it was let go.
 * 3. A packet that is not IP's, or not local, meets no program and passes.
 */
#include "cli/replay.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/progress.h"
#include "cli/writer.h"

static const char usage[] =
	"Usage: cgbpf replay --attach OBJ[:PROGRAM][@CGROUP][,WORD...]...\n"
	"                    [--cgroup PATH=FILTER]... [--local PREFIX]...\n"
	"                    [--storage MODE] [--cpus N] [--write OUT.pcap]\n"
	"                    [--json] CAPTURE\n\n"
	"Runs the packets of CAPTURE (pcap or pcapng; - for standard input) "
	"through\nthe programs of a hierarchy of cgroups, and shows what "
	"became "
	"of them and\nwhat the programs' cgroup storages hold.\n\n"
	"  --attach    a program (all of the object's, if none is named) at a\n"
	"              cgroup (the root, if none is named).  Words: multi (if\n"
	"              nothing is said), override, single, preorder, "
	"before[=P],\n"
	"              after[=P], replace=P, link; or where: ingress, egress\n"
	"  --cgroup    packets that fit the filter (see pcap-filter(7)) are "
	"the\n"
	"              cgroup's: of several, the first; of none, the root's\n"
	"  --local     addresses of this machine: a packet from one is egress, "
	"to\n              one ingress.  If not given: 127.0.0.0/8 and ::1\n"
	"  --storage   shared, or per-attachment: as kernels before 5.9\n"
	"  --cpus      possible CPUs, of which per-CPU maps have a value each: "
	"1\n"
	"  --write     the packets that passed\n"
	"  --json      the result for programs\n\n"
	"Exit codes: 0; 2 for a command line that cannot be; 1 for what else "
	"fails.\n";

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	stopped = signal;
}

static bool is_local(const struct replay_args *args, int family,
		     const void *addr)
{
	for (size_t i = 0; i < args->nr_locals; i++)
		if (prefix_has(&args->locals[i], family, addr))
			return true;
	return false;
}

static struct group *group_of(const struct replay *replay,
			      const struct frame *frame)
{
	for (size_t i = 0; i < replay->nr_rules; i++)
		if (filter_fits(replay->rules[i].filter, frame))
			return replay->rules[i].group;
	return &replay->groups[0];
}

/* One way of one packet: *pass says whether it goes on.  -errno. */
static int judge(struct group *group, enum direction direction,
		 struct cgbpf_packet *packet, bool *pass)
{
	static const int attach_type_of[DIRECTIONS] = {
		[EGRESS] = BPF_CGROUP_INET_EGRESS,
		[INGRESS] = BPF_CGROUP_INET_INGRESS,
	};
	struct counts *counts = &group->counts[direction];
	struct cgbpf_verdict verdict;
	int err;

	err = cgbpf_run_skb(group->cgroup, NULL, attach_type_of[direction],
			    packet, NULL, &verdict);
	if (err)
		return err;
	*pass = !verdict.error;
	counts->run += verdict.ran > 0;
	counts->pass += !verdict.error;
	counts->drop += !!verdict.error;
	counts->congestion += verdict.congestion;
	return 0;
}

static int replay_packet(struct replay *replay, struct frame *frame, bool *pass)
{
	const struct replay_args *args = replay->args;
	struct group *group;
	bool from, to;
	int err = 0;

	*pass = true;
	replay->packets++;
	if (!frame->is_ip) {
		replay->not_ip++;
		return 0;
	}
	from = is_local(args, frame->family, frame->src);
	to = is_local(args, frame->family, frame->dst);
	if (!from && !to) {
		replay->not_local++;
		return 0;
	}
	group = group_of(replay, frame);
	if (from)
		err = judge(group, EGRESS, &frame->packet, pass);
	if (!err && to && *pass)
		err = judge(group, INGRESS, &frame->packet, pass);
	return err;
}

static int replay_packets(struct replay *replay, struct writer *writer)
{
	struct capture *capture = &replay->capture;
	struct progress progress;
	struct frame frame;
	char error[512];
	bool pass;
	int more = 0, err = 0;

	progress_start(&progress, capture->size);
	while (!stopped && (more = capture_next(capture, &frame, error,
						sizeof(error))) > 0) {
		err = replay_packet(replay, &frame, &pass);
		if (err)
			break;
		if (writer && pass)
			writer_add(writer, &frame);
		if (replay->packets % 256 == 0)
			progress_update(&progress, replay->packets,
					capture_position(capture));
	}
	replay->seconds = progress_end(&progress);
	if (stopped)
		return CMD_FAILED;
	if (err)
		return cmd_error("%s: packet %llu: %s", capture->path,
				 (unsigned long long)replay->packets,
				 cmd_strerror(err));
	if (more < 0)
		return cmd_error("%s: %s", capture->path, error);
	return CMD_OK;
}

static int replay_report(struct replay *replay)
{
	struct storage_rows rows;
	int status;

	if (storages_collect(&rows, replay))
		return CMD_FAILED;
	status = replay->args->json ? report_json(replay, &rows)
				    : report_text(replay, &rows);
	storages_free(&rows);
	return status;
}

static int replay_run(struct replay *replay)
{
	const char *path = replay->args->write;
	struct writer writer = { 0 };
	int err, status;

	if (replay_setup(replay))
		return CMD_FAILED;
	if (path) {
		err = writer_open(&writer, path, &replay->capture);
		if (err)
			return cmd_error("%s: %s", path, cmd_strerror(err));
	}
	status = replay_packets(replay, path ? &writer : NULL);
	if (!status && path) {
		err = writer_commit(&writer);
		if (err)
			status = cmd_error("%s: %s", path, cmd_strerror(err));
	}
	writer_abort(&writer);
	return status ? status : replay_report(replay);
}

static int replay(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = stop };
	struct replay_args args;
	struct replay state = { .args = &args };
	int status;

	status = replay_args_parse(&args, argc, argv);
	if (status)
		return status;
	if (args.help) {
		fputs(usage, stdout);
		replay_args_free(&args);
		return CMD_OK;
	}
	/* a file that is being written goes away before we do */
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	status = replay_run(&state);
	replay_teardown(&state);
	replay_args_free(&args);
	if (stopped) {
		signal(stopped, SIG_DFL);
		raise(stopped);
	}
	return status;
}

const struct command replay_command = {
	.name = "replay",
	.summary = "run the packets of a capture through cgroups' programs",
	.usage = usage,
	.run = replay,
};
