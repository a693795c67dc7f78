#!/bin/bash
# NIST PKITS, without its policy sections: each certificate, with its authorities and its CRLs, is
# good or bad as the suite says, or the runner tells why ours is right, with the RFC's section.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"
need python3 gpgsm openssl
family=$LETTERLOCK_CORPORA/x509-pkits
[ -f "$family/cases.tsv" ] || skip_all "there are no PKITS cases in $LETTERLOCK_CORPORA"

python3 "$top_srcdir/tests/corpora/run" --verbose "$family" >"$T/table" 2>&1
is 'no wrong good and no crash' $? 0
diag "$(cat "$T/table")"
number=$(($(wc -l <"$family/cases.tsv") - 1))
like 'every case is exact or explained' "$(cat "$T/table")" "total: $number cases, $number exact"
is 'one is explained' "$(grep -c '^  explained: .*RFC [0-9]* section' "$T/table")" 1
done_testing
