# letterlock demo: a newcomer's first sight. It shows both technologies, leaves nothing behind, and
# touches no home.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"
need gpg gpgsm gpgconf ps

leftovers ()
{
  # Directories of this test itself ($T) and of tests that run beside it are not the demo's: it
  # names its own in its second line of output.
  sed -n 's|.*\(/tmp/ll-[A-Za-z0-9]*\).*|\1|p' "$1" | head -n 1
}

exits "the demo succeeds" 0 demo
said=$(cat "$OUT")
home=$(leftovers "$OUT")
like "it says where it works" "$home" '^/tmp/ll-'
not_ok "and removes that at the end" test -e "$home"
ps -eo args >"$T/ps" # first: a grep that runs beside it would find itself
not_ok "with every daemon of it" grep -F "$home" "$T/ps"
like "it seals with OpenPGP" "$said" 'letterlock mail encrypt --openpgp'
like "it seals with S/MIME" "$said" 'letterlock mail encrypt --aead'
like "the Japanese subject is shown" "$said" '桜の便り'
is "both letters are opened unharmed" "$(grep -c '^✓' "$OUT")" 2
is "and both changed ones are tried" "$(grep -c 'mail verify.* changed.eml' "$OUT")" 2
like "the last line tells what to type next" "$(tail -n 1 "$OUT")" 'letterlock mail encrypt letter.eml'
is "nothing goes to standard error" "$(cat "$ERR")" ""
ok "nobody's home is touched" test -z "$(ls -A "$HOME")"

exits "it takes no arguments" 37 demo extra
LETTERLOCK_WRAPPER= "$LETTERLOCK" demo >"$T/cut" 2>/dev/null &
demo=$!
for _ in $(seq 100); do
  if grep -q 'key generate' "$T/cut"; then break; fi
  sleep 0.1
done
kill -TERM "$demo"
wait "$demo"
is "a demo that is ended says so" $? 130
home=$(leftovers "$T/cut")
not_ok "and leaves nothing behind either" test -e "$home"
done_testing
