# Sourced after lib.sh by tests that need somebody to write to: Alice and Bob in one GnuPG home, each
# with an OpenPGP key and an RSA certificate, both trusted.

ALICE='Alice <alice@example.org>'
BOB='Bob <bob@example.org>'

# two_people HOME-NAME [protected]: with “protected”, private keys have $PASSPHRASE.
two_people ()
{
  local protected=${2:-} name
  new_home "$1"
  [ -e "$T/root.crt" ] || make_ca root
  smime_trust root
  for name in alice bob; do
    openpgp_key $name@example.org "${protected:-ed25519}"
    openpgp_trust $name@example.org
    [ -e "$T/$name.crt" ] || make_cert $name root $name@example.org rsa3072
    if [ -n "$protected" ]; then smime_p12 $name; else smime_key $name; fi
  done
}

# letter [BODY]: from Alice to Bob.
letter ()
{
  message "$ALICE" "$BOB" 'A letter for a test' "${1:-The secret words of a letter.}"
}
