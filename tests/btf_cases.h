/* SPDX-License-Identifier: BSD-2-Clause */
/* BTF and what loading it answers: checked alone, and against the kernel. */
#ifndef CGBPF_TESTS_BTF_CASES_H
#define CGBPF_TESTS_BTF_CASES_H

#include "btf_text.h"

#define T_INT "INT int 0 0 4 0x01000020\n"
#define T_U64 "INT u64 0 0 8 0x40\n"

struct btf_case {
	const char *name;
	int err;
	const char *text;
	const char *log; /* a part of the log, or NULL */
};

static const struct btf_case btf_cases[] = {
	/* a type */
	{ "no types", -EINVAL, "", "No type found" },
	{ "kind 0", -EINVAL, "UNKNOWN - 0 0 0\n", "[1] Invalid kind:0" },
	{ "kind 20", -EINVAL, "20 - 0 0 0\n", "[1] Invalid kind:20" },
	{ "name offset", -EINVAL, "INT @100 0 0 4 0x20\n",
	  "Invalid name_offset:100" },
	{ "reserved info bits", -EINVAL, "INT i 0x10000 0 4 0x20\n",
	  "Invalid btf_info" },
	/* INT */
	{ "int", 0, T_INT,
	  "[1] INT int size=4 bits_offset=0 nr_bits=32 "
	  "encoding=SIGNED\n" },
	{ "int without name", 0, "INT - 0 0 4 0x20\n", "INT (anon)" },
	{ "int of 128 bits", 0, "INT i 0 0 16 0x80\n", NULL },
	{ "int of 129 bits", -EINVAL, "INT i 0 0 32 0x81\n",
	  "nr_bits exceeds 128" },
	{ "int of 0 bits", 0, "INT i 0 0 0 0\n", NULL },
	{ "int larger than its size", -EINVAL, "INT i 0 0 3 0x20\n",
	  "nr_bits exceeds type_size" },
	{ "int bit offset", 0, "INT i 0 0 4 0x00080018\n", NULL },
	{ "int bit offset too large", -EINVAL, "INT i 0 0 4 0x00090018\n",
	  "nr_bits exceeds type_size" },
	{ "int bool", 0, "INT b 0 0 1 0x04000008\n", "encoding=BOOL" },
	{ "int char", 0, "INT b 0 0 1 0x02000008\n", "encoding=CHAR" },
	{ "int char and bool", -ENOTSUPP, "INT b 0 0 1 0x06000008\n",
	  "Unsupported encoding" },
	{ "int encoding 8", -ENOTSUPP, "INT b 0 0 1 0x08000008\n", NULL },
	{ "int reserved bits", -EINVAL, "INT b 0 0 1 0x10000008\n",
	  "Invalid int_data" },
	{ "int vlen", -EINVAL, "INT b 1 0 4 0x20\n", "vlen != 0" },
	{ "int kind_flag", -EINVAL, "INT b 0 1 4 0x20\n",
	  "Invalid btf_info kind_flag" },
	{ "int cut", -EINVAL, "INT b 0 0 4\n", "meta_left:0 meta_needed:4" },
	/* PTR and modifiers */
	{ "ptr to void", 0, "PTR - 0 0 0\n", "[1] PTR (anon) type_id=0\n" },
	{ "ptr to itself", -EEXIST, "PTR - 0 0 1\n", "Loop detected" },
	{ "ptr to nothing", -EINVAL, "PTR - 0 0 2\n", "Invalid type_id" },
	{ "ptr with a name", -EINVAL, "PTR p 0 0 0\n", "Invalid name" },
	{ "ptr vlen", -EINVAL, "PTR - 1 0 0\n", "vlen != 0" },
	{ "ptr kind_flag", -EINVAL, "PTR - 0 1 0\n", "kind_flag" },
	{ "ptr to an id beyond all", -EINVAL, "PTR - 0 0 0x100000\n",
	  "Invalid type_id" },
	{ "ptr to var", -EINVAL, T_INT "VAR v 0 0 1 0\nPTR - 0 0 2\n",
	  "Invalid type_id" },
	{ "ptr to func before it is checked", -EINVAL,
	  "PTR - 0 0 2\nFUNC f 0 0 3\nFUNC_PROTO - 0 0 0\n", NULL },
	{ "const void", 0, "CONST - 0 0 0\n", NULL },
	{ "const with a name", -EINVAL, "CONST c 0 0 0\n", "Invalid name" },
	{ "typedef", 0, T_INT "TYPEDEF t 0 0 1\n", NULL },
	{ "typedef without name", -EINVAL, T_INT "TYPEDEF - 0 0 1\n",
	  "Invalid name" },
	{ "typedef with a bad name", -EINVAL, T_INT "TYPEDEF a-b 0 0 1\n",
	  "Invalid name" },
	{ "typedef name with digit first", -EINVAL, T_INT "TYPEDEF 1a 0 0 1\n",
	  "Invalid name" },
	{ "typedef name with dot", 0, T_INT "TYPEDEF .a1_ 0 0 1\n", NULL },
	{ "typedef loop", -EEXIST, "TYPEDEF a 0 0 2\nTYPEDEF b 0 0 1\n",
	  "Loop detected" },
	{ "const ptr loop", -EEXIST, "CONST - 0 0 2\nPTR - 0 0 1\n",
	  "Loop detected" },
	{ "type tag", 0, T_INT "TYPE_TAG tag! 0 0 1\nPTR - 0 0 2\n", NULL },
	{ "type tag without value", -EINVAL, T_INT "TYPE_TAG - 0 0 1\n",
	  "Invalid name" },
	{ "type tag kind_flag", 0, T_INT "TYPE_TAG t 0 1 1\n", NULL },
	{ "type tag behind const", -EINVAL,
	  T_INT "TYPE_TAG t 0 0 1\nCONST - 0 0 2\n",
	  "Type tags don't precede modifiers" },
	{ "const behind type tag", 0, T_INT "CONST - 0 0 1\nTYPE_TAG t 0 0 2\n",
	  NULL },
	/* ARRAY */
	{ "array", 0, T_INT "ARRAY - 0 0 0 1 1 4\n",
	  "type_id=1 index_type_id=1 nr_elems=4" },
	{ "array of none", 0, T_INT "ARRAY - 0 0 0 1 1 0\n", NULL },
	{ "array of void", -EINVAL, T_INT "ARRAY - 0 0 0 0 1 4\n",
	  "Invalid elem" },
	{ "array with a void index", -EINVAL, T_INT "ARRAY - 0 0 0 1 0 4\n",
	  "Invalid index" },
	{ "array with a pointer index", -EINVAL,
	  T_INT "ARRAY - 0 0 0 1 3 4\nPTR - 0 0 0\n", "Invalid index" },
	{ "array of odd ints", -EINVAL,
	  T_INT "INT o 0 0 4 0x13\nARRAY - 0 0 0 2 1 4\n",
	  "Invalid array of int" },
	{ "array too large", -EINVAL, T_INT "ARRAY - 0 0 0 1 1 0x40000000\n",
	  "Array size overflows U32_MAX" },
	{ "array as large as can be", 0, T_INT "ARRAY - 0 0 0 1 1 0x3fffffff\n",
	  NULL },
	{ "array of arrays too large", -EINVAL,
	  T_INT "ARRAY - 0 0 0 1 1 0x10000\nARRAY - 0 0 0 2 1 0x10000\n",
	  "Array size overflows U32_MAX" },
	{ "array of itself", -EEXIST, T_INT "ARRAY - 0 0 0 2 1 1\n",
	  "Loop detected" },
	{ "array size", -EINVAL, T_INT "ARRAY - 0 0 4 1 1 1\n", "size != 0" },
	{ "array name", -EINVAL, T_INT "ARRAY a 0 0 0 1 1 1\n",
	  "Invalid name" },
	{ "array vlen", -EINVAL, T_INT "ARRAY - 1 0 0 1 1 1\n", "vlen != 0" },
	{ "array kind_flag", -EINVAL, T_INT "ARRAY - 0 1 0 1 1 1\n",
	  "kind_flag" },
	{ "array cut", -EINVAL, T_INT "ARRAY - 0 0 0 1 1\n",
	  "meta_left:8 meta_needed:12" },
	{ "array of fwd", -EINVAL, T_INT "FWD f 0 0 0\nARRAY - 0 0 0 2 1 1\n",
	  "Invalid elem" },
	/* STRUCT and UNION */
	{ "empty struct", 0, "STRUCT - 0 0 0\n", "size=0 vlen=0" },
	{ "struct", 0, T_INT "STRUCT s 2 0 8 'a' 1 0 'b' 1 32\n",
	  "\tb type_id=1 bits_offset=32\n" },
	{ "struct of itself", -EEXIST, "STRUCT s 1 0 8 'a' 1 0\n",
	  "Loop detected" },
	{ "structs of each other", -EEXIST,
	  "STRUCT s 1 0 8 'a' 2 0\nSTRUCT t 1 0 8 'a' 1 0\n", NULL },
	{ "struct of a pointer to itself", 0,
	  "STRUCT s 1 0 8 'a' 2 0\nPTR - 0 0 1\n", NULL },
	{ "struct member too far", -EINVAL, T_INT "STRUCT s 1 0 4 'a' 1 33\n",
	  "exceeds its struct size" },
	{ "struct member too long", -EINVAL, T_INT "STRUCT s 1 0 4 'a' 1 8\n",
	  "Member exceeds struct_size" },
	{ "struct bit field of 4 bits", 0,
	  "INT i 0 0 4 0x4\nSTRUCT s 2 0 1 'a' 1 0 'b' 1 4\n", NULL },
	{ "struct members out of order", -EINVAL,
	  T_INT "STRUCT s 2 0 8 'a' 1 32 'b' 1 0\n",
	  "Invalid member bits_offset" },
	{ "struct member void", -EINVAL, "STRUCT s 1 0 8 'a' 0 0\n",
	  "Invalid type_id" },
	{ "struct member fwd", -EINVAL, "STRUCT s 1 0 8 'a' 2 0\nFWD f 0 0 0\n",
	  "Invalid member" },
	{ "struct member typedef of fwd", -EINVAL,
	  "STRUCT s 1 0 8 'a' 2 0\nTYPEDEF f 0 0 3\nFWD f 0 0 0\n",
	  "Invalid member" },
	{ "struct member func_proto", -EINVAL,
	  "STRUCT s 1 0 8 'a' 2 0\nFUNC_PROTO - 0 0 0\n", "Invalid member" },
	{ "struct member name", -EINVAL, T_INT "STRUCT s 1 0 4 'a-b' 1 0\n",
	  "Invalid name" },
	{ "struct member name offset", -EINVAL,
	  T_INT "STRUCT s 1 0 4 1000 1 0\n", "Invalid member name_offset" },
	{ "struct name", -EINVAL, "STRUCT a-b 0 0 4\n", "Invalid name" },
	{ "struct cut", -EINVAL, T_INT "STRUCT s 2 0 4 'a' 1 0\n",
	  "meta_left:12 meta_needed:24" },
	{ "struct ptr member off a byte", -EINVAL,
	  "PTR - 0 0 0\nSTRUCT s 1 0 16 'a' 1 1\n",
	  "Member is not byte aligned" },
	{ "struct array member at the end", 0,
	  T_INT "ARRAY - 0 0 0 1 1 0\nSTRUCT s 2 0 4 'a' 1 0 'b' 2 32\n",
	  NULL },
	{ "struct array member too long", -EINVAL,
	  T_INT "ARRAY - 0 0 0 1 1 2\nSTRUCT s 2 0 8 'a' 1 0 'b' 2 32\n",
	  "Member exceeds struct_size" },
	{ "union", 0, T_INT T_U64 "UNION u 2 0 8 'a' 1 0 'b' 2 0\n", NULL },
	{ "union member offset", -EINVAL,
	  T_INT "UNION u 2 0 8 'a' 1 0 'b' 1 32\n",
	  "Invalid member bits_offset" },
	/* with kind_flag */
	{ "bit fields", 0,
	  T_INT "STRUCT s 2 1 4 'a' 1 0x03000000 'b' 1 0x1d000003\n",
	  "\tb type_id=1 bitfield_size=29 bits_offset=3\n" },
	{ "bit field beyond", -EINVAL,
	  T_INT "STRUCT s 2 1 4 'a' 1 0x03000000 'b' 1 0x1e000003\n",
	  "Member exceeds struct_size" },
	{ "bit field larger than its type", -EINVAL,
	  T_INT "STRUCT s 1 1 8 'a' 1 0x21000000\n",
	  "Invalid member bitfield_size" },
	{ "bit field of an odd int", -EINVAL,
	  "INT i 0 0 4 0x1f\nSTRUCT s 1 1 8 'a' 1 0x04000000\n",
	  "Invalid member base type" },
	{ "whole member off a byte", -EINVAL, T_INT "STRUCT s 1 1 8 'a' 1 1\n",
	  "Invalid member offset" },
	{ "bit field of a pointer", -EINVAL,
	  "PTR - 0 0 0\nSTRUCT s 1 1 8 'a' 1 0x04000000\n",
	  "Invalid member bitfield_size" },
	{ "bit field of an enum", 0,
	  "ENUM e 1 0 4 'A' 0\nSTRUCT s 1 1 4 'a' 1 0x04000000\n", NULL },
	{ "bit field of an enum, too long", -EINVAL,
	  "ENUM e 1 0 4 'A' 0\nSTRUCT s 1 1 8 'a' 1 0x21000000\n",
	  "Invalid member bitfield_size" },
	{ "whole enum off a byte", -EINVAL,
	  "ENUM e 1 0 4 'A' 0\nSTRUCT s 1 1 8 'a' 1 4\n",
	  "Member is not byte aligned" },
	{ "bit field of a typedef", 0,
	  T_INT "TYPEDEF t 0 0 1\nSTRUCT s 1 1 4 'a' 2 0x04000000\n", NULL },
	{ "int of 128 bits, 1 bit off", -EINVAL,
	  "INT i 0 0 16 0x80\nSTRUCT s 1 0 32 'a' 1 1\n",
	  "nr_copy_bits exceeds 128" },
	/* ENUM and ENUM64 */
	{ "enum", 0, "ENUM e 2 1 4 'A' 1 'B' -1\n", "\tB val=-1\n" },
	{ "enum unsigned", 0, "ENUM e 1 0 4 'A' -1\n", "\tA val=4294967295\n" },
	{ "enum of 8 bytes", 0, "ENUM e 1 0 8 'A' 1\n", NULL },
	{ "enum of 3 bytes", -EINVAL, "ENUM e 1 0 3 'A' 1\n",
	  "Unexpected size" },
	{ "enum of 16 bytes", -EINVAL, "ENUM e 1 0 16 'A' 1\n",
	  "Unexpected size" },
	{ "enum of 0 bytes", -EINVAL, "ENUM e 1 0 0 'A' 1\n",
	  "Unexpected size" },
	{ "enumerator without name", -EINVAL, "ENUM e 1 0 4 0 1\n",
	  "Invalid name" },
	{ "enumerator with a bad name", -EINVAL, "ENUM e 1 0 4 '1' 1\n",
	  "Invalid name" },
	{ "enumerator name offset", -EINVAL, "ENUM e 1 0 4 77 1\n",
	  "Invalid name_offset:77" },
	{ "enum cut", -EINVAL, "ENUM e 2 0 4 'A' 1\n", "meta_needed:16" },
	{ "empty enum", 0, "ENUM e 0 0 4\n", NULL },
	{ "enum64", 0, "ENUM64 e 2 1 8 'A' 1 2 'B' -1 -1\n",
	  "\tA val=8589934593\n\tB val=-1\n" },
	{ "enum64 cut", -EINVAL, "ENUM64 e 1 0 8 'A' 1\n", "meta_needed:12" },
	/* FWD */
	{ "fwd struct", 0, "FWD f 0 0 0\n", "[1] FWD f struct\n" },
	{ "fwd union", 0, "FWD f 0 1 0\n", "[1] FWD f union\n" },
	{ "fwd without name", -EINVAL, "FWD - 0 0 0\n", "Invalid name" },
	{ "fwd type", -EINVAL, "FWD f 0 0 1\n", "type != 0" },
	{ "fwd vlen", -EINVAL, "FWD f 1 0 0\n", "vlen != 0" },
	/* FUNC and FUNC_PROTO */
	{ "func", 0, T_INT "FUNC_PROTO - 1 0 1 'a' 1\nFUNC f 1 0 2\n",
	  "[2] FUNC_PROTO (anon) return=1 args=(1 a)\n" },
	{ "func of no arguments", 0, "FUNC_PROTO - 0 0 0\nFUNC f 0 0 1\n",
	  "args=(void)" },
	{ "func linkage", -EINVAL, "FUNC_PROTO - 0 0 0\nFUNC f 2 0 1\n",
	  "Invalid func linkage" },
	{ "func without name", -EINVAL, "FUNC_PROTO - 0 0 0\nFUNC - 0 0 1\n",
	  "Invalid name" },
	{ "func of int", -EINVAL, T_INT "FUNC f 0 0 1\n", "Invalid type_id" },
	{ "func of void", -EINVAL, "FUNC f 0 0 0\n", "Invalid type_id" },
	{ "func argument without name", -EINVAL,
	  T_INT "FUNC_PROTO - 1 0 0 0 1\nFUNC f 0 0 2\n", "Invalid arg#1" },
	{ "func kind_flag", -EINVAL, "FUNC_PROTO - 0 0 0\nFUNC f 0 1 1\n",
	  "kind_flag" },
	{ "func_proto with a name", -EINVAL, "FUNC_PROTO p 0 0 0\n",
	  "Invalid name" },
	{ "func_proto returning nothing known", -EINVAL, "FUNC_PROTO - 0 0 5\n",
	  "Invalid return type" },
	{ "func_proto returning void by typedef", -EINVAL,
	  "FUNC_PROTO - 0 0 2\nTYPEDEF v 0 0 0\n", "Invalid return type" },
	{ "func_proto with a void argument", -EINVAL,
	  T_INT "FUNC_PROTO - 2 0 0 'a' 0 'b' 1\n", "Invalid arg#1" },
	{ "func_proto of any", 0, T_INT "FUNC_PROTO - 2 0 0 'a' 1 0 0\n",
	  "args=(1 a, vararg)" },
	{ "func_proto of any, named", -EINVAL,
	  T_INT "FUNC_PROTO - 2 0 0 'a' 1 'b' 0\n", "Invalid arg#2" },
	{ "func_proto with a bad argument name", -EINVAL,
	  T_INT "FUNC_PROTO - 1 0 0 'a-' 1\n", "Invalid arg#1" },
	{ "func_proto with a bad name offset", -EINVAL,
	  T_INT "FUNC_PROTO - 1 0 0 999 1\n", "Invalid arg#1" },
	{ "func_proto cut", -EINVAL, T_INT "FUNC_PROTO - 2 0 0 'a' 1\n",
	  "meta_needed:16" },
	/* VAR and DATASEC */
	{ "var", 0, T_INT "VAR v 0 0 1 1\n", "type_id=1 linkage=1" },
	{ "var extern", -EINVAL, T_INT "VAR v 0 0 1 2\n",
	  "Linkage not supported" },
	{ "var without name", -EINVAL, T_INT "VAR - 0 0 1 1\n",
	  "Invalid name" },
	{ "var of void", -EINVAL, "VAR v 0 0 0 1\n", "Invalid type_id" },
	{ "var of fwd", -EINVAL, "FWD f 0 0 0\nVAR v 0 0 1 1\n",
	  "Invalid type_id" },
	{ "var of itself", -EINVAL, "VAR v 0 0 1 1\n", "Invalid type_id" },
	{ "var cut", -EINVAL, T_INT "VAR v 0 0 1\n", "meta_needed:4" },
	{ "datasec", 0, T_INT "VAR v 0 0 1 1\nDATASEC .data 1 0 4 2 0 4\n",
	  "\t type_id=2 offset=0 size=4\n" },
	{ "datasec with any printable name", 0,
	  T_INT "VAR v 0 0 1 1\nDATASEC ?.a/b! 1 0 4 2 0 4\n", NULL },
	{ "datasec without name", -EINVAL, "DATASEC - 0 0 4\n",
	  "Invalid name" },
	{ "datasec of 0 bytes", -EINVAL, "DATASEC .data 0 0 0\n", "size == 0" },
	{ "datasec of int", -EINVAL, T_INT "DATASEC .data 1 0 4 1 0 4\n",
	  "Not a VAR kind member" },
	{ "datasec var of 0 bytes", -EINVAL,
	  T_INT "VAR v 0 0 1 1\nDATASEC .data 1 0 4 2 0 0\n", "Invalid size" },
	{ "datasec var too small", -EINVAL,
	  T_INT "VAR v 0 0 1 1\nDATASEC .data 1 0 4 2 0 3\n", "Invalid size" },
	{ "datasec var too large", -EINVAL,
	  T_INT "VAR v 0 0 1 1\nDATASEC .data 1 0 4 2 0 5\n", "Invalid size" },
	{ "datasec var beyond", -EINVAL,
	  T_INT "VAR v 0 0 1 1\nDATASEC .data 1 0 6 2 4 4\n",
	  "Invalid offset+size" },
	{ "datasec vars overlap", -EINVAL,
	  T_INT "VAR v 0 0 1 1\nDATASEC .data 2 0 8 2 0 4 2 2 4\n",
	  "Invalid offset" },
	{ "datasec offset at the end", -EINVAL,
	  T_INT "VAR v 0 0 1 1\nDATASEC .data 1 0 4 2 4 4\n",
	  "Invalid offset" },
	{ "ptr to datasec", -EINVAL, "DATASEC .data 0 0 4\nPTR - 0 0 1\n",
	  "Invalid type_id" },
	/* FLOAT */
	{ "float", 0, "FLOAT f 0 0 4\n", "[1] FLOAT f size=4\n" },
	{ "float without name", 0, "FLOAT - 0 0 12\n", NULL },
	{ "float of 3 bytes", -EINVAL, "FLOAT f 0 0 3\n", "Invalid type_size" },
	{ "float vlen", -EINVAL, "FLOAT f 1 0 4\n", "vlen != 0" },
	{ "float kind_flag", -EINVAL, "FLOAT f 0 1 4\n", "kind_flag" },
	{ "float member", 0, "FLOAT f 0 0 8\nSTRUCT s 1 0 16 'a' 1 64\n",
	  NULL },
	{ "float member ill aligned", -EINVAL,
	  "FLOAT f 0 0 8\nSTRUCT s 1 0 16 'a' 1 32\n",
	  "Member is not properly aligned" },
	{ "float member too long", -EINVAL,
	  "FLOAT f 0 0 8\nSTRUCT s 1 0 12 'a' 1 64\n",
	  "Member exceeds struct_size" },
	/* DECL_TAG */
	{ "tag of a struct", 0,
	  T_INT "STRUCT s 1 0 4 'a' 1 0\nDECL_TAG t 0 0 2 -1\n",
	  "type=2 component_idx=-1" },
	{ "tag of a member", 0,
	  T_INT "STRUCT s 1 0 4 'a' 1 0\nDECL_TAG t 0 0 2 0\n", NULL },
	{ "tag of no member", -EINVAL,
	  T_INT "STRUCT s 1 0 4 'a' 1 0\nDECL_TAG t 0 0 2 1\n",
	  "Invalid component_idx" },
	{ "tag index -2", -EINVAL,
	  T_INT "STRUCT s 1 0 4 'a' 1 0\nDECL_TAG t 0 0 2 -2\n",
	  "Invalid component_idx" },
	{ "tag of an argument", 0,
	  T_INT "FUNC_PROTO - 1 0 1 'a' 1\nFUNC f 1 0 2\nDECL_TAG t 0 0 3 0\n",
	  NULL },
	{ "tag of no argument", -EINVAL,
	  T_INT "FUNC_PROTO - 1 0 1 'a' 1\nFUNC f 1 0 2\nDECL_TAG t 0 0 3 1\n",
	  "Invalid component_idx" },
	{ "tag of a var", 0, T_INT "VAR v 0 0 1 1\nDECL_TAG t 0 0 2 -1\n",
	  NULL },
	{ "tag of a part of a var", -EINVAL,
	  T_INT "VAR v 0 0 1 1\nDECL_TAG t 0 0 2 0\n",
	  "Invalid component_idx" },
	{ "tag of an int", -EINVAL, T_INT "DECL_TAG t 0 0 1 -1\n",
	  "Invalid type_id" },
	{ "tag without value", -EINVAL, "STRUCT s 0 0 4\nDECL_TAG - 0 0 1 -1\n",
	  "Invalid value" },
	{ "tag kind_flag", 0, "STRUCT s 0 0 4\nDECL_TAG t 0 1 1 -1\n", NULL },
	{ "tag of a typedef of a tagged", 0,
	  T_INT "TYPEDEF t 0 0 1\nDECL_TAG t 0 0 2 -1\n", NULL },
	/* structs with fields of special meaning */
	{ "lock", 0,
	  "INT i 0 0 4 0x20\n"
	  "STRUCT bpf_spin_lock 1 0 4 'val' 1 0\n"
	  "STRUCT s 1 0 8 'l' 2 0\n",
	  NULL },
	{ "two locks", -E2BIG,
	  "INT i 0 0 4 0x20\n"
	  "STRUCT bpf_spin_lock 1 0 4 'val' 1 0\n"
	  "STRUCT s 2 0 8 'l' 2 0 'm' 2 32\n",
	  NULL },
	{ "lock ill aligned", -EFAULT,
	  "INT i 0 0 4 0x20\n"
	  "STRUCT bpf_spin_lock 1 0 4 'val' 1 0\n"
	  "STRUCT s 1 0 8 'l' 2 8\n",
	  NULL },
	{ "lock of another size", -EFAULT,
	  "INT i 0 0 4 0x20\n"
	  "STRUCT bpf_spin_lock 1 0 8 'val' 1 0\n"
	  "STRUCT s 1 0 8 'l' 2 0\n",
	  NULL },
	{ "array of locks", -E2BIG,
	  "INT i 0 0 4 0x20\n"
	  "STRUCT bpf_spin_lock 1 0 4 'val' 1 0\n"
	  "ARRAY - 0 0 0 2 1 2\n"
	  "STRUCT s 2 0 16 'l' 2 0 'x' 3 32\n",
	  NULL },
	{ "two resilient locks only", 0,
	  "INT i 0 0 4 0x20\n"
	  "STRUCT bpf_res_spin_lock 1 0 4 'val' 1 0\n"
	  "STRUCT s 2 0 8 'l' 2 0 'm' 2 32\n",
	  NULL },
	{ "both kinds of locks", -EINVAL,
	  "INT i 0 0 4 0x20\n"
	  "STRUCT bpf_res_spin_lock 1 0 4 'val' 1 0\n"
	  "STRUCT bpf_spin_lock 1 0 4 'val' 1 0\n"
	  "STRUCT s 2 0 8 'l' 2 0 'm' 3 32\n",
	  NULL },
	{ "two timers, no object", 0,
	  "INT i 0 0 4 0x20\n"
	  "STRUCT bpf_timer 0 0 16\n"
	  "STRUCT s 2 0 32 'l' 2 0 'm' 2 128\n",
	  NULL },
	{ "kernel pointer", 0,
	  "STRUCT zzfoo 0 0 4\n"
	  "TYPE_TAG kptr 0 0 1\n"
	  "PTR - 0 0 2\n"
	  "STRUCT s 1 0 32 'l' 3 0\n",
	  NULL },
	{ "kernel pointer by an attribute", 0,
	  "STRUCT zzfoo 0 0 4\n"
	  "TYPE_TAG kptr 0 1 1\n"
	  "PTR - 0 0 2\n"
	  "STRUCT s 1 0 32 'l' 3 0\n",
	  NULL },
	{ "kernel pointers overlap", -EEXIST,
	  "STRUCT zzfoo 0 0 4\n"
	  "TYPE_TAG kptr 0 0 1\n"
	  "PTR - 0 0 2\n"
	  "STRUCT s 2 0 32 'l' 3 0 'm' 3 0\n",
	  NULL },
	{ "kernel pointer ill aligned", -EFAULT,
	  "STRUCT zzfoo 0 0 4\n"
	  "TYPE_TAG kptr 0 0 1\n"
	  "PTR - 0 0 2\n"
	  "STRUCT s 1 0 32 'l' 3 32\n",
	  NULL },
	{ "untrusted kernel pointer", 0,
	  "STRUCT zzfoo 0 0 4\n"
	  "TYPE_TAG kptr_untrusted 0 0 1\n"
	  "PTR - 0 0 2\n"
	  "STRUCT s 1 0 32 'l' 3 0\n",
	  NULL },
	{ "percpu kernel pointer", 0,
	  "STRUCT zzfoo 0 0 4\n"
	  "TYPE_TAG percpu_kptr 0 0 1\n"
	  "PTR - 0 0 2\n"
	  "STRUCT s 1 0 32 'l' 3 0\n",
	  NULL },
	{ "user pointer", 0,
	  "STRUCT zzfoo 0 0 4\n"
	  "TYPE_TAG uptr 0 0 1\n"
	  "PTR - 0 0 2\n"
	  "STRUCT s 1 0 32 'l' 3 0\n",
	  NULL },
	{ "other tag", 0,
	  "STRUCT zzfoo 0 0 4\n"
	  "TYPE_TAG other 0 0 1\n"
	  "PTR - 0 0 2\n"
	  "STRUCT s 1 0 32 'l' 3 0\n",
	  NULL },
	{ "two tags", 0,
	  "STRUCT zzfoo 0 0 4\n"
	  "TYPE_TAG a 0 0 1\n"
	  "TYPE_TAG kptr 0 0 2\n"
	  "PTR - 0 0 3\n"
	  "STRUCT s 1 0 32 'l' 4 0\n",
	  NULL },
	{ "kernel pointer to int", 0,
	  "INT i 0 0 4 0x20\n"
	  "TYPE_TAG kptr 0 0 1\n"
	  "PTR - 0 0 2\n"
	  "STRUCT s 1 0 32 'l' 3 0\n",
	  NULL },
	{ "array of kernel pointers", 0,
	  "STRUCT zzfoo 0 0 4\n"
	  "TYPE_TAG kptr 0 0 1\n"
	  "PTR - 0 0 2\n"
	  "INT i 0 0 4 0x20\n"
	  "ARRAY - 0 0 0 3 4 5\n"
	  "STRUCT s 2 0 64 'l' 3 0 'm' 5 64\n",
	  NULL },
	{ "too many kernel pointers", -E2BIG,
	  "STRUCT zzfoo 0 0 4\n"
	  "TYPE_TAG kptr 0 0 1\n"
	  "PTR - 0 0 2\n"
	  "INT i 0 0 4 0x20\n"
	  "ARRAY - 0 0 0 3 4 11\n"
	  "STRUCT s 2 0 200 'l' 3 0 'm' 5 64\n",
	  NULL },
	{ "as many kernel pointers as can be", 0,
	  "STRUCT zzfoo 0 0 4\n"
	  "TYPE_TAG kptr 0 0 1\n"
	  "PTR - 0 0 2\n"
	  "INT i 0 0 4 0x20\n"
	  "ARRAY - 0 0 0 3 4 10\n"
	  "STRUCT s 2 0 200 'l' 3 0 'm' 5 64\n",
	  NULL },
	{ "kernel pointer in a struct in a struct", 0,
	  "STRUCT zzfoo 0 0 4\n"
	  "TYPE_TAG kptr 0 0 1\n"
	  "PTR - 0 0 2\n"
	  "INT i 0 0 4 0x20\n"
	  "STRUCT in 1 0 8 'l' 3 0\n"
	  "STRUCT s 2 0 64 'l' 3 0 'm' 5 64\n",
	  NULL },
	{ "list of nothing", -EINVAL,
	  "INT i 0 0 4 0x20\n"
	  "STRUCT bpf_list_head 0 0 16\n"
	  "STRUCT s 1 0 32 'h' 2 0\n",
	  NULL },
	{ "list node", 0,
	  "INT i 0 0 4 0x20\n"
	  "STRUCT bpf_list_node 0 0 24\n"
	  "STRUCT s 1 0 32 'h' 2 0\n",
	  NULL },
	{ "list and tree node", -EINVAL,
	  "INT i 0 0 4 0x20\n"
	  "STRUCT bpf_list_node 0 0 24\n"
	  "STRUCT bpf_rb_node 0 0 32\n"
	  "STRUCT s 2 0 64 'h' 2 0 'r' 3 192\n",
	  NULL },
	{ "list and tree node, counted", 0,
	  "INT i 0 0 4 0x20\n"
	  "STRUCT bpf_list_node 0 0 24\n"
	  "STRUCT bpf_rb_node 0 0 32\n"
	  "STRUCT bpf_refcount 0 0 4\n"
	  "STRUCT s 3 0 64 'h' 2 0 'r' 3 192 'c' 4 448\n",
	  NULL },
	{ "list", 0,
	  "INT i 0 0 4 0x20\n"
	  "STRUCT bpf_list_head 0 0 16\n"
	  "STRUCT bpf_list_node 0 0 24\n"
	  "STRUCT n 1 0 24 'node' 3 0\n"
	  "STRUCT bpf_spin_lock 0 0 4\n"
	  "STRUCT s 2 0 32 'h' 2 0 'l' 5 128\n"
	  "DECL_TAG contains:n:node 0 0 6 0\n",
	  NULL },
	{ "list without lock", -EINVAL,
	  "INT i 0 0 4 0x20\n"
	  "STRUCT bpf_list_head 0 0 16\n"
	  "STRUCT bpf_list_node 0 0 24\n"
	  "STRUCT n 1 0 24 'node' 3 0\n"
	  "STRUCT bpf_spin_lock 0 0 4\n"
	  "STRUCT s 1 0 32 'h' 2 0\n"
	  "DECL_TAG contains:n:node 0 0 6 0\n",
	  NULL },
	{ "list of no node", -ENOENT,
	  "INT i 0 0 4 0x20\n"
	  "STRUCT bpf_list_head 0 0 16\n"
	  "STRUCT bpf_list_node 0 0 24\n"
	  "STRUCT n 1 0 24 'node' 3 0\n"
	  "STRUCT bpf_spin_lock 0 0 4\n"
	  "STRUCT s 2 0 32 'h' 2 0 'l' 5 128\n"
	  "DECL_TAG contains:n:nod 0 0 6 0\n",
	  NULL },
	{ "list of no type", -ENOENT,
	  "INT i 0 0 4 0x20\n"
	  "STRUCT bpf_list_head 0 0 16\n"
	  "STRUCT bpf_list_node 0 0 24\n"
	  "STRUCT n 1 0 24 'node' 3 0\n"
	  "STRUCT bpf_spin_lock 0 0 4\n"
	  "STRUCT s 2 0 32 'h' 2 0 'l' 5 128\n"
	  "DECL_TAG contains:m:node 0 0 6 0\n",
	  NULL },
	{ "list of two types", -EINVAL,
	  "INT i 0 0 4 0x20\n"
	  "STRUCT bpf_list_head 0 0 16\n"
	  "STRUCT bpf_list_node 0 0 24\n"
	  "STRUCT n 1 0 24 'node' 3 0\n"
	  "STRUCT bpf_spin_lock 0 0 4\n"
	  "STRUCT s 2 0 32 'h' 2 0 'l' 5 128\n"
	  "DECL_TAG contains:n:node 0 0 6 0\n"
	  "DECL_TAG contains:n:node 0 0 6 0\n",
	  NULL },
	{ "volatile kernel pointer", 0,
	  "STRUCT zzfoo 0 0 4\n"
	  "TYPE_TAG kptr 0 0 1\n"
	  "PTR - 0 0 2\n"
	  "VOLATILE - 0 0 3\n"
	  "STRUCT s 1 0 64 'b' 4 64\n",
	  NULL },
	{ "struct in a struct, overlapping", -EEXIST,
	  "STRUCT zzfoo 0 0 4\n"
	  "TYPE_TAG kptr 0 0 1\n"
	  "PTR - 0 0 2\n"
	  "STRUCT s 1 1 8 'a' 3 0\n"
	  "STRUCT t 2 1 8 'a' 4 0 'b' 3 0\n",
	  NULL },
	{ "kernel pointer in a union", 0,
	  "STRUCT zzfoo 0 0 4\n"
	  "TYPE_TAG kptr 0 0 1\n"
	  "PTR - 0 0 2\n"
	  "UNION u 2 0 8 'a' 3 0 'b' 3 0\n"
	  "STRUCT s 2 0 64 'b' 4 64 'c' 3 256\n",
	  NULL },
	{ "lists of each other", -ELOOP,
	  "STRUCT bpf_spin_lock 0 0 4\n"
	  "STRUCT bpf_list_head 0 0 16\n"
	  "STRUCT bpf_list_node 0 0 24\n"
	  "STRUCT a 3 0 64 'l' 1 0 'h' 2 64 'n' 3 192\n"
	  "STRUCT b 3 0 64 'l' 1 0 'h' 2 64 'n' 3 192\n"
	  "DECL_TAG contains:b:n 0 0 4 1\n"
	  "DECL_TAG contains:a:n 0 0 5 1\n",
	  NULL },
};

#endif
