#!/bin/bash
# The manual page mentions every command and every option that the program has, and json.md every
# schema: what is not written down is not there for its user.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"

manual=$(sed 's/\\-/-/g; s/\\f.//g' "$top_srcdir/doc/letterlock.1")

# The lines "  mail sign   Sign a message" of the help.
commands ()
{
  "$LETTERLOCK" --help | sed -n 's/^  \([a-z][a-z -]*[a-z]\)   *[A-Z].*/\1/p'
}

options ()
{
  # shellcheck disable=SC2086 # "mail sign" is two words
  "$LETTERLOCK" $1 --help | grep -oE -- '--[a-z][a-z-]*' | sort -u
}

ok "the program lists its commands" test -n "$(commands)"
while read -r command; do
  like "the manual tells of $command" "$manual" "letterlock $command|letterlock [a-z]* *\{[^}]*${command##* }"
  for option in $(options "$command"); do
    like "the manual tells of $command $option" "$manual" "$option[^a-z-]"
  done
done < <(commands)

if command -v mandoc >/dev/null; then
  is "mandoc finds no fault" "$(mandoc -T lint -W warning "$top_srcdir/doc/letterlock.1" 2>&1)" ""
elif command -v groff >/dev/null; then
  is "groff finds no fault" "$(groff -man -ww -z "$top_srcdir/doc/letterlock.1" 2>&1)" ""
else
  skip "the manual is well-formed" "neither mandoc nor groff is installed"
fi

for schema in $(grep -rhoE '"letterlock\.[a-z]+/[0-9]+"' "$top_srcdir/src" --include='*.[ch]' \
  | tr -d '"' | sort -u); do
  like "json.md tells of $schema" "$(cat "$top_srcdir/doc/json.md")" "## $schema"
done

# Reasons are part of the schema.
for reason in $(sed -n 's/^  X ([A-Z0-9_]*, "\([a-z0-9-]*\)").*/\1/p' "$top_srcdir/src/base/reason.h"); do
  grep -q "\`$reason\`" "$top_srcdir/doc/json.md" || missing="${missing:-} $reason"
done
is "json.md lists every reason" "${missing:-}" ""

done_testing
