#!/bin/bash
# One changed byte: a signed message is no longer good, a sealed one yields nothing (issue bar 4;
# rule 2 of the design; SM-33, OP-01).
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"

CHANGES=100
need gpg gpgsm openssl python3
. "$top_srcdir/tests/people.sh"
two_people g

tamper() { # KIND FILE: into $T/copies
  rm -rf "$T/copies"
  mkdir "$T/copies"
  python3 "$top_srcdir/tests/tamper.py" "$1" "$2" "$T/copies" $CHANGES
}

# How many copies are still good, and how many make the program stumble.
count_good() {
  local good=0 copy status
  for copy in "$T"/copies/*.eml; do
    "$LETTERLOCK" mail verify --json "$copy" >"$T/out" 2>"$T/err"
    status=$?
    case $status in
      3 | 41) grep -q '"status" *: *"signed' "$T/out" && good=$((good + 1)) ;;
      *)
        diag "exit status $status for $(basename "$copy")" >&2
        good=$((good + 1))
        ;;
    esac
  done
  echo $good
}

# How many copies give any plaintext, or do not fail.
count_opened() {
  local opened=0 copy status
  for copy in "$T"/copies/*.eml; do
    "$LETTERLOCK" mail decrypt "$copy" >"$T/out" 2>"$T/err"
    status=$?
    case $status in
      29 | 41) [ -s "$T/out" ] && opened=$((opened + 1)) ;;
      *)
        diag "exit status $status for $(basename "$copy")" >&2
        opened=$((opened + 1))
        ;;
    esac
    "$LETTERLOCK" mail show "$copy" >"$T/out" 2>&1
    grep -q 'the sealed words' "$T/out" && opened=$((opened + 1))
  done
  echo $opened
}

# Long, and hard to compress: so that the ciphertext is most of what is sealed.
letter "$(echo 'The first of the sealed words: the sealed words.'
  openssl rand -base64 30000
  echo 'The last of the sealed words.')" >"$T/letter.eml"

for technology in openpgp smime; do
  "$LETTERLOCK" mail sign --$technology "$T/letter.eml" >"$T/signed.eml"
  "$LETTERLOCK" mail verify "$T/signed.eml" >/dev/null 2>"$T/err"
  is "$technology: the unchanged signed message is good" $? 0
  tamper signed "$T/signed.eml"
  is "$technology: of $CHANGES one-byte changes to the signed part none is good" \
    "$(count_good)" 0
done

for sealed in '--openpgp --no-sign' '--openpgp' '--smime --aead --no-sign' '--smime --aead'; do
  # shellcheck disable=SC2086 # these are words
  "$LETTERLOCK" mail encrypt $sealed "$T/letter.eml" >"$T/sealed.eml"
  "$LETTERLOCK" mail decrypt "$T/sealed.eml" 2>/dev/null | grep -q 'the sealed words'
  is "encrypt $sealed: the unchanged message opens" $? 0
  tamper ciphertext "$T/sealed.eml"
  is "encrypt $sealed: of $CHANGES one-byte changes to the ciphertext none yields plaintext" \
    "$(count_opened)" 0
done
done_testing
