#!/bin/bash
# The user's own decisions about certificates, from "key trust" to the verdict of a message: a CA
# and certificates made by openssl, messages signed by openssl, and nothing in gpgsm's trustlist.txt.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"

need gpgsm openssl python3
new_home

fingerprint () # SHA-256, as the program writes it
{
  openssl x509 -in "$T/$1.crt" -noout -fingerprint -sha256 | sed 's/.*=//; s/://g'
}

# sign NAME FROM: $T/NAME.eml, signed by openssl with the certificate NAME
sign ()
{
  printf 'Content-Type: text/plain\r\n\r\nA letter.\r\n' >"$T/body"
  {
    printf 'From: %s\r\nDate: %s\r\n' "$2" "$(date -uR)"
    openssl cms -sign -in "$T/body" -signer "$T/$1.crt" -inkey "$T/$1.key" | sed 's/\r*$/\r/'
  } >"$T/$1.eml"
}

# verdict NAME: the value of an axis and the source
verdict ()
{
  run_letterlock mail verify --json "$T/$1.eml"
  echo "$STATUS $(json "$OUT" signer.axes.binding.value) $(json "$OUT" signer.axes.trust.value)" \
    "$(json "$OUT" signer.axes.trust.reason) $(json "$OUT" signer.trust_source)"
}

make_ca root
make_ca other
make_cert alice root alice@example.org p256
CERT_SAN=- make_cert nameless root - p256
make_cert carol other carol@example.org p256
sign alice alice@example.org
sign nameless bank@example.org
sign carol carol@example.org
for name in root alice nameless carol other; do smime_cert $name; done
decisions=$XDG_DATA_HOME/letterlock/decisions

is "at first nobody is trusted" "$(verdict alice)" "3 yes no root-not-trusted null"
run_letterlock mail verify "$T/alice.eml"
like "in words too" "$(cat "$OUT")" "Authority: “CN=.*Test CA root"
like "by its fingerprint" "$(cat "$OUT")" "Its fingerprint: “$(fingerprint root)”"
like "with the command that trusts it" "$(cat "$OUT")" 'What to do: .*key trust --authority'
run_letterlock key show "$(fingerprint alice)"
like "key show names it too" "$(cat "$OUT")" "Its fingerprint: $(fingerprint root)"

# --- an authority --------------------------------------------------------------------------------

exits "an authority is trusted" 0 key trust "$(fingerprint root)" --authority
like "the certificate is named" "$(cat "$OUT")" "Test CA root"
like "and its whole fingerprint" "$(cat "$OUT")" "$(fingerprint root)"
is "then what it issued is good" "$(verdict alice)" "0 yes yes none decision"
is "and what another issued is not" "$(verdict carol)" "3 yes no root-not-trusted null"
is "the file is for its owner alone" "$(stat -c %a "$decisions")" 600
like "people can read it" "$(cat "$decisions")" "decision=authority"
exits "key show tells it" 0 key show --json "$(fingerprint root)"
json_is "in JSON" "$OUT" 'keys[0].decision' authority
exits "and in words" 0 key show "$(fingerprint root)"
like "with the words for it" "$(cat "$OUT")" 'Your decision: trust this authority'
like "and believes it" "$(cat "$OUT")" 'Trusted because: .*authority that you decided to trust'
unlike "without blaming an authority for signing no mail" "$(cat "$OUT")" 'Not trusted'
exits "the certificate below it tells why it is believed" 0 key show "$(fingerprint alice)"
like "by the decision" "$(cat "$OUT")" 'authority that you decided to trust'

# --- a certificate in a file, and the profile -----------------------------------------------------

make_cert short root short@example.org rsa2048
sign short short@example.org
exits "a certificate is looked at without importing it" 0 key show --json --file "$T/short.crt"
json_is "whether it is believed" "$OUT" 'keys[0].trust.value' yes
openssl x509 -in "$T/short.crt" -outform DER -out "$T/short.der"
exits "in DER too" 0 key show --json --file "$T/short.der"
exits "what is none is refused" 41 key show --file "$T/body"
run_letterlock mail verify --json --profile bsi "$T/short.eml"
json_is "a profile flags what it does not allow (BR-11)" "$OUT" signer.axes.trust.reason below-profile
like "as a caution" "$(json "$OUT" cautions)" below-profile
run_letterlock mail verify --json --profile bsi "$T/alice.eml"
json_is "and nothing else" "$OUT" signer.axes.trust.reason none
run_letterlock key list --check alice@example.org
like "a list tells of each whether it is believed" "$(cat "$OUT")" 'Trusted because:'

# --- refusing ------------------------------------------------------------------------------------

exits "one certificate is refused, by its SHA-1 fingerprint" 0 \
  key trust --refuse "$(smime_fingerprint alice)"
