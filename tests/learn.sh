# learn.sh - what other people's signatures teach, and what is never learnt: Alice reads, Bob and
# others sign with programs of their own.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"
need gpgsm openssl python3
new_home a
make_ca root
make_ca between
make_ca stranger
smime_trust root
make_cert alice root alice@example.org p256
smime_key alice
make_cert bob root bob@example.org p256
make_cert mallory stranger bob@example.org p256

GCM_256=2.16.840.1.101.3.4.1.46 CBC_256=2.16.840.1.101.3.4.1.42 CBC_128=2.16.840.1.101.3.4.1.2
TRIPLE_DES=1.2.840.113549.3.7
PEERS=$XDG_DATA_HOME/letterlock/peers.sqlite
BOB='Bob <bob@example.org>' ALICE='Alice <alice@example.org>'

# signed WHO FILE ARGUMENT...: a letter from Bob, signed with WHO's certificate.
signed ()
{
  local who=$1 file=$2
  shift 2
  message "$BOB" "$ALICE" "A letter" | python3 "$top_srcdir/tests/cms-sign.py" \
    --cert "$T/$who.crt" --key "$T/$who.key" "$@" >"$T/$file.eml"
}

# The cipher that Alice would write to Bob with, and why: "AES-256-GCM best".
cipher ()
{
  message "$ALICE" "$BOB" "An answer" >"$T/answer.eml"
  "$LETTERLOCK" mail encrypt --json --smime --force -o "$T/sealed.eml" "$T/answer.eml" \
    >"$T/sealed.json" 2>"$T/sealed.err"
  python3 "$top_srcdir/tests/json-path.py" "$T/sealed.json" cipher | tr '\n' ' '
  python3 "$top_srcdir/tests/json-path.py" "$T/sealed.json" cipher_reason
}

verify ()
{
  "$LETTERLOCK" mail verify --json "$@" >"$T/report.json" 2>"$T/report.err"
}

has_certificate ()
{
  gpgsm --batch --quiet --with-colons -k 2>/dev/null | grep -q "^fpr:.*$(smime_fingerprint "$1")"
}

report ()
{
  python3 "$top_srcdir/tests/json-path.py" "$T/report.json" "$1"
}

# --- Bob, whose program reads AES-GCM --------------------------------------------------------------

signed bob first --time 20261101120000Z --can $GCM_256,$CBC_256
verify --no-learn "$T/first.eml"
is "--no-learn: the signature is good" "$(report good)" true
is "--no-learn: nothing is learnt" "$(report 'len(learnt)')" 0
verify --at 2026-11-02 "$T/first.eml"
is "as of another time nothing is learnt" "$(report 'len(learnt)')" 0
mkdir -p "$XDG_CONFIG_HOME/letterlock"
printf '[smime]\nlearn = false\n' >"$XDG_CONFIG_HOME/letterlock/letterlock.conf"
verify "$T/first.eml"
is "[smime] learn = false: nothing is learnt" "$(report 'len(learnt)')" 0
rm "$XDG_CONFIG_HOME/letterlock/letterlock.conf"
ok "and no file was made" test ! -e "$PEERS"
not_ok "and no certificate was added" has_certificate bob

out=$("$LETTERLOCK" mail verify "$T/first.eml")
like "the report says what was learnt" "$out" "Learnt: can read AES-256-GCM, AES-256-CBC"
like "and which certificate" "$out" "Learnt: a certificate, which is kept"
ok "Bob's certificate is among gpgsm's" has_certificate bob
is "the file is private" "$(stat -c %a "$PEERS")" 600
verify "$T/first.eml"
is "the same message teaches nothing a second time" "$(report 'len(learnt)')" 0
is "the answer to Bob is AES-256-GCM" "$(cipher)" "AES-256-GCM best"

# --- what is not to be learnt (SM-29, E2E-28) ------------------------------------------------------

signed bob older --time 20261001120000Z --can $CBC_128
verify "$T/older.eml"
is "an older message is good" "$(report good)" true
is "and teaches nothing" "$(report 'len(learnt)') $(cipher)" "0 AES-256-GCM best"

signed bob future --time 20281101120000Z --can $CBC_128
verify "$T/future.eml"
is "a signature from two years ahead teaches nothing" "$(report good) $(cipher)" \
  "false AES-256-GCM best"

signed bob broken --can $CBC_128
sed -i 's/Hello from a test/Hallo from a test/' "$T/broken.eml"
verify "$T/broken.eml"
is "a broken signature teaches nothing" "$(report good) $(cipher)" "false AES-256-GCM best"

