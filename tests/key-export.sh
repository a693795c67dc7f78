#!/bin/bash
# Keys out of one home and into another: what was exported signs and decrypts there, and openssl and
# gpgsm read it too. SC-24: written with PBES2, AES-256 and a MAC with SHA-256.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"
need gpgsm gpg openssl

# export_as FILE ARGUMENT...: what the new passphrase of the file is, is in $FILE_PASSPHRASE.
FILE_PASSPHRASE='für die Reise'
export_as ()
{
  local file=$1
  shift
  exits "export to ${file##*/}" 0 key export --secret --passphrase-fd 3 -o "$file" "$@" \
    3<<<"$FILE_PASSPHRASE"
}

# import_from FILE: into the home of now.
import_from ()
{
  exits "import of ${1##*/}" 0 key import --passphrase-fd 3 "$1" 3<<<"$FILE_PASSPHRASE"
}

make_ca root
make_cert alice root alice@example.org rsa2048
make_cert bob root bob@example.org p256
make_cert carol root carol@example.org p521

# --- public ------------------------------------------------------------------------------------------

new_home one
smime_trust root
openpgp_key alice@example.org
smime_cert alice
exits "keys of both technologies: which?" 37 key export alice@example.org
like "it is said how to choose" "$(<"$ERR")" 'Add “--openpgp” or “--smime”'
exits "a certificate" 0 key export --smime alice@example.org
ok "comes as PEM" openssl x509 -in "$OUT" -noout
is "and is the one" "$(openssl x509 -in "$OUT" -outform DER | sha256sum)" \
  "$(openssl x509 -in "$T/alice.crt" -outform DER | sha256sum)"
exits "a certificate in DER" 0 key export --smime --der alice@example.org
ok "is DER" cmp "$OUT" <(openssl x509 -in "$T/alice.crt" -outform DER)
exits "a certificate whose private key is somebody else's" 61 key export --smime --secret alice@example.org
like "is said to be here alone" "$(<"$ERR")" 'private key of “alice@example.org” is not here'
exits "an OpenPGP key" 0 key export --openpgp alice@example.org
like "comes in armor" "$(head -1 "$OUT")" 'BEGIN PGP PUBLIC KEY BLOCK'
unlike "without its private part" "$(gpg --list-packets <"$OUT" 2>&1)" 'secret key packet'
exits "a private OpenPGP key" 37 key export --openpgp --secret alice@example.org
like "is left to gpg" "$(<"$ERR")" 'gpg --export-secret-keys'
exits "also when there is no other" 37 key export --secret alice@example.org
exits "somebody unknown" 61 key export nobody@example.org
exits "no name at all" 19 key export
exits "the key of somebody else" 61 key export --smime --secret alice@example.org
exits "JSON needs a file" 37 key export --json --smime alice@example.org
exits "JSON tells what was written" 0 key export --json --smime -o "$T/out.pem" alice@example.org
json_is "and where" "$OUT" output "$T/out.pem"
json_is "and whose" "$OUT" 'keys[0].gnupg_fingerprint' "$(smime_fingerprint alice)"
exits "a file that is there stays" 59 key export --smime -o "$T/out.pem" alice@example.org

# --- private -----------------------------------------------------------------------------------------

# protected_key NAME: into this home, with $PASSPHRASE.
protected_key ()
{
  exits "$1's key comes in" 0 key import --passphrase-fd 3 "$T/$1.p12" 3<<<"$PASSPHRASE"
}

# story NAME ADDRESS OPTION...: out of home one, into home two; sign and decrypt there.
story ()
{
  local name=$1 address=$2 file=$T/$1.out
  shift 2
  use_home one
  forget_passphrases
  export_as "$file" "$address" "$@"
  is "$name: for nobody else's eyes" "$(stat -c %a "$file")" 600
  is "$name: nothing is left beside it" "$(find "$T" -maxdepth 1 -name ".*$name.out*" | wc -l)" 0
  like "$name: gpg-agent asked for the key's own passphrase" "$(times_asked)" '^[1-9]'
  new_home "two-$name"
  smime_trust root
  import_from "$file"
  ok "$name: signs there" sign_and_verify "$address" "$name"
  ok "$name: decrypts there" decrypt_there "$address" "$name"
}

sign_and_verify ()
{
  message "$1" x@example.org Test >"$T/$2.eml"
  run_letterlock mail sign --smime --as "$1" --output "$T/$2-signed.eml" "$T/$2.eml" || return 1
  cat "$ERR"
  openssl cms -verify -in "$T/$2-signed.eml" -CAfile "$T/root.crt" -out /dev/null
}

decrypt_there ()
{
  echo "for $2" >"$T/$2.txt"
  openssl cms -encrypt -aes256 -binary -in "$T/$2.txt" -outform DER -out "$T/$2.p7m" \
    -recip "$T/$2.crt" || return 1
  rm -f "$T/$2.plain"
  run_letterlock file decrypt -o "$T/$2.plain" "$T/$2.p7m"
  cat "$ERR"
  cmp "$T/$2.plain" "$T/$2.txt"
}

