/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cgbpf - Linux's cgroup BPF in user space.
 *
 * Nouns
 *	environment	one small kernel: its own programs, maps, links, ids,
 *			cgroup hierarchy and bpf file system.  A process may
 *			have many.
 *	task		who calls bpf(2): an environment's own in-process caller
 *	cgroup		a node of the environment's hierarchy
 *	socket		made in a cgroup, and staying in it
 *	event		a packet, a connect, a setsockopt, ...: what attached
 *			programs decide about
 *
 * Conventions
 *	- Functions that can fail return 0 (or what they promise) or -errno: the
 *	  very errno that Linux gives.  On failure, what @out points to is
 *	  untouched and nothing has changed.
 *	- What a function hands out through @out carries a reference, which the
 *	  caller drops with the noun's _put() or _free().
 *	- A verdict is not an error: hooks return 0 when the event was judged,
 *	  and put the judgement into a struct cgbpf_verdict.
 *	- All functions may be called from any thread at any time, except where
 *	  it says otherwise.  None of them prints or exits.
 *	- A child of fork(2) has a copy of each environment, as of all memory,
 *	  and may go on with it if no other thread was in a call or a run.
 *	- Structs that may grow start with their size: too small is -EINVAL; with
 *	  something set that this version does not know, -E2BIG.
 */
#ifndef CGBPF_H
#define CGBPF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The library is built with hidden symbols: what follows is all it shows. */
#pragma GCC visibility push(default)

#define CGBPF_VERSION "0.1.0"

union bpf_attr;

struct cgbpf_env;
struct cgbpf_task;
struct cgbpf_cgroup;
struct cgbpf_sock;

/* ------------------------------------------------------------ environment */

/* How storages of cgroups are shared between attachments. */
enum cgbpf_storage_mode {
	/* Linux 5.9 and later: by all programs attached to a cgroup. */
	CGBPF_STORAGE_SHARED,
	/* Before 5.9: each attachment has its own, zeroed, freed at detach. */
	CGBPF_STORAGE_PER_ATTACHMENT,
};

struct cgbpf_env_opts {
	size_t size;   /* sizeof(struct cgbpf_env_opts) */
	uint32_t cpus; /* possible CPUs, 1 to 4096; 0: as many as the machine */
	enum cgbpf_storage_mode storage_mode;
	/* Lines of bpf_trace_printk(), without newline; NULL: dropped. */
	void (*trace)(void *data, const char *line);
	void *trace_data;
};

/**
 * cgbpf_env_new() - make an environment with an empty hierarchy: a root cgroup.
 * @out: the environment, the caller's until cgbpf_env_free()
 * @opts: NULL for the defaults
 *
 * Return: 0, -ENOMEM, or -EINVAL for options that cannot be.
 */
int cgbpf_env_new(struct cgbpf_env **out, const struct cgbpf_env_opts *opts);

/**
 * cgbpf_env_free() - end an environment and all that is in it.
 * @env: NULL is fine.  No other thread may be using it, and every cgroup and
 *	socket reference has been put.  Not in a run.
 */
void cgbpf_env_free(struct cgbpf_env *env);

/**
 * cgbpf_env_sync() - wait until all that was to be freed by now is freed.
 *
 * Objects whose last holder is gone are freed once running programs are done
 * with them, in another thread.  Not in a run.
 */
void cgbpf_env_sync(struct cgbpf_env *env);

/* Possible CPUs of the environment: per-CPU values come in so many copies. */
uint32_t cgbpf_env_cpus(const struct cgbpf_env *env);

/* ------------------------------------------------------------------ bpf(2) */

/* The in-process caller; lives as long as the environment. */
struct cgbpf_task *cgbpf_env_task(struct cgbpf_env *env);

/**
 * cgbpf_bpf() - the bpf(2) system call.
 * @task: the caller; fds in and out are in its table
 * @cmd: enum bpf_cmd
 * @attr: as for bpf(2), of Linux 6.18 or any before
 * @size: bytes at @attr
 *
 * Pointers in @attr are this process's own, and followed as such: a wild one
 * is a crash and not -EFAULT, which NULL and its page are.
 *
 * Return: what the system call returns, with -errno in place of -1.
 */
int cgbpf_bpf(struct cgbpf_task *task, int cmd, union bpf_attr *attr,
	      unsigned int size);

/**
 * cgbpf_close() - close an fd of an environment.  Return: 0 or -EBADF.
 *
 * fds of the in-process task are numbers of the environment's own, from
 * 0x40000000 up: they never meet the process's own fds, and close(2), dup(2)
 * and the like know nothing of them.
 */
