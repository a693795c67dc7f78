# file.sh - letterlock file sign | encrypt | decrypt | verify, both technologies, and what bad input
# gets.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"
. "$top_srcdir/tests/people.sh"
need gpg gpgsm openssl python3
two_people g

mkdir "$T/w"
cd "$T/w" || exit 99
printf 'First line\nsecond line \n\000binary\377\n' >letter.bin
head -c 300000 /dev/urandom >noise.bin
: >empty.bin

run ()
{
  out=$("$LETTERLOCK" "$@" 2>"$T/err" </dev/null)
  status=$?
  err=$(cat "$T/err")
}

there_and_back ()
{
  local name=$1 sealed=$2
  shift 2
  rm -f "$sealed" back.bin
  run file encrypt "$@" letter.bin
  is "$name: encrypt" "$status" 0
  run file decrypt -o back.bin "$sealed"
  is "$name: decrypt" "$status" 0
  same "$name: the content is the same" letter.bin back.bin
}

there_and_back "OpenPGP" letter.bin.gpg -r bob@example.org
there_and_back "OpenPGP, armored and signed" letter.bin.asc -r bob@example.org --armor --sign \
  --as alice@example.org
there_and_back "S/MIME" letter.bin.p7m --smime -r bob@example.org
there_and_back "S/MIME, authenticated and signed" letter.bin.p7m --smime --aead -r bob@example.org \
  --sign --as alice@example.org
like "decrypting tells of the signature inside" "$err" 'alice@example.org'

signs ()
{
  local name=$1 signature=$2
  shift 2
  rm -f "$signature"
  run file sign --as alice@example.org "$@" letter.bin
  is "$name: sign" "$status" 0
  run file verify "$signature"
  is "$name: the signature is good" "$status" 0
  like "$name: the signer is named" "$out" 'alice@example.org'
  run file verify --json "$signature"
  is "$name: JSON says so" "$(python3 -c '
import json, sys
print(json.load(sys.stdin)["files"][0]["report"]["good"])' <<<"$out")" True
}

signs "OpenPGP detached" letter.bin.sig
signs "OpenPGP opaque" letter.bin.gpg --opaque --force
signs "S/MIME detached" letter.bin.p7s --smime
signs "S/MIME opaque" letter.bin.p7m --smime --opaque --force

ok "gpg verifies our detached signature" gpg --verify letter.bin.sig letter.bin
ok "openssl verifies our detached signature" openssl cms -verify -binary -inform DER \
  -in letter.bin.p7s -content letter.bin -CAfile "$T/root.crt" -out /dev/null
run file verify letter.bin
is "the signature beside a file is found" "$status" 0

cp letter.bin changed.bin
cp letter.bin.sig changed.bin.sig
cp letter.bin.p7s changed.bin.p7s
printf x >>changed.bin
for signature in changed.bin.sig changed.bin.p7s; do
  run file verify "$signature"
  is "$signature: a changed file has no acceptable signature" "$status" 3
done

# What is in an S/MIME file is not always what it begins like.
openssl cms -sign -nodetach -binary -in noise.bin -signer "$T/alice.crt" -inkey "$T/alice.key" \
  -outform DER -out signed.der
openssl cms -sign -nodetach -binary -in letter.bin -signer "$T/alice.crt" -inkey "$T/alice.key" \
  -outform PEM -out signed.pem
head -c 100000 signed.der >cut.content
cat signed.der letter.bin >more.content
cp signed.der signed.content # whoever encrypts a signed file wants that file back
{ echo 'This is how it looks:'; cat signed.pem; echo 'Nice.'; } >text.content
for name in cut more text signed; do
  run file encrypt --smime -r bob@example.org -o content.p7m --force $name.content
  run file decrypt -o content.back --force content.p7m
  is "S/MIME, $name: decrypt" "$status" 0
  same "S/MIME, $name: the content is the same" $name.content content.back
done

# Compressed data (RFC 3274, CM-09): stepped through around a signature. Encrypted, it comes back as
# it was.
python3 "$top_srcdir/tests/compress.py" <signed.der >signed.p7z
run file verify signed.p7z
is "compressed: the signature inside is verified" "$status" 0
python3 "$top_srcdir/tests/compress.py" <noise.bin >noise.p7z
run file verify noise.p7z
is "compressed: without a signature there is none" "$status" 3
run file encrypt --smime -r bob@example.org -o packed.p7m --force signed.p7z
run file decrypt -o packed.back --force packed.p7m
is "compressed inside encryption: decrypt" "$status" 0
same "compressed inside encryption: the file is the same" signed.p7z packed.back
head -c 100000000 /dev/zero | python3 "$top_srcdir/tests/compress.py" >bomb.p7z
run file verify bomb.p7z
is "compressed: what grows without measure is refused" "$status" 41

