# Sourced by the interoperation tests: two people with a home each, and what both sides must agree on.
#
# Alice is us: letterlock in $A. Bob is the peer: another program in $B. A "cell" of the matrix is
# {kind of key} x {sign, encrypt, sign+encrypt} x {who writes}; each asserts the content, the signer
# and the status, not only an exit code. MATRIX collects the cells; matrix_print shows them.

. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"

mime() { python3 "$top_srcdir/tests/interop/mime.py" "$@"; }
us() { GNUPGHOME=$A "$LETTERLOCK" "$@"; }
peer() { GNUPGHOME=$B "$@"; }

MATRIX=$T/matrix.tsv
: >"$MATRIX"

# cell KIND OPERATION WHO PEER FUNCTION: runs one cell and notes its result.
cell() {
  local kind=$1 operation=$2 who=$3 other=$4 function=$5 result
  if "$function" >"$T/cell.log" 2>&1; then
    result=passes
    pass "$kind: $operation, $who, with $other"
  else
    result=FAILS
    fail "$kind: $operation, $who, with $other" "$(cat "$T/cell.log")"
  fi
  printf '%s\t%s\t%s\t%s\t%s\n' "$kind" "$operation" "$who" "$other" "$result" >>"$MATRIX"
}

# cannot KIND OPERATION WHO PEER REASON: a cell that the peer has no means for.
cannot() {
  skip "$1: $2, $3, with $4" "$5"
  printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "cannot: $5" >>"$MATRIX"
}

matrix_print() {
  echo "# matrix"
  awk -F '\t' '{ printf "#   %-22s %-13s %-28s %-8s %s\n", $1, $2, $3, $4, $5 }' "$MATRIX"
  if [ -n "${LETTERLOCK_MATRIX:-}" ]; then cat "$MATRIX" >>"$LETTERLOCK_MATRIX"; fi
}

# expect WHAT WANTED GOT
expect() {
  if [ "$2" != "$3" ]; then
    echo "$1: expected “$2”, got “$3”"
    return 1
  fi
}

# report_is FILE STATUS SIGNER-ADDRESS FINGERPRINT: the JSON of “mail verify”.
report_is() {
  expect status "$2" "$(json "$1" status)" || return 1
  expect "signer's address" "$3" "$(json "$1" signer.address)" || return 1
  expect "signer's fingerprint" "$4" "$(json "$1" signer.fingerprint)" || return 1
}

# same_content A B: every leaf of A is in B with the same octets, and B has nothing else but
# signatures.
same_content() {
  local one two
  one=$(mime leaves "$1") || return 1
  two=$(mime leaves "$2" | grep -v -e 'application/pgp-signature' -e 'pkcs7-signature') || return 1
  expect "the leaves of $2" "$one" "$two"
}

# letter FROM TO: a letter with all that is easy to break on the way.
letter() {
  printf 'From: %s\r\nTo: %s\r\n' "$1" "$2"
  printf 'Subject: =?ISO-2022-JP?B?GyRCSXUkLyRpJEwbKEI=?= sealed\r\n'
  printf 'Date: Mon, 05 Jan 2026 10:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n'
  printf 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="=-letter"\r\n\r\n'
  printf -- '--=-letter\r\nContent-Type: text/plain; charset=UTF-8\r\n'
  printf 'Content-Transfer-Encoding: 8bit\r\n\r\n'
  printf 'この手紙は封をして送ります。\r\nFrom here on: trailing blanks   \r\n-- \r\nBob\r\n'
  printf -- '--=-letter\r\nContent-Type: text/plain; charset=ISO-2022-JP\r\n'
  printf 'Content-Transfer-Encoding: 7bit\r\n\r\n\033$BF|K\\8l\033(B\r\n'
  printf -- '--=-letter\r\nContent-Type: application/octet-stream\r\n'
  printf 'Content-Disposition: attachment; filename="noise.bin"\r\n'
  printf 'Content-Transfer-Encoding: base64\r\n\r\n'
  head -c 6000 /dev/zero | openssl enc -aes-128-ctr -K 00 -iv 00 2>/dev/null | base64 \
    | sed 's/$/\r/'
  printf -- '--=-letter--\r\n'
}

ALICE='Alice <alice@example.org>'
BOB='Bob <bob@example.org>'
letter "$ALICE" "$BOB" >"$T/ours.eml"
letter "$BOB" "$ALICE" >"$T/theirs.eml"
mime entity "$T/theirs.eml" "$T/theirs.entity"