int cgbpf_close(struct cgbpf_task *task, int fd);

/* Another fd for the same: the fd, -EBADF, -EMFILE or -ENOMEM. */
int cgbpf_dup(struct cgbpf_task *task, int fd);

/**
 * cgbpf_mmap() - the memory of a BPF_F_MMAPABLE array or a ring buffer.
 * @out: shared with running programs, until the last fd, program and pin of
 *	the map are gone: unlike mmap(2), this holds no reference
 * @size: its bytes: whole pages; a ring buffer's are the consumer page, the
 *	producer page and the data twice, as in the kernel
 *
 * Return: 0, -EBADF, -EINVAL, -ENODEV for other map types, -EPERM when frozen.
 */
int cgbpf_mmap(struct cgbpf_task *task, int fd, void **out, size_t *size);

/* --------------------------------------------------------- bpf file system */

/* Paths start with "/sys/fs/bpf", as BPF_OBJ_PIN and BPF_OBJ_GET use them. */

/* -ENOENT, -EEXIST, -ENOTDIR, -EPERM outside the bpf file system */
int cgbpf_bpffs_mkdir(struct cgbpf_env *env, const char *path);
/* A pin, or an empty directory: -ENOENT, -ENOTEMPTY, -EPERM */
int cgbpf_bpffs_remove(struct cgbpf_env *env, const char *path);
/**
 * cgbpf_bpffs_read() - a pinned map as text, as cat(1) shows it in bpffs.
 *
 * Writes at most @size bytes with a NUL.  Return: the length of the whole
 * text, as snprintf(3); -ENOENT; -EIO for what has no text (no BTF).
 */
ssize_t cgbpf_bpffs_read(struct cgbpf_env *env, const char *path, char *buf,
			 size_t size);

/* ----------------------------------------------------------------- cgroups */

/**
 * cgbpf_cgroup_new() - mkdir(2) in the hierarchy.
 * @path: "/a/b": the parent must be there
 *
 * Return: 0, -EEXIST, -ENOENT, -EINVAL (a bad name), -ENOMEM.
 */
int cgbpf_cgroup_new(struct cgbpf_env *env, const char *path,
		     struct cgbpf_cgroup **out);

/* The cgroup at @path, "/" for the root: -ENOENT. */
int cgbpf_cgroup_get(struct cgbpf_env *env, const char *path,
		     struct cgbpf_cgroup **out);

/**
 * cgbpf_cgroup_remove() - rmdir(2): no new attach, no new child, no new socket.
 *
 * Its programs stay for its sockets; when the last of those and the last
 * child that waits for its own sockets is gone, the cgroup's programs are put,
 * its links are defunct and its storages are freed.  References by
 * cgbpf_cgroup_get() do not delay that: they keep the name and id only.
 *
 * Return: 0, -EBUSY if it has children or is the root, -ENOENT if removed.
 */
int cgbpf_cgroup_remove(struct cgbpf_cgroup *cgroup);

void cgbpf_cgroup_put(struct cgbpf_cgroup *cgroup);

/* The id that programs and storage keys see; never given to another one. */
uint64_t cgbpf_cgroup_id(const struct cgbpf_cgroup *cgroup);

/* The path, as snprintf(3) gives it; a removed cgroup's last one. */
int cgbpf_cgroup_path(const struct cgbpf_cgroup *cgroup, char *buf,
		      size_t size);

/* The path of the cgroup with that id, removed or not: -ENOENT. */
int cgbpf_cgroup_path_by_id(struct cgbpf_env *env, uint64_t id, char *buf,
			    size_t size);

/* An fd for PROG_ATTACH and the like, as open(2) on the directory gives. */
int cgbpf_cgroup_open(struct cgbpf_task *task, struct cgbpf_cgroup *cgroup);

/* Calls @each for every cgroup, parents first, by name; stops at non-zero,
 * which it returns.  @each must not change the hierarchy. */
int cgbpf_cgroup_each(struct cgbpf_env *env,
		      int (*each)(void *data, struct cgbpf_cgroup *cgroup),
		      void *data);

/* ----------------------------------------------------------------- sockets */

#define CGBPF_NO_QUEUE 0xffffffffu