signed mallory stranger --can $CBC_128
verify "$T/stranger.eml"
is "a signer whose authority is not trusted teaches nothing" "$(report good) $(cipher)" \
  "false AES-256-GCM best"
not_ok "and their certificate is not taken over" has_certificate mallory

# A good signature of Bob's in a message that is not his, as a forwarded one and as a part.
{
  printf '%s\r\n' 'From: Carol <carol@example.org>' "To: $ALICE" 'Subject: forwarded' \
    'MIME-Version: 1.0' 'Content-Type: multipart/mixed; boundary="=-x"' '' '--=-x' \
    'Content-Type: message/rfc822' ''
  signed bob inner --can $CBC_128
  cat "$T/inner.eml"
  printf '%s\r\n' '' '--=-x--'
} >"$T/forwarded.eml"
verify "$T/forwarded.eml"
is "a forwarded message teaches nothing" "$(report 'len(learnt)') $(cipher)" "0 AES-256-GCM best"
sed 's/^From: Carol.*/From: Bob <bob@example.org>\r/; s|message/rfc822|text/plain|' \
  "$T/forwarded.eml" >"$T/quoted.eml"
verify "$T/quoted.eml"
is "nor does one that is quoted in Bob's name" "$(report 'len(learnt)') $(cipher)" \
  "0 AES-256-GCM best"

# --- Bob changes his program -----------------------------------------------------------------------

signed bob second --time 20261110120000Z --can $CBC_256,$CBC_128
verify "$T/second.eml"
is "a newer list takes the place of the old one" "$(report 'learnt[0].can_read[0]')" AES-256-CBC
is "and the next answer is AES-256-CBC, because of him" "$(cipher)" "AES-256-CBC peer-cannot"
is "by name" "$(json "$T/sealed.json" cipher_because)" "$(json "$T/sealed.json" 'recipients[0].fingerprint')"

signed bob third --time 20261111120000Z
verify "$T/third.eml"
is "a newer signature without a list changes nothing" "$(report 'len(learnt)') $(cipher)" \
  "0 AES-256-CBC peer-cannot"

signed bob weak --time 20261112120000Z --can $TRIPLE_DES
verify "$T/weak.eml"
"$LETTERLOCK" mail encrypt --smime "$T/answer.eml" >"$T/out.eml" 2>"$T/err"
is "who reads nothing but 3DES is not written to (SM-11)" $? 17
like "and the way out is told" "$(cat "$T/err")" "letterlock key forget"
is "nothing was written" "$(cat "$T/out.eml")" ""
ok "unless the user knows better" "$LETTERLOCK" mail encrypt --smime --cipher AES-256-CBC \
  -o "$T/out2.eml" "$T/answer.eml"

# --- forgetting ------------------------------------------------------------------------------------

like "key show tells what is known" "$("$LETTERLOCK" key show bob@example.org)" \
  "can read nothing that is not weak"
ok "key forget" "$LETTERLOCK" key forget bob@example.org
"$LETTERLOCK" key forget bob@example.org 2>"$T/err"
is "twice is once too often" $? 61
is "then it is not known what Bob can read" "$(cipher)" "AES-256-CBC peer-unknown"
unlike "and key show says nothing of it" "$("$LETTERLOCK" key show bob@example.org)" "can read"

# --- two certificates, and an authority in between (SM-30) -----------------------------------------

make_ca carol-ca
make_cert carol-sign root carol@example.org p256
CERT_KU=keyAgreement CERT_SUBJECT='/O=Letterlock Test/CN=Carol' make_cert carol-old root \
  carol@example.org p256
CERT_KU=keyAgreement CERT_SUBJECT='/O=Letterlock Test/CN=Carol' make_cert carol-new root \
  carol@example.org p256
BOB='Carol <carol@example.org>'
signed carol-sign carol --also "$T/carol-new.crt" --also "$T/carol-old.crt" \
  --prefer "$T/carol-old.crt" --can $GCM_256
verify "$T/carol.eml"
ok "the certificate that Carol prefers is kept" has_certificate carol-old
not_ok "not all that she sent along" has_certificate carol-new
smime_cert carol-new
is "she is written to with AES-256-GCM" "$(cipher)" "AES-256-GCM best"
is "and with the certificate that she prefers" "$(json "$T/sealed.json" 'recipients[0].fingerprint')" \
  "$(openssl x509 -in "$T/carol-old.crt" -noout -fingerprint -sha256 | sed 's/.*=//; s/://g')"