# AL-11: old ciphers are opened by those who say that they want to, and never count as encryption.
openssl cms -encrypt -binary -outform DER -des3 -in letter.bin -out old.p7m "$T/bob.crt"
run file decrypt -o old.back old.p7m
is "3DES is not opened" "$status" 29
like "and the way to do it is told" "$err" '--allow-weak'
not_ok "and nothing is written" test -e old.back
run file decrypt --allow-weak -o old.back old.p7m
is "3DES with consent is" "$status" 0
same "3DES: the content is the same" letter.bin old.back
like "3DES: it does not count as encrypted" "$err" 'neither signed nor encrypted'
{
  printf 'From: alice@example.org\nTo: bob@example.org\nSubject: old\n'
  printf 'Content-Type: text/plain\n\nold words\n' | openssl cms -encrypt -des3 "$T/bob.crt"
} >old.eml
run mail show --json old.eml
like "3DES mail stays shut" "$out" '"cannot-decrypt"'
unlike "3DES mail does not show" "$out" 'old words'
run mail show --json --allow-weak old.eml
like "3DES mail with consent shows" "$out" 'old words'
unlike "3DES mail never counts as encrypted" "$out" '"status" *: *"(signed-)?encrypted'

# A good signature over something else: what it says of the file beside it is nothing.
printf 'What Alice really signed\n' >other.txt
printf 'Pay Eve a million\n' >evil.txt
for kind in --openpgp '--openpgp --armor' --smime; do
  # shellcheck disable=SC2086
  "$LETTERLOCK" file sign -q $kind --opaque --force --as alice@example.org -o other.signed other.txt
  for suffix in sig asc p7s; do
    rm -f evil.txt.*
    cp other.signed "evil.txt.$suffix"
    run file verify "evil.txt.$suffix"
    is "$kind: an opaque signature named .$suffix does not vouch for the file beside it" "$status" 3
    run file verify evil.txt
    is "$kind: nor when the file is named" "$status" 3
    run file verify --content evil.txt other.signed
    is "$kind: nor when the content is" "$status" 3
  done
done
like "and both are named" "$err" 'other.signed.*evil.txt'
rm -f evil.txt.*

# OP-27: what stands below a cleartext signature was not signed.
gpg --batch -q -u alice@example.org -o clear.asc --clearsign other.txt
run file verify clear.asc
is "a cleartext signature is good" "$status" 0
{ cat clear.asc; echo; echo 'Pay Eve a million'; } >below.asc
run file verify below.asc
is "but not with words below it" "$status" 3
cat clear.asc clear.asc >twice.asc
run file verify twice.asc
is "nor with another one below it" "$status" 3

# Rule 2: what failed is not shown, wherever it was to go.
base64 noise.bin >long.txt
gpg --batch -q --trust-model always -r bob@example.org -o long.gpg -e long.txt
flip long.gpg $(($(wc -c <long.gpg) - 100)) >bent.gpg
is "nothing of a changed file gets to a device" \
  "$("$LETTERLOCK" file decrypt -q -o /dev/stdout bent.gpg 2>/dev/null | wc -c)" 0
mkfifo pipe
wc -c <pipe >counted &
"$LETTERLOCK" file decrypt -q -o pipe bent.gpg 2>/dev/null
is "and the exit status tells" $? 29
wait $!
is "nor to a named pipe" "$(cat counted)" 0
is "what is intact does" \
  "$("$LETTERLOCK" file decrypt -q -o /dev/stdout long.gpg 2>/dev/null | wc -c)" "$(wc -c <long.txt)"

run file encrypt -r bob@example.org letter.bin noise.bin nowhere.bin empty.bin
is "of several files the first failure decides the exit status" "$status" 59
ok "the others are done" test -s noise.bin.gpg -a -s empty.bin.gpg
run file decrypt --force -o empty.back empty.bin.gpg
is "an empty file comes back" "$status$(wc -c <empty.back)" 00