/* What programs see of a socket, and what they may have changed. */
struct cgbpf_sock_info {
	size_t size;		    /* sizeof(struct cgbpf_sock_info) */
	int family, type, protocol; /* AF_INET, SOCK_STREAM, IPPROTO_TCP */
	uint32_t mark, priority, bound_dev_if;
	uint32_t state;		   /* TCP_ESTABLISHED, ... */
	uint32_t rx_queue_mapping; /* CGBPF_NO_QUEUE: as of a new socket */
	union {			   /* addresses and ports in network order */
		uint32_t src_ip4;
		uint8_t src_ip6[16];
	};
	union {
		uint32_t dst_ip4;
		uint8_t dst_ip6[16];
	};
	uint16_t src_port, dst_port;
	/* options that bpf_getsockopt() and bpf_setsockopt() reach, if not the
	 * real ones: NULL makes the helpers keep a table of their own */
	int (*getsockopt)(void *data, int level, int name, void *value,
			  int *len);
	int (*setsockopt)(void *data, int level, int name, const void *value,
			  int len);
	void *data;
};

/**
 * cgbpf_sock_new() - a socket that belongs to @cgroup for as long as it is.
 * @info: copied.  Runs no program: cgbpf_run_sock() does that.
 *
 * Return: 0, -ENOMEM, -ENOENT if the cgroup has been removed.
 */
int cgbpf_sock_new(struct cgbpf_cgroup *cgroup,
		   const struct cgbpf_sock_info *info, struct cgbpf_sock **out);

/* An accepted socket: @listener's cgroup, even when that was removed. */
int cgbpf_sock_accept(struct cgbpf_sock *listener,
		      const struct cgbpf_sock_info *info,
		      struct cgbpf_sock **out);

void cgbpf_sock_get(struct cgbpf_sock *sock);
void cgbpf_sock_put(struct cgbpf_sock *sock);
/* Read (@info's size bytes) or replace what programs see; no run of it may be
 * under way. */
void cgbpf_sock_read(const struct cgbpf_sock *sock,
		     struct cgbpf_sock_info *info);
void cgbpf_sock_write(struct cgbpf_sock *sock,
		      const struct cgbpf_sock_info *info);
/* Borrowed, for as long as the socket is. */
struct cgbpf_cgroup *cgbpf_sock_cgroup(const struct cgbpf_sock *sock);
uint64_t cgbpf_sock_cookie(const struct cgbpf_sock *sock);

/* ------------------------------------------------------------------- hooks */

/* What the programs that were attached for an event said of it. */
struct cgbpf_verdict {
	int error;	    /* 0: go on; else the -errno for who caused it */
	bool congestion;    /* egress: tell the sender to slow down */
	bool no_bind_check; /* bind: skip the check for privileged ports */
	uint32_t ran;	    /* programs that ran */
};

/* Who acts: what bpf_get_current_pid_tgid() and its like say. */
struct cgbpf_actor {
	pid_t pid, tgid;
	uid_t uid;
	gid_t gid;
	char comm[16];
};

struct cgbpf_packet {
	size_t size; /* sizeof(struct cgbpf_packet) */
	/* from its IP header; programs may write to it */
	void *data;
	uint32_t len;	   /* bytes at @data */
	uint32_t wire_len; /* 0: as len */
	uint16_t protocol; /* ETH_P_IP or ETH_P_IPV6, host order */
	uint32_t mark, priority, ifindex, ingress_ifindex, pkt_type;
	uint32_t queue_mapping, vlan_present, vlan_tci, vlan_proto, hash;
	uint32_t tc_index, tc_classid, napi_id, gso_segs, gso_size;
	uint64_t tstamp, hwtstamp;
	uint32_t cb[5];
};

/**
 * cgbpf_run_skb() - a packet of @sock's, or to it.
 * @cgroup: used where @sock is NULL: a packet whose socket is not modelled
 * @attach_type: BPF_CGROUP_INET_INGRESS or BPF_CGROUP_INET_EGRESS
 * @packet: changed as the programs change it
 * @actor: NULL: this thread
 *
 * Return: 0 and *verdict; -EINVAL for another attach type, or for neither a
 * cgroup nor a socket.
 */
int cgbpf_run_skb(struct cgbpf_cgroup *cgroup, struct cgbpf_sock *sock,
		  int attach_type, struct cgbpf_packet *packet,
		  const struct cgbpf_actor *actor,
		  struct cgbpf_verdict *verdict);

/**
 * cgbpf_run_sock() - a socket is made, released, or was bound.
 * @attach_type: BPF_CGROUP_INET_SOCK_CREATE, BPF_CGROUP_INET_SOCK_RELEASE,
 *	BPF_CGROUP_INET4_POST_BIND, BPF_CGROUP_INET6_POST_BIND
 */
