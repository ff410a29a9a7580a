/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loops of other people's headers, in words that cppcheck understands:
 * it does not read those headers.  Seen by nothing else.
 */
#ifndef CGBPF_TESTS_CPPCHECK_H
#define CGBPF_TESTS_CPPCHECK_H

#define EACH(pos) for ((pos) = some_pointer(); (pos); (pos) = some_pointer())

void *some_pointer(void);

#define cds_list_for_each(pos, head) EACH(pos)
#define cds_list_for_each_entry(pos, head, member) EACH(pos)
#define cds_list_for_each_entry_reverse(pos, head, member) EACH(pos)
#define cds_list_for_each_entry_rcu(pos, head, member) EACH(pos)
#define cds_list_for_each_entry_safe(pos, next, head, member) EACH(pos)
#define cds_lfht_for_each_entry(table, iter, pos, member) EACH(pos)
#define cds_lfht_for_each(table, iter, node) EACH(node)
#define bpf_object__for_each_program(pos, obj) EACH(pos)
#define bpf_object__for_each_map(pos, obj) EACH(pos)

#endif
