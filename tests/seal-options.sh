#!/bin/bash
# The options and settings that say how S/MIME is made: ciphers, paddings, digests, several signers,
# and the strict profile (BR-11).
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"
need gpgsm openssl

make_ca root
make_cert alice root alice@example.org rsa3072
make_cert bob root bob@example.org p384
make_cert short root short@example.org rsa2048
new_home
for name in alice bob short; do smime_key $name; done
smime_trust root
cd "$T" || exit 99
echo 'attack at dawn' >plan
message alice@example.org bob@example.org Plan >plan.eml
mkdir -p "$XDG_CONFIG_HOME/letterlock"

settings () { printf '[smime]\n%s\n' "$@" >"$XDG_CONFIG_HOME/letterlock/letterlock.conf"; }

dump () { openssl asn1parse -inform DER -in "$1" 2>/dev/null; }

# has NAME FILE WORD: openssl names this algorithm in it.
has () { like "$1" "$(dump "$2")" "$3"; }
has_not () { unlike "$1" "$(dump "$2")" "$3"; }

# ---- ciphers ------------------------------------------------------------------------------------

exits "a cipher by its name" 0 file encrypt --cipher aes-128-gcm -r alice@example.org -o a.p7m plan
has "it is that one" a.p7m aes-128-gcm
exits "what --aead is short for" 0 file encrypt --aead -r alice@example.org -o b.p7m plan
has "AES-256-GCM" b.p7m aes-256-gcm
exits "a cipher that nobody has" 37 file encrypt --cipher 3DES -r alice@example.org -o c.p7m plan
like "the error names those that there are" "$(cat "$ERR")" 'AES-256-GCM, ChaCha20-Poly1305, .*AES-128-CBC'
ok "and nothing is written" test ! -e c.p7m
exits "the same for mail" 37 mail encrypt --smime --cipher rot13 plan.eml
like "also by name" "$(cat "$ERR")" 'AES-256-CBC'
exits "OpenPGP has no such option" 37 file encrypt --openpgp --cipher AES-256-GCM -r x@example.org plan
like "the error says for what it is" "$(cat "$ERR")" '--cipher is for S/MIME only'
exits "two ciphers at once are refused" 37 \
  file encrypt --aead --cipher AES-256-CBC -r alice@example.org -o c.p7m plan
exits "and a passphrase with a cipher of S/MIME" 37 \
  file encrypt --symmetric --cipher AES-256-GCM -o c.gpg plan
settings cipher=AES-192-CBC
exits "a cipher from the settings" 0 file encrypt --smime -r alice@example.org -o d.p7m plan
has "it is taken" d.p7m aes-192-cbc
exits "an option goes before it" 0 file encrypt --cipher AES-256-GCM -r alice@example.org -o e.p7m plan
has "that one is taken" e.p7m aes-256-gcm
settings cipher=none
exits "a setting that is not a cipher is an error" 41 file encrypt --smime -r alice@example.org plan
rm "$XDG_CONFIG_HOME/letterlock/letterlock.conf"

# ---- RSA ----------------------------------------------------------------------------------------

exits "RSA v1.5 by itself" 0 file encrypt --smime -r alice@example.org -o f.p7m plan
has_not "there is no OAEP in it" f.p7m rsaesOaep
exits "OAEP when it is wanted" 0 file encrypt --oaep -r alice@example.org -o g.p7m plan
has "OAEP" g.p7m rsaesOaep
exits "PSS when it is wanted" 0 file sign --pss --as alice@example.org -o h.p7s plan
has "PSS" h.p7s rsassaPss
settings oaep=true pss=true
exits "OAEP by the settings" 0 file encrypt --smime -r alice@example.org -o i.p7m plan
has "OAEP without an option" i.p7m rsaesOaep
exits "PSS by the settings" 0 mail sign --smime plan.eml
rm "$XDG_CONFIG_HOME/letterlock/letterlock.conf"

# ---- signatures ---------------------------------------------------------------------------------

run_letterlock mail sign --smime --digest sha-512 plan.eml
like "another digest" "$(cat "$OUT")" 'micalg="sha-512"'
exits "a digest that nobody has" 37 mail sign --smime --digest md5 plan.eml
like "the error names those that there are" "$(cat "$ERR")" 'SHA-256, SHA-384, SHA-512'
exits "two people sign a file" 0 file sign --smime --as alice@example.org --as bob@example.org \
  -o two.p7s plan
exits "it verifies" 0 file verify --json --content plan two.p7s
json_is "both are named" "$OUT" 'len(files[0].report.layers[0].signature.signers)' 2
exits "two people sign a letter" 0 mail sign --smime --as bob@example.org --as alice@example.org plan.eml
like "both digests are named" "$(cat "$OUT")" 'micalg="sha-384,sha-256"'
exits "nobody signs when one of them cannot" 79 file sign --smime --as alice@example.org \
  --as eve@example.org -o three.p7s plan
exits "by key identifier" 0 file sign --key-id --as alice@example.org -o k.p7s plan
exits "that verifies" 0 file verify --content plan k.p7s

# ---- the strict profile -------------------------------------------------------------------------

exits "the profile bsi encrypts" 0 file encrypt --smime --profile bsi -r alice@example.org -o m.p7m plan
has "with AES-GCM" m.p7m aes-256-gcm
has "with OAEP" m.p7m rsaesOaep
exits "it signs" 0 file sign --smime --profile bsi --as alice@example.org -o n.p7s plan
has "with PSS" n.p7s rsassaPss
exits "it refuses a short key" 17 file encrypt --smime --profile bsi -r short@example.org -o o.p7m plan
like "with the reason" "$(cat "$ERR")" '2048 bits'
exits "it does not sign with one" 79 file sign --smime --profile bsi --as short@example.org plan
exits "it refuses AES-CBC" 17 file encrypt --profile bsi --cipher AES-256-CBC -r alice@example.org plan
exits "there is no other profile" 37 file encrypt --profile nsa -r alice@example.org plan
done_testing
