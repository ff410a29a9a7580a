# SPDX-License-Identifier: BSD-2-Clause
#
# The short way to what people do most.  Meson does the work: see meson.build,
# and scripts/ for what needs more than a line.

BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=

.PHONY: all demo check bench bench-verify install clean format help

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)

$(BUILD)/build.ninja:
	@scripts/deps.sh
	@meson setup $(BUILD) --buildtype=release --prefix=$(PREFIX)

demo:
	@scripts/deps.sh
	@scripts/demo.sh $(BUILD)

check:
	@scripts/deps.sh
	@scripts/check.sh

bench: all
	@$(BUILD)/bench/bench $(BUILD)/src/cli/cgbpf \
		$(BUILD)/examples/count.bpf.o captures/http.pcap

bench-verify: all
	@tests/suites/build.sh $(BUILD)/tests/suites/out \
		$(BUILD)/tests/suites/libsuite-side.so
	@python3 bench/verify.py $(BUILD)/tests/suites/out

install: all
	@meson configure $(BUILD) --prefix=$(PREFIX)
	@DESTDIR=$(DESTDIR) meson install -C $(BUILD)

clean:
	@rm -rf build build-debug build-tsan

format:
	@scripts/sources.sh '*.[ch]' | xargs -0 clang-format -i

help:
	@echo 'make          build the library and the command in $(BUILD)/'
	@echo 'make demo     build, then run the examples on captured packets'
	@echo 'make check    every test: style, unit, threads, lockstep, ...'
	@echo 'make bench    measure, beside the live kernel where we are root'
	@echo 'make bench-verify  what verifying costs, beside the kernel'
	@echo 'make install  into DESTDIR and PREFIX (default /usr/local)'
	@echo 'make format   clang-format every C file'
	@echo 'make clean    remove all builds'
