#!/bin/bash
# S/MIME messages as others make them, read as a user would: binary parts, wrong labels, several
# layers in each order, compression. openssl signs and encrypts; nothing here is made by ourselves.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"
need gpgsm openssl python3
new_home g
make_ca root
smime_trust root
for name in alice bob; do
  make_cert $name root $name@example.org rsa3072
done
smime_key bob
cd "$T" || exit 1

by () { echo "-signer $1.crt -inkey $1.key"; } # for openssl cms -sign

# part TYPE: standard input as a base64 part of that type.
part ()
{
  printf 'Content-Type: %s\r\nContent-Transfer-Encoding: base64\r\n\r\n' "$1"
  openssl base64 -e
}

# letter FROM: a whole message around the entity on standard input.
letter ()
{
  printf 'From: %s@example.org\r\nTo: bob@example.org\r\nSubject: read this\r\n' "$1"
  printf 'Date: Mon, 05 Jan 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n'
  cat
}

opaque () # SIGNER, the entity on standard input
{
  # shellcheck disable=SC2046 # these are words
  openssl cms -sign -binary -nodetach -md sha256 $(by "$1") -outform DER \
    | part 'application/pkcs7-mime; smime-type=signed-data'
}

seal () # to Bob
{
  openssl cms -encrypt -binary -aes-256-cbc -outform DER bob.crt \
    | part 'application/pkcs7-mime; smime-type=enveloped-data'
}

squeeze ()
{
  python3 "$top_srcdir/tests/compress.py" | part 'application/pkcs7-mime; smime-type=compressed-data'
}

text ()
{
  printf 'Content-Type: text/plain; charset=us-ascii\r\n\r\nThe words of the letter.\r\n'
}

# reads NAME FILE EXIT STATUS [OPTION...]: "mail verify" answers with this exit status and status.
reads ()
{
  local name=$1 file=$2 wanted=$3 status
  "$LETTERLOCK" mail verify --json "${@:5}" "$file" >"$T/out" 2>"$T/err"
  status=$?
  is "$name: exit status" $status "$wanted"
  json_is "$name: status" "$T/out" status "$4"
}

# ---- SM-20: what is inside may be binary ---------------------------------------------------------

python3 - >binary.part <<'EOF'
import sys
sys.stdout.buffer.write(
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    + "Gr\u00fc\u00dfe\r\n".encode()
    + b"--b\r\nContent-Type: application/octet-stream; name=x.bin\r\n"
    b"Content-Transfer-Encoding: binary\r\n\r\n" + bytes(range(256)) + b"\n\r\rx\0\0\r\n--b--\r\n")
EOF
opaque alice <binary.part | letter alice >binary.eml
reads 'binary parts inside' binary.eml 0 signed
openssl cms -sign -binary -nodetach -md sha256 $(by alice) -in binary.part -outform DER >binary.p7m
{ printf 'Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: binary\r\n\r\n'
  cat binary.p7m; } | letter alice >binary-outside.eml
reads 'binary parts outside too' binary-outside.eml 0 signed

# ---- SM-18, AL-05: algorithms that OpenSSL makes elsewhere but cannot check everywhere ------------

text >text.part
make_cert edwards root edwards@example.org ed25519
edwards () # DIGEST
{
  # shellcheck disable=SC2046
  openssl cms -sign -binary -nodetach -md "$1" $(by edwards) -in text.part -outform DER 2>/dev/null
}
if edwards sha512 >edwards.p7m && [ -s edwards.p7m ]; then
  part application/pkcs7-mime <edwards.p7m | letter edwards >edwards.eml
  reads 'Ed25519' edwards.eml 0 signed
  edwards sha256 | part application/pkcs7-mime | letter edwards >edwards.eml
  reads 'Ed25519 with another digest than SHA-512' edwards.eml 3 none
  json_is 'Ed25519 with another digest than SHA-512: why' "$T/out" reason digest-algorithm-mismatch
else
  skip 'Ed25519' 'this openssl cannot sign with it'
fi
openssl cms -sign -binary -nodetach -md sha384 $(by alice) -keyopt rsa_padding_mode:pss \
  -in text.part -outform DER | part application/pkcs7-mime | letter alice >pss.eml
reads 'RSASSA-PSS with SHA-384' pss.eml 0 signed
openssl cms -sign -binary -nodetach -md sha1 $(by alice) -in text.part -outform DER \
  | part application/pkcs7-mime | letter alice >sha1.eml
reads 'SHA-1' sha1.eml 3 none

