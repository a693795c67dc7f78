#!/bin/bash
# What gpg-agent refuses reaches the person as what it is, with the key's owner and the right exit
# status, in both technologies: a cancelled and a wrong passphrase, no pinentry, no agent, no key.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"
need gpg gpgsm openssl

make_ca root
make_cert alice root alice@example.org rsa2048
new_home one
smime_trust root
openpgp_key bob@example.org protected
exits "a certificate with its key comes in" 0 key import --passphrase-fd 3 "$T/alice.p12" \
  3<<<"$PASSPHRASE"

echo secret >"$T/plain.txt"
openssl cms -encrypt -aes256 -binary -in "$T/plain.txt" -outform DER -recip "$T/alice.crt" \
  -out "$T/alice.p7m"
gpg --batch --quiet --trust-model always -r bob@example.org -o "$T/bob.gpg" -e "$T/plain.txt"
message alice@example.org x@example.org Test >"$T/alice.eml"
message bob@example.org x@example.org Test >"$T/bob.eml"

# tries WHO WORD STATUS REGEX: signing and decrypting both end so, and write nothing.
tries ()
{
  local who=$1 word=$2 status=$3 regex=$4 file
  case $who in alice) file=$T/alice.p7m ;; *) file=$T/bob.gpg ;; esac
  forget_passphrases
  exits "$who, $word: no signature" "$status" mail sign --as "$who@example.org" \
    --output "$T/signed.eml" "$T/$who.eml"
  like "$who, $word: it is said" "$(<"$ERR")" "$regex"
  not_ok "$who, $word: nothing is written" test -e "$T/signed.eml"
  forget_passphrases
  exits "$who, $word: no decryption" "${5:-$status}" file decrypt -o "$T/out.txt" "$file"
  like "$who, $word: it is said again" "$(<"$ERR")" "${6:-$regex}"
  not_ok "$who, $word: no plaintext" test -e "$T/out.txt"
}

for who in alice bob; do
  echo wrong >"$GNUPGHOME/answer"
  tries $who "a wrong passphrase" 67 "The key of “$who@example.org”: .*passphrase was wrong"
  echo '!cancel' >"$GNUPGHOME/answer"
  tries $who "a cancelled passphrase" 67 "The key of “$who@example.org”.*passphrase was not given"
done

mv "$GNUPGHOME/pinentry" "$GNUPGHOME/pinentry.away"
tries alice "no pinentry" 67 "The key of “alice@example.org”: .*pinentry"
tries bob "no pinentry" 67 "The key of “bob@example.org”: .*pinentry"
mv "$GNUPGHOME/pinentry.away" "$GNUPGHOME/pinentry"

echo "$PASSPHRASE" >"$GNUPGHOME/answer"
exits "a passphrase for a message, given" 0 file encrypt --symmetric -o "$T/sym.gpg" "$T/plain.txt"
forget_passphrases
echo '!cancel' >"$GNUPGHOME/answer"
exits "and not given" 67 file decrypt -o "$T/out.txt" "$T/sym.gpg"
unlike "does not speak of a private key" "$(<"$ERR")" 'private key'
like "but of the passphrase" "$(<"$ERR")" 'passphrase was not given'
exits "nor when it is to be chosen" 67 file encrypt --symmetric -o "$T/sym2.gpg" "$T/plain.txt"
unlike "does it speak of a private key" "$(<"$ERR")" 'private key'
not_ok "and nothing is written" test -e "$T/sym2.gpg"

echo "$PASSPHRASE" >"$GNUPGHOME/answer"
rm "$GNUPGHOME"/private-keys-v1.d/*
gpgconf --kill gpg-agent
tries alice "no key" 79 'no S/MIME key|no private key|none of your own' 29 'none of your keys'

gpgconf --kill gpg-agent
socket=$(gpgconf --list-dirs agent-socket)
rm -f "$socket"
mkdir -p "$socket/no-socket"
exits "no agent: no signature" 67 mail sign --smime --as alice@example.org \
  --output "$T/signed.eml" "$T/alice.eml"
like "which is said" "$(<"$ERR")" 'gpg-agent cannot be reached.*cannot be started'
not_ok "and nothing is written" test -e "$T/signed.eml"
exits "no agent: no import" 67 key import --passphrase-fd 3 "$T/alice.p12" 3<<<"$PASSPHRASE"
rm -r "$socket"
done_testing
