# The helpers themselves, against the real gpg, gpgsm and openssl.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"
need gpg gpgsm openssl python3
new_home

openpgp_key alice@example.org
like "an OpenPGP key has a fingerprint" "$FPR" '^[0-9A-F]{40}$'
echo hello >"$T/text"
ok "its key signs without asking" gpg --batch -q --output "$T/text.sig" --detach-sign "$T/text"
ok "and gpg verifies it" gpg --batch --verify "$T/text.sig" "$T/text"
openpgp_key carol@example.org protected
ok "a protected key signs through the pinentry" \
  gpg --batch -q -u carol@example.org --output "$T/carol.sig" --detach-sign "$T/text"
is "which was asked once" "$(times_asked)" 1
forget_passphrases
echo '!cancel' >"$GNUPGHOME/answer"
not_ok "a cancelled passphrase signs nothing" \
  gpg --batch -q -u carol@example.org --output "$T/carol2.sig" --detach-sign "$T/text"
echo "$PASSPHRASE" >"$GNUPGHOME/answer"

make_ca root
smime_trust root
for kind in rsa3072 p256; do
  make_cert "bob-$kind" root bob@example.org "$kind"
  ok "openssl accepts the $kind leaf for mail" \
    openssl verify -purpose smimesign -CAfile "$T/root.crt" "$T/bob-$kind.crt"
  ok "gpgsm takes the $kind certificate and key" smime_key "bob-$kind"
  ok "gpgsm signs with $kind" gpgsm --batch -q -u "$(smime_fingerprint "bob-$kind")" \
    --output "$T/$kind.p7s" --detach-sign "$T/text"
  ok "gpgsm verifies $kind under the trusted root" gpgsm --batch --verify "$T/$kind.p7s" "$T/text"
  ok "openssl verifies $kind too" openssl cms -verify -inform DER -in "$T/$kind.p7s" \
    -content "$T/text" -binary -CAfile "$T/root.crt" -out /dev/null
done
make_cert dora root dora@example.org rsa2048
ok "gpgsm imports PKCS#12" smime_p12 dora
ok "and signs with it" gpgsm --batch -q -u "$(smime_fingerprint dora)" \
  --output "$T/dora.p7s" --detach-sign "$T/text"
CERT_TO=20210101000000Z make_cert old root old@example.org p256
not_ok "a certificate can be made expired" openssl verify -CAfile "$T/root.crt" "$T/old.crt"
revoke_cert old root
make_crl root
like "a CRL names what was revoked" "$(openssl crl -in "$T/root.crl" -noout -text)" 'Revoked Cert'

echo '{"a": [{"b": "x"}, 2], "c": true}' >"$T/j"
json_is "a path picks text" "$T/j" 'a[0].b' x
json_is "a path picks the last" "$T/j" 'a[-1]' 2
json_is "a length is counted" "$T/j" 'len(a)' 2
json_is "a truth is printed as JSON" "$T/j" c true
json_is "what is not there is said" "$T/j" 'a[7].b' '(missing)'
isnt "a flipped bit changes a file" "$(flip "$T/text" 2)" hello
done_testing