# --- somebody else's certificate (SM-29) -----------------------------------------------------------

CERT_KU=keyAgreement make_cert erin root erin@example.org p256
CERT_KU=keyAgreement make_cert dave-false stranger dave@example.org p256
make_cert dave root dave@example.org p256
BOB='Dave <dave@example.org>'
signed dave dave-1 --also "$T/erin.crt" --prefer "$T/erin.crt" --time 20261101120000Z
verify "$T/dave-1.eml"
is "who prefers another's certificate signs well" "$(report good)" true
not_ok "but that certificate is not kept" has_certificate erin
ok "and their own is" has_certificate dave
signed dave dave-2 --also "$T/dave-false.crt" --also "$T/stranger.crt" --prefer "$T/dave-false.crt"
verify "$T/dave-2.eml"
is "who prefers a certificate that nobody believes signs well" "$(report good)" true
not_ok "but it is not kept either" has_certificate dave-false
is "they are written to with a certificate of theirs" \
  "$(cipher >/dev/null; json "$T/sealed.json" 'recipients[0].fingerprint')" \
  "$(openssl x509 -in "$T/dave.crt" -noout -fingerprint -sha256 | sed 's/.*=//; s/://g')"

# --- real programs --------------------------------------------------------------------------------

# opaque FILE: the DER on standard input as a letter from Bob.
opaque ()
{
  {
    printf '%s\r\n' "From: $BOB" "To: $ALICE" 'Subject: A letter' \
      'Date: Mon, 02 Nov 2026 10:00:00 +0000' 'MIME-Version: 1.0' \
      'Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m' \
      'Content-Transfer-Encoding: base64' ''
    openssl base64 -e
  } >"$T/$1.eml"
}

BOB='Bob <bob@example.org>'
printf 'Content-Type: text/plain\r\n\r\nHello from a test.\r\n' >"$T/content"
"$LETTERLOCK" key forget --all
openssl cms -sign -binary -nodetach -outform DER -in "$T/content" -signer "$T/bob.crt" \
  -inkey "$T/bob.key" | opaque openssl
verify "$T/openssl.eml"
is "openssl cms: the signature is good" "$(report good)" true
like "what it lists is learnt" "$(report 'learnt[0].can_read')" AES-256-CBC
is "it does not list AES-GCM" "$(cipher)" "AES-256-CBC peer-cannot"

new_home b
smime_trust root
smime_key bob
"$LETTERLOCK" key forget --all
gpgsm --batch --quiet -u "$(smime_fingerprint bob)" --sign "$T/content" 2>"$T/gpgsm.err" | opaque gpgsm
use_home a
verify "$T/gpgsm.eml"
is "gpgsm: the signature is good" "$(report good)" true
is "nor does gpgsm" "$(cipher)" "AES-256-CBC peer-cannot"

use_home b
message "$BOB" "$ALICE" "A letter" >"$T/plain.eml"
ok "Bob signs with this program" "$LETTERLOCK" mail sign --smime -o "$T/own.eml" "$T/plain.eml"
use_home a
"$LETTERLOCK" key forget --all
verify "$T/own.eml"
is "this program lists what it can read" "$(report 'learnt[0].can_read[0]')" AES-256-GCM
is "and is answered with AES-256-GCM" "$(cipher)" "AES-256-GCM best"
use_home b
"$LETTERLOCK" mail decrypt -o "$T/opened.eml" "$T/sealed.eml" 2>"$T/err"
like "which Bob opens" "$(cat "$T/opened.eml")" "Hello from a test."
use_home a

# Signed inside the encryption, the signature teaches as well.
use_home b
smime_cert alice
ok "Bob signs and encrypts" "$LETTERLOCK" mail encrypt --smime --aead -o "$T/both.eml" "$T/plain.eml"
use_home a
"$LETTERLOCK" key forget --all
"$LETTERLOCK" mail show --json "$T/both.eml" >"$T/report.json"
is "what is signed inside the encryption teaches, too" "$(report status) $(cipher)" \
  "signed-encrypted AES-256-GCM best"

# A home that is not there yet: it is not made, and what there is to learn can be learnt later.
"$LETTERLOCK" key forget --all
GNUPGHOME='' verify --anchors "$T/root.crt" "$T/own.eml"
is "without a GnuPG home, the signature is good" "$(report good)" true
is "and nothing is learnt" "$(report 'len(learnt)')" 0
ok "and no home is made for it" test ! -e "$HOME/.gnupg"
verify "$T/own.eml"
is "but later" "$(report 'len(learnt)')" 1

