#!/bin/sh
# Reads C files for what no compiler complains of.
set -eu
[ $# -gt 0 ] || exit 0
exec awk '
function complain(text) {
	print FILENAME ":" FNR ": " text
	bad++
}
{
	width = 0
	for (i = 1; i <= length($0); i++)
		width = substr($0, i, 1) == "\t" ? width + 8 - width % 8 : width + 1
	# Rows of tables may be longer than code.
	if (width > 120 && !/^\t[X{]/)
		complain("the line is " width " columns wide")
	if (/[ \t]$/)
		complain("white space at the end of the line")
	if (/^ +[^ *]/ && !/^ \*/)
		complain("indent with tabs")
	bare = $0
	gsub(/"([^"\\]|\\.)*"/, "", bare)
	if (bare !~ /\/\*.*:\/\// && bare !~ /^[ \t]*\*/ && bare ~ /(^|[^:])\/\//)
		complain("comments are written /* */")
	if (bare ~ /(TODO|FIXME|XXX)/)
		complain("unfinished work is not marked, it is done")
}
END { exit bad > 0 }' "$@"
