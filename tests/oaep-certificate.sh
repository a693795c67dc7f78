#!/bin/bash
# AL-02: a certificate whose key is for RSAES-OAEP alone (RFC 4055 section 4.1), the whole way: it is
# listed, chosen and encrypted to with OAEP and nothing else, gpg-agent's key opens the file, and it
# vouches for no signature.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"
need gpgsm openssl python3
new_home

make_ca root
make_cert plain root plain@example.org rsa3072
make_cert oaep root oaep@example.org rsa3072
make_cert forged root forged@example.org rsa3072
make_ca stranger

# No tool makes such a certificate: another object identifier for the key, and the authority signs
# again.
for_oaep () # NAME AUTHORITY
{
  openssl x509 -in "$T/$1.crt" -outform DER -out "$T/$1.der"
  python3 - "$T/$1.der" "$T/$1.tbs" change <<'PYTHON'
import sys
der = open(sys.argv[1], "rb").read()
rsa = bytes.fromhex("06092a864886f70d010101")
assert der[:2] == b"\x30\x82" and der[4:6] == b"\x30\x82" and der.count(rsa) == 1
length = 4 + int.from_bytes(der[6:8], "big")
open(sys.argv[2], "wb").write(der[4:4 + length].replace(rsa, rsa[:-1] + b"\x07"))
PYTHON
  openssl dgst -sha256 -sign "$T/$2.key" -out "$T/$1.sig" "$T/$1.tbs"
  python3 - "$T/$1.tbs" "$T/$1.sig" "$T/$1.der" <<'PYTHON'
import sys
tbs, signature = (open(name, "rb").read() for name in sys.argv[1:3])
ecdsa_sha256 = bytes.fromhex("300a06082a8648ce3d040302")
bits = b"\x03" + bytes([len(signature) + 1, 0]) + signature
body = tbs + ecdsa_sha256 + bits
open(sys.argv[3], "wb").write(b"\x30\x82" + len(body).to_bytes(2, "big") + body)
PYTHON
  openssl x509 -inform DER -in "$T/$1.der" -out "$T/$1.crt"
}

smime_trust root
smime_key oaep # gpgsm knows no keygrip of an id-RSAES-OAEP key, but of the plain one
gpgsm --batch --yes --delete-keys "$(smime_fingerprint oaep)" 2>/dev/null
for_oaep oaep root
like "the certificate is for OAEP alone" "$(openssl asn1parse -in "$T/oaep.crt")" ':rsaesOaep'
ok "gpgsm keeps it" smime_cert oaep
smime_key plain
cd "$T" || exit 99
echo 'attack at dawn' >plan
dump () { openssl asn1parse -inform DER -in "$1" 2>/dev/null; }

exits "it is listed" 0 key list --json oaep@example.org
json_is "by its kind" "$OUT" 'keys[0].subkeys[0].algorithm' rsa-oaep3072
json_is "it can encrypt" "$OUT" 'keys[0].subkeys[0].can_encrypt' true
json_is "it cannot sign" "$OUT" 'keys[0].subkeys[0].can_sign' false
json_is "our agent has its private key" "$OUT" 'keys[0].has_secret' true

exits "the plan chooses it (AL-02)" 0 file encrypt --smime -r oaep@example.org -o a.p7m plan
like "with OAEP" "$(dump a.p7m)" ':rsaesOaep'
unlike "and nothing else" "$(dump a.p7m)" ':rsaEncryption'
exits "the agent opens it" 0 file decrypt -o a.out a.p7m
ok "to what it was" cmp a.out plan
exits "beside another recipient" 0 file encrypt --smime -r oaep@example.org -r plain@example.org \
  -o b.p7m plan
like "which gets the usual padding" "$(dump b.p7m)" ':rsaEncryption'
ok "openssl opens it as that one" openssl cms -decrypt -inform DER -in b.p7m \
  -recip plain.crt -inkey plain.key -out b.out
ok "to what it was, too" cmp b.out plan
message plain@example.org oaep@example.org Plan >plan.eml
exits "mail goes the same way" 0 mail encrypt --smime -o m.eml plan.eml
exits "and comes back" 0 mail show m.eml
like "with its text" "$(cat "$OUT")" 'attack|Hello|plan|Plan'
for_oaep forged stranger
run_letterlock key show --json --anchors root.crt --file forged.crt
json_is "one that somebody else signed is not believed" "$OUT" 'keys[0].trust.reason' chain-signature
run_letterlock key show --json --anchors root.crt --file oaep.crt
json_is "that of the authority is, but not for signatures" "$OUT" 'keys[0].trust.reason' key-usage
exits "nothing is signed with it" 79 file sign --smime --as oaep@example.org -o s.p7s plan

done_testing
