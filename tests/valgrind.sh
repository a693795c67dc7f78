#!/bin/bash
# No memory is lost, and none is used wrongly, in a sign, an encrypt, a decrypt and a verify of each
# technology (issue bar 6). tests/valgrind.supp explains what the libraries keep.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"

command -v valgrind >/dev/null || skip_all 'valgrind is not installed'
grep -q __asan_init "$LETTERLOCK" && skip_all 'a build with AddressSanitizer cannot run in valgrind'
need gpg gpgsm openssl
. "$top_srcdir/tests/people.sh"
two_people g

# watched WHAT ARGUMENT...: standard output goes to $T/out. What valgrind finds stands in its log;
# an exit status of its own would also come from the children that GPGME forks.
watched() {
  local what=$1 status
  shift
  rm -f "$T/valgrind.log"
  G_SLICE=always-malloc valgrind --quiet --leak-check=full \
    --show-leak-kinds=definite,indirect,possible --child-silent-after-fork=yes \
    --suppressions="$top_srcdir/tests/valgrind.supp" --gen-suppressions=all \
    --log-file="$T/valgrind.log" "$LETTERLOCK" "$@" >"$T/out" 2>"$T/err"
  status=$?
  is "$what: it works" "$status" 0
  # Valgrind 3.19 says that it does not know mlock2 (system call 325); bridge/spool does without.
  is "$what: nothing is lost or misused" \
    "$(sed '/unhandled amd64-linux syscall: 325$/,/valgrind\.org/d' "$T/valgrind.log")" ''
}

letter >"$T/letter.eml"
for technology in openpgp smime; do
  watched "$technology: mail sign" mail sign --$technology "$T/letter.eml"
  mv "$T/out" "$T/signed.eml"
  watched "$technology: mail encrypt" \
    mail encrypt --$technology "$T/letter.eml"
  mv "$T/out" "$T/sealed.eml"
  watched "$technology: mail verify" mail verify "$T/signed.eml"
  watched "$technology: mail decrypt" mail decrypt "$T/sealed.eml"
done
done_testing
