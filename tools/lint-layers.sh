#!/bin/sh
# Proves the layers of ARCHITECTURE.md from the #include lines of src/: a folder may include only
# itself, base, and what stands to its right in one of these lines (and to the right of that).
set -eu
cd "$(dirname "$0")/.."

find "${1:-src}" -name '*.[ch]' -exec grep -Hn '^[[:space:]]*#[[:space:]]*include' {} + | awk '
BEGIN {
	# folder: what it uses directly. "Uses" reaches on through these.
	rule("daemon", "api proxy health")
	rule("api", "nlb certs admin")
	rule("nlb", "control")
	rule("certs", "control")
	rule("admin", "control")
	rule("control", "pki store action document stats admission")
	rule("cli", "control")
	rule("proxy", "admission tls document stats net")
	rule("health", "document stats net")
	rule("document", "model net stats")
	rule("tls", "net x509")
	rule("admission", "x509 model")
	rule("pki", "x509")
	rule("store", "model x509")
	rule("action", "model")
	rule("x509", "base")
	rule("model", "base")
	rule("net", "base")
	rule("stats", "base")
	rule("base", "")
	# the last "uses" reached from each folder
	do {
		grown = 0
		for (pair in uses) {
			split(pair, ends, ">")
			for (other in folders)
				if ((ends[2] ">" other) in uses && !((ends[1] ">" other) in uses)) {
					uses[ends[1] ">" other] = 1
					grown = 1
				}
		}
	} while (grown)
}
function rule(from, list,    i, count, names) {
	folders[from] = 1
	uses[from ">" from] = 1
	uses[from ">base"] = 1
	count = split(list, names, " ")
	for (i = 1; i <= count; i++)
		uses[from ">" names[i]] = 1
}
{
	split($0, part, ":")
	file = part[1]
	place = file ":" part[2]
	line = substr($0, length(place) + 2)
	folder = file
	sub(/^.*src\//, "", folder)
	sub(/\/.*/, "", folder)
	target = line
	if (!match(target, /[<"][^>"]*[>"]/))
		next
	target = substr(target, RSTART + 1, RLENGTH - 2)
	if (!(folder in folders))
		complain("the folder src/" folder " has no place in the layers (tools/lint-layers.sh)")
	if (target == "openssl/ssl.h" && folder != "tls")
		complain("only src/tls includes <openssl/ssl.h>")
	if (line !~ /"/)
		next
	if (target !~ /\//) {
		complain("\"" target "\" is included without its folder")
		next
	}
	other = target
	sub(/\/.*/, "", other)
	if (!((folder ">" other) in uses))
		complain(folder " must not include \"" target "\"")
	count++
}
function complain(text) {
	print place ": " text
	bad++
}
END {
	if (bad) {
		print bad " includes against the layers"
		exit 1
	}
	print "layers: " count " includes, all in order"
}'