is "then it is not trusted" "$(verdict alice)" "3 yes no never-trusted null"
exits "it is forgotten again" 0 key trust --forget "$(fingerprint alice)"
is "and good again" "$(verdict alice)" "0 yes yes none decision"
exits "an authority is refused" 0 key trust --refuse "$(fingerprint root)"
is "then what it issued is not trusted" "$(verdict alice)" "3 yes no never-trusted null"
run_letterlock mail verify --json --anchors "$T/root.crt" "$T/alice.eml"
json_is "not even with its root as an anchor" "$OUT" signer.axes.trust.reason never-trusted
exits "a certificate that is not here may be refused" 0 key trust --refuse "$(printf 'A%.0s' {1..64})"
like "by its fingerprint" "$(cat "$OUT")" AAAAAAAA
exits "and forgotten" 0 key trust --forget "$(printf 'A%.0s' {1..64})"

# --- pinning -------------------------------------------------------------------------------------

exits "a certificate is pinned" 0 key trust --pin "$(fingerprint carol)"
is "then it is good without its authority" "$(verdict carol)" "0 yes yes none pinned"
exits "a pin cannot be for another's address" 37 key trust --pin "$(fingerprint carol)" x@example.org
like "and that is said" "$(cat "$ERR")" 'carol@example.org.*cannot be pinned for “x@example.org”'
exits "a certificate without an address needs one" 19 key trust --pin "$(fingerprint nameless)"
exits "with one it is pinned (SC-07)" 0 key trust --pin "$(fingerprint nameless)" bank@example.org
like "for whom is told" "$(cat "$OUT")" 'bank@example.org'
run_letterlock key trust --forget "$(fingerprint root)"
is "then it belongs to that address" "$(verdict nameless)" "0 yes yes none pinned"
sign nameless thief@example.org
is "and to no other" "$(verdict nameless)" "3 no no root-not-trusted null"
exits "a second address is added" 0 key trust --pin "$(fingerprint nameless)" thief@example.org
is "and counts too" "$(verdict nameless)" "0 yes yes none pinned"
like "both are kept" "$(cat "$decisions")" 'addresses=bank@example.org;thief@example.org'

make_cert dora other dora@example.org p256
smime_cert dora
sign dora dora@example.org
make_crl other
revoke_cert dora other
make_crl other
run_letterlock key trust --pin "$(fingerprint dora)"
is "a pin holds as long as nobody who may revoke it is believed" "$(verdict dora)" \
  "0 yes yes none pinned"
known=(--anchors "$T/other.crt" --crl "$T/other.crl")
exits "who is believed may revoke a pinned certificate" 3 mail verify --json "${known[@]}" "$T/dora.eml"
json_is "and that is said" "$OUT" signer.axes.time.reason key-revoked
json_is "the pin still tells whose it is" "$OUT" signer.trust_source pinned
exits "nobody encrypts to it" 17 \
  file encrypt --smime "${known[@]}" -r dora@example.org -o "$T/x.p7m" "$T/body"
exits "another pinned one stays good" 0 mail verify "${known[@]}" "$T/carol.eml"

# --- a certificate that only a message brought ----------------------------------------------------

make_cert erin other erin@example.org p256
sign erin erin@example.org
exits "who is not here cannot be pinned" 61 key trust --pin "$(fingerprint erin)"
exits "a signed message brings its certificates" 0 key import "$T/erin.eml"
is "and makes nobody trusted" "$(verdict erin)" "3 yes no root-not-trusted null"
exits "now they can be" 0 key trust --pin "$(fingerprint erin)"
is "and the message is good" "$(verdict erin)" "0 yes yes none pinned"
exits "a message without any brings nothing" 41 key import "$T/body"
run_letterlock key trust --authority "$(fingerprint root)"
exits "the doctor knows of decisions" 0 doctor
like "as a source of roots" "$(cat "$OUT")" 'S/MIME roots come from your own decisions'
run_letterlock key trust --forget "$(fingerprint root)"

# --- what makes no sense -------------------------------------------------------------------------

exits "who is no authority does not become one" 37 key trust --authority "$(fingerprint alice)"
exits "no decision is none" 19 key trust "$(fingerprint alice)"
exits "two are one too many" 37 key trust --pin --refuse "$(fingerprint alice)"
exits "an address is no fingerprint" 37 key trust --pin alice@example.org
exits "a certificate that is not here cannot be trusted" 61 \
  key trust --authority "$(printf 'B%.0s' {1..64})"
openpgp_key bob@example.org
exits "an OpenPGP key is for gpg" 37 key trust --pin "$(openpgp_fingerprint bob@example.org)"
like "and it is said how" "$(cat "$ERR")" 'gpg --lsign-key'
exits "JSON tells the decision" 0 key trust --json --refuse "$(fingerprint other)"
json_is "in one word" "$OUT" decision refuse
json_is "with the certificate" "$OUT" 'keys[0].fingerprint' "$(fingerprint other)"

sed -i 's/^decision=refuse/decision=perhaps/' "$decisions"
exits "a file of decisions that cannot be understood stops the work" 41 mail verify "$T/carol.eml"
like "and is named" "$(cat "$ERR")" "$decisions.*authority, pin or refuse"

sed -i 's/^decision=perhaps/decision=refuse/; s/^addresses=.*/addresses=bank@example.org\\q;/' "$decisions"
exits "so do addresses that cannot be read: a pin for one is not one for all" 41 \
  mail verify "$T/carol.eml"
like "and the certificate is named" "$(cat "$ERR")" "$decisions.*$(fingerprint nameless)"

done_testing