run file encrypt -r bob@example.org letter.bin
is "an existing file is not replaced" "$status" 59
run file encrypt --force -r bob@example.org letter.bin
is "unless forced" "$status" 0
run file encrypt -r nobody@example.org noise.bin -o never.gpg
is "a recipient without a key is refused" "$status" 17
like "and named" "$err" 'nobody@example.org'
not_ok "and nothing is written" test -e never.gpg
run file encrypt letter.bin
is "no recipient at all is refused" "$status" 19
run file decrypt letter.bin
is "a file that is not encrypted cannot be decrypted" "$status" 41
run file verify noise.bin
is "noise has no signature" "$status" 41
run file verify empty.bin
is "nothing has no signature" "$status" 41
run file decrypt .
is "a directory is refused" "$status" 61
run file encrypt -r bob@example.org -o /dev/full noise.bin
is "a full disk is told" "$status" 1

for sealed in letter.bin.gpg letter.bin.p7m; do
  rm -f "$sealed" cut.out
  case $sealed in
    *.gpg) "$LETTERLOCK" file encrypt -q -r bob@example.org letter.bin ;;
    *) "$LETTERLOCK" file encrypt -q --smime --aead -r bob@example.org letter.bin ;;
  esac
  head -c $(($(wc -c <"$sealed") - 20)) "$sealed" >"cut.${sealed##*.}"
  run file decrypt -o cut.out "cut.${sealed##*.}"
  isnt "${sealed##*.}: a truncated file does not decrypt" "$status" 0
  not_ok "${sealed##*.}: and leaves nothing" test -e cut.out
  is "${sealed##*.}: not even a temporary file" "$(find . -name '.*' -type f | wc -l)" 0
done

run file encrypt -r bob@example.org -o - noise.bin
isnt "standard output can be asked for" "$out" ""
"$LETTERLOCK" file encrypt -q -r bob@example.org -o - noise.bin 2>/dev/null \
  | "$LETTERLOCK" file decrypt -q 2>/dev/null >piped.bin
same "a pipe carries it there and back" noise.bin piped.bin

# Larger than what is ever held in memory: both S/MIME layers stream, and OpenPGP does not go to
# standard output before all of it is known to be intact.
truncate -s 70M large.bin
printf 'the end' >>large.bin
run file encrypt --smime --sign --as alice@example.org -r bob@example.org large.bin
is "S/MIME signs and encrypts what is larger than memory may be" "$status" 0
openssl cms -decrypt -inform DER -in large.bin.p7m -recip "$T/bob.crt" -inkey "$T/bob.key" \
  -out large.signed
ok "openssl opens and verifies it" openssl cms -verify -binary -inform DER -in large.signed \
  -CAfile "$T/root.crt" -out large.back
same "and has the same content" large.bin large.back
run file decrypt -o large.out large.bin.p7m
is "S/MIME opens it again" "$status" 0
same "S/MIME: with the same content" large.bin large.out
like "and tells of the signature" "$err" 'alice@example.org'
rm -f large.out
run file encrypt -q -r bob@example.org large.bin
"$LETTERLOCK" file decrypt -q -o - large.bin.gpg 2>/dev/null | cmp -s - large.bin
is "OpenPGP of that size goes to standard output" "${PIPESTATUS[*]}" "0 0"
"$LETTERLOCK" file decrypt -q -o - large.bin.p7m 2>/dev/null | cmp -s - large.bin
is "S/MIME of that size does too" "${PIPESTATUS[*]}" "0 0"
flip large.bin.gpg $(($(wc -c <large.bin.gpg) - 100)) >bent.gpg
is "but nothing of it when it was changed at the end" \
  "$("$LETTERLOCK" file decrypt -q -o - bent.gpg 2>/dev/null | wc -c)" 0
run file decrypt -o large.out large.bin.gpg
is "which works" "$status" 0
same "with the same content" large.bin large.out
rm -f large.*

# Rule 1: the inner signature cannot be made, and nothing leaves.
two_people p protected
echo '!cancel' >"$GNUPGHOME/answer"
gpgconf --kill gpg-agent
run file encrypt --smime --sign --as alice@example.org -r bob@example.org -o never.p7m letter.bin
is "S/MIME: without the signer's passphrase nothing is encrypted" "$status" 67
not_ok "and nothing is left" test -e never.p7m
is "not even a temporary file" "$(find . -name '.*' -type f | wc -l)" 0
done_testing