# PQ-07, PQ-08: where OpenSSL has them, 3.5 and later.
for algorithm in ML-DSA-44 ML-DSA-65 ML-DSA-87 SLH-DSA-SHA2-128f; do
  if openssl req -x509 -newkey $algorithm -noenc -subj /CN=Later -keyout later.key -out later.crt \
      -addext subjectAltName=email:later@example.org >/dev/null 2>&1; then
    openssl cms -sign -binary -nodetach -md sha512 $(by later) -in text.part -outform DER \
      | part application/pkcs7-mime | letter later >later.eml
    reads "$algorithm" later.eml 0 signed --anchors later.crt
  else
    skip "$algorithm" 'this openssl does not have it'
  fi
done

# ---- SM-23: micalg is not asked ------------------------------------------------------------------

openssl cms -sign -binary -md sha512 $(by alice) -in text.part -outform DER >text.p7s
for micalg in '; micalg=sha1' '; micalg=rsa-sha1' '; micalg=unknown' '' '; micalg="sha-512"'; do
  { printf 'Content-Type: multipart/signed; protocol="application/pkcs7-signature"%s; boundary=b' \
      "$micalg"
    printf '\r\n\r\n--b\r\n'; cat text.part; printf '\r\n--b\r\n'
    part application/pkcs7-signature <text.p7s; printf -- '--b--\r\n'; } | letter alice >micalg.eml
  reads "micalg “$micalg”" micalg.eml 0 signed
done

# SM-33: a content inside the detached signature is not believed, and not shown.
printf 'Content-Type: text/plain\r\n\r\nThe words that are not beside it.\r\n' >inside.part
openssl cms -sign -binary -nodetach -md sha256 $(by alice) -in inside.part -outform DER >inside.p7s
{ printf 'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=b'
  printf '\r\n\r\n--b\r\n'; cat text.part; printf '\r\n--b\r\n'
  part application/pkcs7-signature <inside.p7s; printf -- '--b--\r\n'; } | letter alice >inside.eml
reads 'a content inside a detached signature' inside.eml 3 none
json_is 'a content inside a detached signature: why' "$T/out" reason content-in-detached
unlike 'a content inside a detached signature: is not shown' \
  "$("$LETTERLOCK" mail show inside.eml 2>&1)" 'not beside it'

# ---- ES-02, SM-24: several layers -----------------------------------------------------------------

text | opaque alice | seal | opaque bob | letter alice >triple.eml
reads 'signed, sealed, signed' triple.eml 0 signed-encrypted
json_is 'signed, sealed, signed: it is whose name is inside' "$T/out" signer.address alice@example.org
text | opaque alice | seal | opaque bob | letter bob >triple-other.eml
reads 'signed, sealed, signed: who passed it on is not its author' triple-other.eml 3 \
  encrypted-unverified
text | seal | opaque alice | letter alice >outside.eml
reads 'a signature outside alone names nobody' outside.eml 3 encrypted-unverified

# ---- SM-21, SM-22: labels are hints ---------------------------------------------------------------

text | opaque alice | sed 's/signed-data/enveloped-data/' | letter alice >mislabelled.eml
reads 'signed, but labelled as sealed' mislabelled.eml 0 signed
json_is 'signed, but labelled as sealed: is not sealed' "$T/out" encrypted false
text | seal | sed 's,application/pkcs7-mime.*,application/octet-stream; name=smime.p7m\r,' \
  | letter alice >stream.eml
reads 'sealed, and labelled as any file' stream.eml 3 encrypted-unverified

# ---- CM-09: compressed data -----------------------------------------------------------------------

text | squeeze | letter alice >squeezed.eml
reads 'compressed alone' squeezed.eml 3 none
like 'compressed alone: can be read' "$("$LETTERLOCK" mail show squeezed.eml 2>&1)" \
  'The words of the letter'
text | squeeze | opaque alice | letter alice >signed-squeezed.eml
reads 'compressed, then signed' signed-squeezed.eml 0 signed
text | opaque alice | squeeze | letter alice >squeezed-signed.eml
reads 'signed, then compressed' squeezed-signed.eml 0 signed
text | opaque alice | squeeze | seal | letter alice >all.eml
reads 'signed, compressed, sealed' all.eml 0 signed-encrypted
like 'signed, compressed, sealed: can be read' "$("$LETTERLOCK" mail decrypt all.eml 2>&1)" \
  'The words of the letter'
text | squeeze | squeeze | squeeze | letter alice >thrice.eml
reads 'compressed three times: is left alone' thrice.eml 3 none
{ text; head -c 100000000 /dev/zero; } | squeeze | letter alice >bomb.eml
timeout 10 "$LETTERLOCK" mail show bomb.eml >"$T/out" 2>&1
is 'a bomb is left alone, and at once' "$(( $? != 124 && $(wc -c <"$T/out") < 10000 ))" 1

# ---- certificates alone are no signature ----------------------------------------------------------

openssl crl2pkcs7 -nocrl -certfile alice.crt -outform DER \
  | part 'application/pkcs7-mime; smime-type=certs-only' | letter alice >certs.eml
reads 'certificates alone' certs.eml 3 none
done_testing
