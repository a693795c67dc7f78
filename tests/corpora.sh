#!/bin/bash
# The ten mail families of public test corpora (bar 3): no wrong good, no leak, no crash, and at
# least 80 in 100 exact. The corpora are not a part of this tree: $LETTERLOCK_CORPORA tells where.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"
need python3 gpg gpgsm openssl
[ -d "$LETTERLOCK_CORPORA" ] || skip_all "there are no corpora in $LETTERLOCK_CORPORA"

wanted='johnny-fired covert-content thunderbird-openpgp thunderbird-smime gpgmail-testcases
  notmuch-crypto kde-mimetreeparser real-world-signed mime-structure japanese-mail'
families=() missing=()
for family in $wanted; do
  if [ -e "$LETTERLOCK_CORPORA/$family/cases.tsv" ]; then
    families+=("$family")
  else
    missing+=("$family")
  fi
done
[ ${#families[@]} -gt 0 ] || skip_all "no mail family in $LETTERLOCK_CORPORA"
for family in "${missing[@]}"; do
  skip "$family" "not in $LETTERLOCK_CORPORA"
done

python3 "$top_srcdir/tests/corpora/run" --verbose "$LETTERLOCK_CORPORA" "${families[@]}" \
  >"$T/table" 2>&1
status=$?
diag "$(cat "$T/table")"
is 'no wrong good, no leaked plaintext and no crash' "$status" 0
exact=$(sed -n 's/^total: .* exact (\([0-9]*\) in 100).*/\1/p' "$T/table")
ok "at least 80 in 100 are exact (${exact:-none})" [ "${exact:-0}" -ge 80 ]
done_testing
