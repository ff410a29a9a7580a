/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/sha256.h"

#include <string.h>

#define BLOCK 64u

/* The first 32 bits of the fractions of the cube roots of the primes. */
static const u32 round_constant[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static u32 rotate(u32 x, int n)
{
	return x >> n | x << (32 - n);
}

static u32 load_be32(const u8 *p)
{
	return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

static void store_be32(u8 *p, u32 x)
{
	for (int i = 0; i < 4; i++)
		p[i] = (u8)(x >> (24 - 8 * i));
}

static void schedule(u32 w[64], const u8 block[BLOCK])
{
	for (int i = 0; i < 16; i++)
		w[i] = load_be32(block + 4 * i);
	for (int i = 16; i < 64; i++) {
		u32 a = w[i - 15], b = w[i - 2];

		w[i] = w[i - 16] + w[i - 7] +
		       (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) +
		       (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
	}
}

/* h[0..7] are FIPS 180-4's working variables a to h. */
static void compress(u32 state[8], const u8 block[BLOCK])
{
	u32 w[64], h[8];

	schedule(w, block);
	memcpy(h, state, sizeof(h));
	for (int i = 0; i < 64; i++) {
		u32 choose = (h[4] & h[5]) ^ (~h[4] & h[6]);
		u32 major = (h[0] & h[1]) ^ (h[0] & h[2]) ^ (h[1] & h[2]);
		u32 t1 =
			h[7] + choose + round_constant[i] + w[i] +
			(rotate(h[4], 6) ^ rotate(h[4], 11) ^ rotate(h[4], 25));
		u32 t2 = major + (rotate(h[0], 2) ^ rotate(h[0], 13) ^
				  rotate(h[0], 22));

		memmove(h + 1, h, 7 * sizeof(h[0]));
		h[4] += t1;
		h[0] = t1 + t2;
	}
	for (int i = 0; i < 8; i++)
		state[i] += h[i];
}

void sha256(u8 digest[SHA256_SIZE], const void *data, size_t len)
{
	u32 state[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
			 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
	u8 tail[2 * BLOCK] = { 0 };
	const u8 *bytes = data;
	size_t whole = len / BLOCK * BLOCK, rest = len - whole;
	size_t end = rest < BLOCK - 8 ? BLOCK : 2 * BLOCK;

	for (size_t at = 0; at < whole; at += BLOCK)
		compress(state, bytes + at);
	if (rest)
		memcpy(tail, bytes + whole, rest);
	tail[rest] = 0x80;
	store_be32(tail + end - 8, (u32)((u64)len * 8 >> 32));
	store_be32(tail + end - 4, (u32)((u64)len * 8));
	for (size_t at = 0; at < end; at += BLOCK)
		compress(state, tail + at);
	for (int i = 0; i < 8; i++)
		store_be32(digest + 4 * i, state[i]);
}
