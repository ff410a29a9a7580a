/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the hierarchy costs: creating and removing cgroups, memory of idle ones,
 * attaching at the root of many, reading and writing storages.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/rcu.h"
#include "base/uapi.h"
#include "cgbpf.h"
#include "object/env.h"
#include "object/map_storage.h"
#include "object/prog.h"
#include "object/task.h"
static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}
static int cmp(const void *a, const void *b){double x=*(double*)a,y=*(double*)b;return (x>y)-(x<y);}
int main(void)
{
	struct cgbpf_env *env; struct cgbpf_task *t;
	cgbpf_env_new(&env,NULL); t=cgbpf_env_task(env);
	struct cgbpf_cgroup *root,*c; cgbpf_cgroup_get(env,"/",&root);
	int rfd=cgbpf_cgroup_open(t,root);
	struct prog*p; prog_alloc(&p,env,2); p->type=BPF_PROG_TYPE_CGROUP_SKB; 
	union attr ma={.map_create={.map_type=19,.key_size=8,.value_size=8}};
	int m=cgbpf_bpf(t,BPF_MAP_CREATE,(void*)&ma,sizeof ma);
	struct map*map;u32 mode; map_get_by_fd(t,m,&map,&mode);
	prog_use_map(p,map);p->storage_map[0]=map;
	object_publish(&p->obj); int pfd=task_install(t,&prog_file_ops,p,3);
	char path[64];
	for(int N=10000;N<=1000000;N*=100){
		size_t before=mallinfo2().uordblks+mallinfo2().hblkhd;
		double t0=now_ns();
		for(int i=0;i<N;i++){snprintf(path,64,"/n%d-%d",N,i);if(cgbpf_cgroup_new(env,path,&c))abort();cgbpf_cgroup_put(c);}
		double t1=now_ns();
		size_t after=mallinfo2().uordblks+mallinfo2().hblkhd;
		printf("%d: create %.0f ns, %.0f bytes each\n",N,(t1-t0)/N,(double)(after-before)/N);
		union attr a={.prog_attach={.target_fd=(u32)rfd,.attach_bpf_fd=(u32)pfd,.attach_type=1,.attach_flags=2}};
		double ts[1001];
		for(int i=0;i<1001;i++){double x=now_ns();if(cgbpf_bpf(t,BPF_PROG_ATTACH,(void*)&a,sizeof a))abort();double y=now_ns();ts[i]=y-x;
			union attr d={.prog_attach={.target_fd=(u32)rfd,.attach_bpf_fd=(u32)pfd,.attach_type=1}};
			if(cgbpf_bpf(t,BPF_PROG_DETACH,(void*)&d,sizeof d))abort();}
		qsort(ts,1001,8,cmp);
		printf("attach root: median %.0f ns max %.0f\n",ts[500],ts[1000]);
		t0=now_ns();
		for(int i=0;i<N;i++){snprintf(path,64,"/n%d-%d",N,i);if(cgbpf_cgroup_get(env,path,&c))abort();if(cgbpf_cgroup_remove(c))abort();cgbpf_cgroup_put(c);}
		t1=now_ns();
		printf("remove %.0f ns\n",(t1-t0)/N);
		cgbpf_env_sync(env);
	}
	union attr a={.prog_attach={.target_fd=(u32)rfd,.attach_bpf_fd=(u32)pfd,.attach_type=1,.attach_flags=2}};
	cgbpf_bpf(t,BPF_PROG_ATTACH,(void*)&a,sizeof a);
	u64 v=0;
	for(int r=0;r<3;r++){
	int N=2000000; double t0=now_ns();
	for(int i=0;i<N;i++) if(cgbpf_storage_read(t,m,root,1,&v))abort();
	double t1=now_ns();
	for(int i=0;i<N;i++) if(cgbpf_storage_write(t,m,root,1,&v))abort();
	double t2=now_ns();
	u64 key=1; 
	for(int i=0;i<N;i++){rcu_read_lock();map->ops->read(map,&key,&v,0);rcu_read_unlock();}
	double t3=now_ns();
	for(int i=0;i<N;i++){rcu_read_lock();map->ops->write(map,t,&key,&v,0);rcu_read_unlock();}
	double t4=now_ns();
	cgbpf_env_sync(env);
	double t5=now_ns();
	printf("api read %.1f write %.1f; op read %.1f write %.1f drain %.1f ns\n",(t1-t0)/N,(t2-t1)/N,(t3-t2)/N,(t4-t3)/N,(t5-t4)/N);
	}
}