for name in alice bob carol; do
  protected_key $name
done
story alice alice@example.org
ok "alice: openssl reads the file" openssl pkcs12 -in "$T/alice.out" -noout \
  -passin "pass:$FILE_PASSPHRASE"
info=$(openssl pkcs12 -in "$T/alice.out" -noout -info -passin "pass:$FILE_PASSPHRASE" 2>&1)
like "alice: the MAC is made with SHA-256" "$info" 'MAC: sha256'
like "alice: and the key encrypted with AES-256" "$info" \
  'Shrouded Keybag: PBES2, PBKDF2, AES-256-CBC, Iteration 600000, PRF hmacWithSHA256'
like "alice: the chain is with it" \
  "$(openssl pkcs12 -in "$T/alice.out" -nokeys -passin "pass:$FILE_PASSPHRASE" 2>&1)" 'Test CA root'
is "alice: the key is the one" \
  "$(openssl pkcs12 -in "$T/alice.out" -nodes -nocerts -passin "pass:$FILE_PASSPHRASE" |
    openssl pkey -outform DER | sha256sum)" "$(openssl pkey -in "$T/alice.key" -outform DER | sha256sum)"
story bob bob@example.org
ok "bob: openssl reads the file" openssl pkcs12 -in "$T/bob.out" -noout -passin "pass:$FILE_PASSPHRASE"
rm "$T/alice.out" "$T/bob.out"
story alice alice@example.org --pem
ok "alice: openssl reads the PEM" openssl pkey -in "$T/alice.out" -noout -passin "pass:$FILE_PASSPHRASE"
story carol carol@example.org --pem

# gpgsm reads what its version can: 2.2 knows neither AES-256 nor EC keys in PKCS #12.
gpgsm_reads ()
{
  new_home "gpgsm-$1"
  gpgsm --batch --pinentry-mode loopback --passphrase-fd 0 --import "$2" <<<"$FILE_PASSPHRASE" 2>&1
  gpgsm --batch --with-colons -K 2>/dev/null | grep -q '^crs:'
}

FILE_PASSPHRASE=simple
use_home one
rm "$T/alice.out"
export_as "$T/alice.out" alice@example.org --legacy
ok "what is written for old programs is read by openssl" openssl pkcs12 -in "$T/alice.out" -noout \
  -passin "pass:$FILE_PASSPHRASE"
ok "and by gpgsm" gpgsm_reads legacy "$T/alice.out"
use_home one
rm "$T/alice.out" "$T/bob.out" 2>/dev/null
export_as "$T/alice.out" alice@example.org
export_as "$T/bob.out" bob@example.org
case $(gpgsm --version | sed -n '1s/.* //p') in
  2.[012].*|2.3.*)
    skip "gpgsm reads an RSA key in today's form" "this gpgsm knows no AES-256 in PKCS #12"
    skip "gpgsm reads an EC key in today's form" "this gpgsm knows no EC keys in PKCS #12" ;;
  *)
    ok "gpgsm reads an RSA key in today's form" gpgsm_reads rsa "$T/alice.out"
    ok "gpgsm reads an EC key in today's form" gpgsm_reads ec "$T/bob.out" ;;
esac

# --- what goes wrong ---------------------------------------------------------------------------------

use_home one
forget_passphrases
echo wrong-one >"$GNUPGHOME/answer"
exits "a wrong passphrase of the key" 67 key export --secret -o "$T/x.p12" --passphrase-fd 3 \
  alice@example.org 3<<<x
like "says whose key it is" "$(<"$ERR")" 'The key of “.*”: The passphrase was wrong'
not_ok "and nothing is written" test -e "$T/x.p12"
echo '!cancel' >"$GNUPGHOME/answer"
exits "cancelled" 130 key export --secret -o "$T/x.p12" alice@example.org
not_ok "nothing is written then either" test -e "$T/x.p12"
echo "$PASSPHRASE" >"$GNUPGHOME/answer"
exits "an empty passphrase for the file" 67 key export --secret -o "$T/x.p12" --passphrase-fd 3 \
  alice@example.org 3<<<''
like "is refused in words" "$(<"$ERR")" 'not written into a file without a passphrase'
: >"$GNUPGHOME/asked"
exits "pinentry asks" 0 key export --secret -o "$T/x.p12" alice@example.org
is "twice for the file's passphrase, once for the key's" "$(times_asked)" 3
exits "a file that is there stays" 59 key export --secret -o "$T/x.p12" alice@example.org
is "and nobody was asked" "$(times_asked)" 0
exits "but not with --force" 0 key export --force --secret -o "$T/x.p12" alice@example.org

done_testing
