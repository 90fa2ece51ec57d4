#!/bin/sh
# Builds AWS-LC from its crate and writes the makefile fragment named by the first argument.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$(dirname "$1")"
out=$(cd "$(dirname "$1")" && pwd)
cd "$here"
SALLYPORT_AWSLC_MK="$out/new.mk" cargo build --release --locked --target-dir "$out/target"
mv "$out/new.mk" "$out/$(basename "$1")"