# --- the plan, without sealing --------------------------------------------------------------------

plan ()
{
  out=$("$LETTERLOCK" mail encrypt --smime --plan "$@" "$T/answer.eml" 2>"$T/err")
  status=$?
}

plan
is "--plan answers as sealing would" "$status" 0
like "it says who can read it" "$out" "Encrypted to: “bob@example.org”"
like "and why they are believed" "$out" "Trusted because: its certificate leads to a root"
like "and the cipher, and why" "$out" "Cipher: AES-256-GCM
    everybody said that they can read it"
unlike "it seals nothing" "$out" "BEGIN|MIME-Version"
plan -o "$T/never.eml"
ok "not into a file either" test ! -e "$T/never.eml"
plan --json
echo "$out" >"$T/plan.json"
is "as JSON" "$(json "$T/plan.json" schema) $(json "$T/plan.json" cipher_reason)" \
  "letterlock.plan/1 best"
plan -r nobody@example.org
is "what stands in the way is the same error" "$status" 17
like "with its remedy" "$(cat "$T/err")" "letterlock key import"
plan --cipher AES-128-CBC
like "the user's own cipher is said to be that" "$out" "AES-128-CBC
    you asked for it"
"$LETTERLOCK" key forget --all
plan
like "who decided is named" "$out" "better ones are not known to be read by “bob@example.org”"
"$LETTERLOCK" mail encrypt --smime --verbose "$T/answer.eml" >"$T/out.eml" 2>"$T/err"
like "--verbose says it beside" "$(cat "$T/err")" "Cipher: AES-256-CBC"
"$LETTERLOCK" mail encrypt --smime "$T/answer.eml" >"$T/out.eml" 2>"$T/err"
is "without it, nothing is said" "$(cat "$T/err")" ""

make_cert alice2 root alice@example.org p256
smime_key alice2
cp "$T/answer.eml" "$T/file"
"$LETTERLOCK" file sign --smime --json --as alice@example.org "$T/file" >"$T/file.json"
is "file sign says which of two certificates it took" "$(json "$T/file.json" plan.signer_choices)" 2
like "by its fingerprint" "$(json "$T/file.json" plan.signer)" '^[0-9A-F]{64}$'
"$LETTERLOCK" file sign --smime --force --as alice@example.org "$T/file" 2>"$T/err"
like "and on standard error" "$(cat "$T/err")" "2 of your keys can sign this; the one taken is [0-9A-F]{64}"
out=$("$LETTERLOCK" file encrypt --smime --plan -r bob@example.org "$T/file" 2>&1)
like "file encrypt --plan" "$out" "Encrypted to: “bob@example.org”"
ok "writes nothing" test ! -e "$T/file.p7m"
verify "$T/own.eml"
"$LETTERLOCK" key show --json bob@example.org >"$T/show.json"
is "key show tells it in JSON" "$(json "$T/show.json" 'peers[0].can_read[0]')" AES-256-GCM
rm "$T/file"*

# --- a file that cannot be used --------------------------------------------------------------------

BOB='Bob <bob@example.org>'
cp "$PEERS" "$T/good.sqlite"
echo 'This is a letter, and no database.' >"$PEERS"
verify "$T/first.eml"
is "a damaged file is no reason not to read" "$? $(report good)" "0 true"
like "and is said to be damaged" "$(cat "$T/report.err")" "peers.sqlite” is damaged"
like "doctor says so, too" "$("$LETTERLOCK" doctor)" "peers.sqlite” is damaged"
is "encrypting goes on, too" "$(cipher)" "AES-256-CBC peer-unknown"
like "and says it as well" "$(cat "$T/sealed.err")" "is damaged"
verify --quiet "$T/first.eml"
is "--quiet is quiet" "$(cat "$T/report.err")" ""
cp "$T/good.sqlite" "$PEERS"
python3 -c "
import sqlite3, sys
base = sqlite3.connect(sys.argv[1]); base.execute('PRAGMA user_version = 99'); base.close()" "$PEERS"
verify "$T/first.eml"
is "a file of a newer Letterlock, too" "$? $(report good)" "0 true"
like "and is said to be newer" "$(cat "$T/report.err")" "newer Letterlock"
rm -rf "$XDG_DATA_HOME/letterlock"
ln -s /dev/null "$XDG_DATA_HOME/letterlock"
verify "$T/first.eml"
is "where nothing can be kept, nothing is said" "$? $(report good) $(cat "$T/report.err")" "0 true "
rm "$XDG_DATA_HOME/letterlock"

done_testing
