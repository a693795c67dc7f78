#!/bin/bash
# Keys on a PKCS#11 token, through gpg-agent and its smart card daemon. SoftHSM stands for the token,
# and gnupg-pkcs11-scd for scdaemon: together they can do what most cards can, RSA with PKCS#1 v1.5
# and nothing else. It is shown that what they can is used, and that the rest is said in plain words.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"
need softhsm2-util pkcs11-tool gnupg-pkcs11-scd gpgsm openssl

for module in /usr/lib/softhsm/libsofthsm2.so /usr/lib/*/softhsm/libsofthsm2.so \
  /usr/lib64/softhsm/libsofthsm2.so /usr/lib64/pkcs11/libsofthsm2.so; do
  [ ! -f "$module" ] || break
done
[ -f "$module" ] || skip_all "SoftHSM's library is not where it is looked for"

PIN=123456
mkdir "$T/tokens"
export SOFTHSM2_CONF=$T/softhsm2.conf
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$T/tokens" \
  >"$SOFTHSM2_CONF"

# token_home: its agent talks to the token; "!cancel" cancels the wish for a card too.
token_home ()
{
  new_home card
  sed -i /disable-scdaemon/d "$GNUPGHOME/gpg-agent.conf"
  echo "scdaemon-program $(command -v gnupg-pkcs11-scd)" >>"$GNUPGHOME/gpg-agent.conf"
  printf 'providers soft\nprovider-soft-library %s\n' "$module" \
    >"$GNUPGHOME/gnupg-pkcs11-scd.conf"
  sed -i "/CONFIRM|MESSAGE)/s/)/) [ \"\$answer\" != '!cancel' ] || { echo 'ERR 83886179 Operation cancelled <Pinentry>'; continue; };/" \
    "$GNUPGHOME/pinentry"
  echo $PIN >"$GNUPGHOME/answer"
}

# on_token NAME: the key and its certificate.
on_token ()
{
  openssl pkcs8 -topk8 -nocrypt -in "$T/$1.key" -out "$T/$1.p8" &&
    softhsm2-util --import "$T/$1.p8" --token letters --label "$1" --id 01 --pin $PIN &&
    openssl x509 -in "$T/$1.crt" -outform DER -out "$T/$1.der" &&
    pkcs11-tool --module "$module" --login --pin $PIN --token-label letters \
      --write-object "$T/$1.der" --type cert --id 01 --label "$1"
}

make_ca root
make_cert alice root alice@example.org rsa2048
token_home
ok "a token is made" softhsm2-util --init-token --free --label letters --so-pin 12345678 --pin $PIN
ok "with a key and a certificate" on_token alice
smime_trust root
smime_cert alice
gpg-connect-agent learn /bye >"$T/learn" 2>&1
if ! grep -q "^OK" "$T/learn" || [ -z "$(ls "$GNUPGHOME/private-keys-v1.d")" ]; then
  skip_all "this gpg-agent does not learn from gnupg-pkcs11-scd: $(tail -1 "$T/learn")"
fi

# fresh: no PIN is remembered, and the token is looked at anew.
fresh ()
{
  gpgconf --kill all
  : >"$GNUPGHOME/asked"
}

like "the list says where the key is" "$("$LETTERLOCK" key list alice@example.org)" \
  'your own, on a card or token'
like "so does the one key" "$("$LETTERLOCK" key show alice@example.org)" \
  'private part on a card or token'
"$LETTERLOCK" key list --json alice@example.org >"$T/list.json"
json_is "and JSON" "$T/list.json" 'keys[0].subkeys[0].on_card' true

# --- what it can -------------------------------------------------------------------------------------

message alice@example.org x@example.org Test >"$T/a.eml"
fresh
exits "the token signs" 0 mail sign --smime --as alice@example.org --output "$T/s.eml" "$T/a.eml"
is "after one PIN" "$(times_asked)" 1
ok "openssl verifies it" openssl cms -verify -in "$T/s.eml" -CAfile "$T/root.crt" -out /dev/null

echo "for the token" >"$T/plain.txt"
seal ()
{
  openssl cms -encrypt -aes256 -binary -in "$T/plain.txt" -outform DER -recip "$T/alice.crt" "$@"
}
seal -out "$T/v15.p7m"
seal -out "$T/oaep.p7m" -keyopt rsa_padding_mode:oaep
fresh
exits "the token decrypts" 0 file decrypt -o "$T/out.txt" "$T/v15.p7m"
same "what was encrypted" "$T/out.txt" "$T/plain.txt"

# --- what it cannot ----------------------------------------------------------------------------------

fresh
exits "PSS is wished for in vain" 0 mail sign --smime --pss --as alice@example.org \
  --output "$T/pss.eml" "$T/a.eml"
like "which is said" "$(<"$ERR")" 'alice.*cannot make PSS signatures: it signs with PKCS #1 v1.5'
ok "and openssl verifies what was made" openssl cms -verify -in "$T/pss.eml" -CAfile "$T/root.crt" \
  -out /dev/null
like "without PSS" "$(openssl cms -cmsout -print -in "$T/pss.eml" | grep -A1 signatureAlgorithm:)" \
  'algorithm: rsaEncryption'
fresh
exits "OAEP cannot be decrypted" 29 file decrypt -o "$T/oaep.txt" "$T/oaep.p7m"
is "which is known before anybody types a PIN" "$(times_asked)" 0
like "and is said" "$(<"$ERR")" 'RSA-OAEP.*card or token'
not_ok "and gives nothing" test -e "$T/oaep.txt"
exits "the key does not come out" 13 key export --secret -o "$T/x.p12" alice@example.org
like "and it is said why" "$(<"$ERR")" 'on a card or token, which does not give it away'

# --- what goes wrong ---------------------------------------------------------------------------------

sign_again ()
{
  exits "$1" "$2" mail sign --smime --as alice@example.org --force --output "$T/s2.eml" "$T/a.eml"
}

decrypt_again ()
{
  exits "$1" "$2" file decrypt -o "$T/again.txt" "$T/v15.p7m"
}

fresh
echo 999999 >"$GNUPGHOME/answer"
sign_again "a wrong PIN does not sign" 67
like "and is called that, with its key" "$(<"$ERR")" 'alice@example.org.*The PIN was wrong'
not_ok "and nothing is written" test -e "$T/s2.eml"
fresh
decrypt_again "a wrong PIN does not decrypt" 67
like "and is called that" "$(<"$ERR")" 'The PIN was wrong'
fresh
echo '!cancel' >"$GNUPGHOME/answer"
sign_again "who cancels does not sign" 67
like "and reads of the PIN" "$(<"$ERR")" 'alice@example.org.*PIN was not given'
is "having been asked once" "$(times_asked)" 1
decrypt_again "who cancels does not decrypt" 67
like "and reads of the PIN" "$(<"$ERR")" 'PIN was not given'
fresh
mv "$T/tokens" "$T/away"
mkdir "$T/tokens"
sign_again "a token that is away does not sign" 67
like "and is asked for" "$(<"$ERR")" 'alice@example.org.*card or token that was not inserted'
decrypt_again "a token that is away does not decrypt" 67
like "and is asked for" "$(<"$ERR")" 'card or token that was not inserted'
like "the list still knows it" "$("$LETTERLOCK" key list alice@example.org)" 'on a card or token'
rmdir "$T/tokens"
mv "$T/away" "$T/tokens"
fresh
echo $PIN >"$GNUPGHOME/answer"
decrypt_again "back again, it decrypts" 0

# A damaged ciphertext says nothing that any other damage does not (SM-35).
damage ()
{
  python3 - "$T/v15.p7m" "$T/damaged.p7m" "$1" <<'END'
import sys
data = bytearray (open (sys.argv[1], "rb").read ())
if sys.argv[3] == "key":
    at = data.index (bytes.fromhex ("2a864886f70d010101")) + 9 + 2 + 4 + 20
else:
    at = len (data) - 1
data[at] ^= 1
open (sys.argv[2], "wb").write (data)
END
}

damage key
exits "a damaged encrypted key" 29 file decrypt -o "$T/d.txt" "$T/damaged.p7m"
key_words=$(<"$ERR")
damage content
exits "a damaged content" 29 file decrypt -o "$T/d.txt" "$T/damaged.p7m"
is "say the same" "$(<"$ERR")" "$key_words"
not_ok "and give nothing" test -e "$T/d.txt"
done_testing