int cgbpf_run_sock(struct cgbpf_sock *sock, int attach_type,
		   const struct cgbpf_actor *actor,
		   struct cgbpf_verdict *verdict);

/**
 * cgbpf_run_sock_addr() - bind, connect, sendmsg, recvmsg, getpeername,
 * getsockname: programs see the address and may rewrite it.
 * @attach_type: BPF_CGROUP_INET4_CONNECT, ...: decides the address family
 * @addr, @addr_len: sockaddr_in, sockaddr_in6 or sockaddr_un, with room for a
 *	struct sockaddr_storage: as the caller gave it, then as programs left it
 * @msg_src: sendmsg: the source address, in and out; NULL: programs see the
 *	socket's own, and what they make of it is lost
 */
int cgbpf_run_sock_addr(struct cgbpf_sock *sock, int attach_type,
			struct sockaddr_storage *addr, socklen_t *addr_len,
			struct sockaddr_storage *msg_src,
			const struct cgbpf_actor *actor,
			struct cgbpf_verdict *verdict);

struct cgbpf_sockopt {
	size_t size; /* sizeof(struct cgbpf_sockopt) */
	int level, optname;
	/*
	 * setsockopt: in, the caller's value; out, what to hand on.
	 * getsockopt: in, what the kernel said (@kernel_error, @optlen bytes);
	 * out, what the caller gets.  @optval has @capacity bytes: setsockopt
	 * wants 16, and @optlen, at least; getsockopt: what the caller asked.
	 */
	void *optval;
	int optlen;
	int capacity;
	int kernel_error; /* getsockopt: 0, or the -errno the kernel gave */
	/* setsockopt, out: a program did it all (optlen -1): do not go on */
	bool handled;
	/* out: a program changed optval or optlen: use the new ones */
	bool changed;
};

/**
 * cgbpf_run_sockopt() - getsockopt(2) after, setsockopt(2) before the kernel.
 * @attach_type: BPF_CGROUP_GETSOCKOPT or BPF_CGROUP_SETSOCKOPT
 *
 * *verdict's error is what the caller gets (0 for success).  -ENOMEM.
 */
int cgbpf_run_sockopt(struct cgbpf_sock *sock, int attach_type,
		      struct cgbpf_sockopt *opt,
		      const struct cgbpf_actor *actor,
		      struct cgbpf_verdict *verdict);

/**
 * cgbpf_run_device() - a device node is opened or made.
 * @type: BPF_DEVCG_DEV_BLOCK or BPF_DEVCG_DEV_CHAR
 * @access: BPF_DEVCG_ACC_MKNOD, _READ, _WRITE, or-ed
 */
int cgbpf_run_device(struct cgbpf_cgroup *cgroup, uint16_t type,
		     uint16_t access, uint32_t major, uint32_t minor,
		     const struct cgbpf_actor *actor,
		     struct cgbpf_verdict *verdict);

struct cgbpf_sysctl {
	size_t size;	  /* sizeof(struct cgbpf_sysctl) */
	const char *name; /* "net/ipv4/tcp_mem", as under /proc/sys */
	bool write;
	int64_t pos;	     /* file position; programs may change it */
	const char *current; /* the present value, or NULL if unreadable */
	size_t current_len;
	/* write: in, what is written; out, what to write; @capacity bytes,
	 * 4096 at least */
	char *new_value;
	size_t new_len, capacity;
	bool changed; /* out: a program set another new value */
};

int cgbpf_run_sysctl(struct cgbpf_cgroup *cgroup, struct cgbpf_sysctl *sysctl,
		     const struct cgbpf_actor *actor,
		     struct cgbpf_verdict *verdict);

/* ------------------------------------------------- storages, for a reader */

/*
 * The quick way for an embedder: the same as BPF_MAP_LOOKUP_ELEM and
 * BPF_MAP_UPDATE_ELEM on a storage map, without the system call's packing.
 */

/**
 * cgbpf_storage_read() - a cgroup's storage in the map behind @fd.
 * @attach_type: of an isolated map's key; ignored by shared maps
 * @value: value_size bytes; per-CPU maps: round_up(value_size, 8) for each
 *	possible CPU
 *
 * Return: 0, -ENOENT, -EBADF, -EINVAL if it is no storage map.
 */
int cgbpf_storage_read(struct cgbpf_task *task, int fd,
		       const struct cgbpf_cgroup *cgroup, int attach_type,
		       void *value);
int cgbpf_storage_write(struct cgbpf_task *task, int fd,
			const struct cgbpf_cgroup *cgroup, int attach_type,
			const void *value);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif
