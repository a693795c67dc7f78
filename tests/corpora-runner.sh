#!/bin/bash
# The corpus runner itself: with a program that lies on request, it fails when it must.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"
need python3 gpg

fake=$top_srcdir/tests/corpora/fake-letterlock
good='signer=alice@example.org; marker=the marked words'
sealed='marker=the marked words'

# family NAME: an empty one. add_case NAME FILE WHAT-THE-PROGRAM-DOES OPERATION VERDICT NOTE
family ()
{
  mkdir -p "$T/corpora/$1"
  printf 'file\tprotocol\toperation\tkeys\tverdict\tnote\n' >"$T/corpora/$1/cases.tsv"
}

add_case ()
{
  printf 'Subject: a case\nX-Fake: %s\n\n(body)\n' "$3" >"$T/corpora/$1/$2"
  printf '%s\topenpgp\t%s\t-\t%s\tat=any; %s\n' "$2" "$4" "$5" "$6" >>"$T/corpora/$1/cases.tsv"
}

run_corpora ()
{
  python3 "$top_srcdir/tests/corpora/run" --program "$fake" --seconds 2 --verbose "$@" \
    >"$T/out" 2>"$T/err"
  STATUS=$?
}

# alone NAME DOES OPERATION VERDICT NOTE STATUS REGEX: a corpus of this one case
alone ()
{
  rm -rf "$T/corpora"
  family planted
  add_case planted case.eml "$2" "$3" "$4" "$5"
  run_corpora "$T/corpora"
  is "$1: exit status" "$STATUS" "$6"
  like "$1: said" "$(cat "$T/out" "$T/err")" "$7"
}

alone 'a right answer' good verify good "$good" 0 'total: 1 cases, 1 exact'
alone 'a different answer' unknown verify good "$good" 0 '0 exact .*, 0 wrong good, .* 1 other'
alone 'an unknown key' unknown verify unknown '' 0 'total: 1 cases, 1 exact'
alone 'a planted good for a forgery' good verify forged '' 1 '1 wrong good'
alone 'a planted good for a bad one' good verify bad 'never=good' 1 '1 wrong good'
alone 'a good for another signer' other-signer verify good "$good" 1 '1 wrong good'
alone 'exit status 0 without a good report' zero verify unknown '' 1 '1 wrong good'
alone 'a good where a part is sealed' good decrypt leak-unsafe "$sealed" 1 '1 wrong good'
alone 'ciphertext that stays shut' refuse decrypt leak-unsafe "$sealed" 0 '1 exact'
alone 'a planted leak by decrypt' leak decrypt leak-unsafe "$sealed" 1 '1 leaked'
alone 'a planted leak by show' show-leak decrypt leak-unsafe "$sealed" 1 '1 leaked'
alone 'plaintext where decryption must fail' leak decrypt decrypt-fail '' 1 '1 leaked'
alone 'a planted crash' crash verify bad '' 1 '1 crashed'
alone 'an exit status of a crash' exit-status verify bad '' 1 '1 crashed'
alone "a sanitizer's report" sanitizer verify unknown '' 1 '1 crashed'
alone 'a hang' hang verify bad '' 1 '1 crashed'
alone 'another subject' unknown verify unknown 'subject=something else' 0 '1 other'

rm -rf "$T/corpora"
family one
add_case one a.eml good verify good "$good"
add_case one b.eml unknown verify unknown ''
family two
printf 'x\tspf\tauth\t-\tpass\tat=any\n' >>"$T/corpora/two/cases.tsv"
run_corpora "$T/corpora"
like 'each family has a row' "$(cat "$T/out")" $'\none  .* 2 '
like 'a family that cannot be judged is named with the reason' "$(cat "$T/out")" \
  'two: 1: SPF is not evaluated'
run_corpora "$T/corpora" one --only '*/a.eml'
like 'one case can be picked' "$(cat "$T/out")" 'total: 1 cases, 1 exact'
run_corpora "$T/corpora/one"
like 'one family can be named by its folder' "$(cat "$T/out")" 'total: 2 cases, 2 exact'
run_corpora "$T/corpora" two
is 'nothing to judge is not a success' "$STATUS" 2
run_corpora "$T/nowhere"
is 'a corpus that is not there is not a success' "$STATUS" 2
done_testing
