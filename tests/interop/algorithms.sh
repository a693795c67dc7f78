#!/bin/bash
# The table of S/MIME: content cipher x recipient x signature, made by us and read by `openssl cms`
# and gpgsm, and the other way round (issue bar 3; SM-02..05, SM-19, AL-01..05, AL-08, AL-09).
#
# Each cell is tried. A peer that fails where it is known to lack something gives "cannot", with its
# own words as evidence; where it is not known, or where it is we who fail, the test fails. By itself
# it tries each cipher with each recipient, each signature, and a diagonal of all three; the whole
# cube takes an hour: LETTERLOCK_TABLE=whole tests/interop/algorithms.sh
. "${top_srcdir:-$(dirname "$0")/../..}/tests/lib.sh"
need gpgsm openssl

CELLS=$T/cells.tsv EVIDENCE=$T/evidence.tsv
: >"$CELLS" && : >"$EVIDENCE"
head -c 2000 /dev/zero | openssl enc -aes-128-ctr -K 00 -iv 00 2>/dev/null >"$T/short"
head -c 600000 /dev/zero | openssl enc -aes-128-ctr -K 01 -iv 00 2>/dev/null >"$T/long"

GPGSM_VERSION=$(gpgsm --version | awk 'NR == 1 { print $3 }')
OPENSSL_VERSION=$(openssl version | awk '{ print $2 }')
gpgsm_before () { dpkg --compare-versions "$GPGSM_VERSION" lt "$1"; }
openssl_before () { dpkg --compare-versions "$OPENSSL_VERSION" lt "$1"; }

# ---- people -------------------------------------------------------------------------------------

CIPHERS='AES-128-CBC AES-192-CBC AES-256-CBC AES-128-GCM AES-192-GCM AES-256-GCM ChaCha20-Poly1305'
KINDS='rsa2048 p256 p384 p521 brainpoolP256r1 brainpoolP384r1 brainpoolP512r1 pss ed25519 x25519'

make_people () {
  make_ca root || return 1
  new_home
  for kind in $KINDS; do
    make_cert "$kind" root "$kind@example.org" "$kind" && smime_key "$kind" || return 1
  done
  smime_trust root
}

quietly () { GNUPGHOME=$GNUPGHOME gpgsm --batch --quiet --disable-crl-checks "$@"; }

# ---- a cell -------------------------------------------------------------------------------------

# cell TABLE ROW COLUMN WHAT-THE-PEER-LACKS COMMAND...: the command fails with 77 when we are to blame.
cell () {
  local table=$1 row=$2 column=$3 lacks=$4 result status evidence
  shift 4
  "$@" >"$T/cell.log" 2>&1
  status=$?
  evidence=$(grep -av -e '^$' -e '^engine ' "$T/cell.log" | tr -d '\0' | tail -n 1 | cut -c 1-200)
  if [ $status = 0 ]; then
    result=pass
    pass "$table: $row, $column"
  elif [ -n "$lacks" ] && [ $status != 77 ]; then
    result=cannot
    skip "$table: $row, $column" "the peer cannot: $lacks"
    printf '%s\t%s\t%s\n' "$table" "$lacks" "$evidence" >>"$EVIDENCE"
  else
    result=FAIL
    fail "$table: $row, $column" "$(tail -n 5 "$T/cell.log" | tr -d '\0')"
  fi
  printf '%s\t%s\t%s\t%s\n' "$table" "$row" "$column" "$result" >>"$CELLS"
}

print_tables () {
  awk -F '\t' '
    !($1 in seen) { seen[$1] = 1; tables[++n] = $1 }
    !(($1, $2) in row) { row[$1, $2] = 1; rows[$1, ++rn[$1]] = $2 }
    !(($1, $3) in col) { col[$1, $3] = 1; cols[$1, ++cn[$1]] = $3 }
    { value[$1, $2, $3] = $4; count[$4]++ }
    END {
      for (t = 1; t <= n; t++) {
        table = tables[t]
        width = 4
        for (r = 1; r <= rn[table]; r++)
          if (length (rows[table, r]) > width) width = length (rows[table, r])
        format = "# %-" width "s"
        printf "#\n# %s\n" format, table, ""
        for (c = 1; c <= cn[table]; c++) printf " %-18s", cols[table, c]
        printf "\n"
        for (r = 1; r <= rn[table]; r++) {
          printf format, rows[table, r]
          for (c = 1; c <= cn[table]; c++) printf " %-18s", value[table, rows[table, r], cols[table, c]]
          printf "\n"
        }
      }
      printf "#\n# %d pass, %d FAIL, %d the peer cannot\n", count["pass"], count["FAIL"], count["cannot"]
    }' "$CELLS"
  echo '# what the peers say:'
  sort -u -t "$(printf '\t')" -k1,2 "$EVIDENCE" | sed 's/\t/: /; s/\t/: /; s/^/#   /'
}

# ---- encryption ---------------------------------------------------------------------------------

# What a peer has no means for, by what is to be read or made; nothing when it should.
openssl_lacks () { # CIPHER RECIPIENT
  case $1 in ChaCha20*) echo 'ChaCha20-Poly1305 in CMS' ;; esac
  case $2 in X25519*) echo 'X25519 recipients (RFC 8418)' ;; esac
}

gpgsm_lacks () {
  case $1 in
    ChaCha20*) echo 'ChaCha20-Poly1305 in CMS' ;;
    *GCM) echo 'AES-GCM of others' ;;
  esac
  case $2 in
    *OAEP*) echo OAEP ;;
    *'key id') echo 'recipients by key identifier' ;;
    X25519*) echo 'X25519 recipients (RFC 8418)' ;;
    P-* | brainpool*) if gpgsm_before 2.4; then echo 'ECDH before 2.4'; fi ;;
  esac
}

lacks () { "$@" | head -n 1; }

we_open () { # FILE CONTENT
  "$LETTERLOCK" file decrypt -q --force -o "$T/opened" "$1" && cmp "$T/opened" "$2" || return 77
}

openssl_opens () { # WHO CONTENT
  openssl cms -decrypt -binary -inform DER -in "$T/sealed" -recip "$T/$1.crt" -inkey "$T/$1.key" \
    -out "$T/opened" && cmp "$T/opened" "$2"
}

gpgsm_opens () { # CONTENT
  quietly -d <"$T/sealed" >"$T/opened" && cmp "$T/opened" "$1"
}

# The recipients that we write to: a name, whose, how.
our_recipients () {
  cat <<END
RSA v1.5|rsa2048|
RSA v1.5, key id|rsa2048|--key-id
RSA OAEP|rsa2048|--oaep
RSA OAEP, key id|rsa2048|--oaep --key-id
P-256|p256|
P-256, key id|p256|--key-id
P-384|p384|
P-521|p521|
brainpoolP256r1|brainpoolP256r1|
brainpoolP384r1|brainpoolP384r1|
brainpoolP512r1|brainpoolP512r1|
X25519|x25519|
END
}

we_write () {
  local name who how cipher content
  while IFS='|' read -r name who how; do
    for cipher in $CIPHERS; do
      # DER and BER in turn: what is short is written whole, what is long streams
      content=$T/long
      [[ $how != *--key-id* ]] || content=$T/short
      # shellcheck disable=SC2086
      if ! "$LETTERLOCK" file encrypt -q --smime --cipher "$cipher" $how -r "$who@example.org" \
        --force -o "$T/sealed" "$content" 2>"$T/we.log"; then
        fail "we write: $name, $cipher" "$(cat "$T/we.log")"
        continue
      fi
      cell 'we write, openssl reads' "$name" "$cipher" "$(lacks openssl_lacks "$cipher" "$name")" \
        openssl_opens "$who" "$content"
      cell 'we write, gpgsm reads' "$name" "$cipher" "$(lacks gpgsm_lacks "$cipher" "$name")" \
        gpgsm_opens "$content"
      cell 'we write, we read' "$name" "$cipher" '' we_open "$T/sealed" "$content"
    done
  done < <(our_recipients)
}

# What openssl can write beside its defaults.
openssl_recipients () {
  cat <<END
RSA v1.5|rsa2048|
RSA v1.5, key id|rsa2048|-keyid
RSA OAEP SHA-1|rsa2048|-keyopt rsa_padding_mode:oaep
RSA OAEP SHA-256|rsa2048|-keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256
RSA OAEP SHA-512/256|rsa2048|-keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha512 -keyopt rsa_mgf1_md:sha256
RSA OAEP label|rsa2048|-keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256 -keyopt rsa_oaep_label:0102ff
P-256|p256|-keyopt ecdh_kdf_md:sha256
P-256, SHA-1|p256|
P-256, cofactor|p256|-keyopt ecdh_kdf_md:sha256 -keyopt ecdh_cofactor_mode:1
P-256, key id|p256|-keyid -keyopt ecdh_kdf_md:sha256
P-384|p384|-keyopt ecdh_kdf_md:sha384
P-384, cofactor|p384|-keyopt ecdh_kdf_md:sha384 -keyopt ecdh_cofactor_mode:1
P-521|p521|-keyopt ecdh_kdf_md:sha512
brainpoolP256r1|brainpoolP256r1|-keyopt ecdh_kdf_md:sha256
brainpoolP384r1|brainpoolP384r1|-keyopt ecdh_kdf_md:sha384
brainpoolP512r1|brainpoolP512r1|-keyopt ecdh_kdf_md:sha512
X25519|x25519|
END
}

openssl_seals () { # WHO CIPHER CONTENT HOW...
  local who=$1 cipher=$2 content=$3 early=
  shift 3
  if [ "${1:-}" = -keyid ]; then early=-keyid; shift; fi
  # shellcheck disable=SC2086
  openssl cms -encrypt -stream -binary -outform DER "-${cipher,,}" -in "$content" -out "$T/sealed" \
    $early -recip "$T/$who.crt" "$@"
}

openssl_seals_we_open () {
  openssl_seals "$@" && we_open "$T/sealed" "$3"
}

openssl_writes () {
  local name who how cipher content=$T/short
  while IFS='|' read -r name who how; do
    for cipher in $CIPHERS; do
      # shellcheck disable=SC2086
      cell 'openssl writes, we read' "$name" "$cipher" "$(lacks openssl_lacks "$cipher" "$name")" \
        openssl_seals_we_open "$who" "$cipher" "$content" $how
    done
  done < <(openssl_recipients)
}

gpgsm_seals_we_open () { # WHO CIPHER
  quietly --cipher-algo "$2" -e -r "&$(smime_keygrip "$1")" <"$T/long" >"$T/sealed" \
    && we_open "$T/sealed" "$T/long"
}

gpgsm_writes () {
  local name who how cipher missing
  while IFS='|' read -r name who how; do
    [ -z "$how" ] || continue
    # gpgsm 2.4 writes X25519 as if it were a curve of RFC 5753, id-ecPublicKey with a point that
    # begins with 40, and opens only that; RFC 8418 section 2 has neither
    [ "$name" != X25519 ] || continue
    for cipher in $CIPHERS; do
      missing=$(lacks gpgsm_lacks "$cipher" "$name")
      case $cipher in *-CBC) ;; *) missing='making AES-GCM or ChaCha20-Poly1305' ;; esac
      case $cipher in
        *-CBC) cell 'gpgsm writes, we read' "$name" "$cipher" "$missing" \
          gpgsm_seals_we_open "$who" "$(tr -d - <<<"${cipher%-CBC}" | sed 's/AES128/AES/')" ;;
        *) cell 'gpgsm writes, we read' "$name" "$cipher" "$missing" \
          gpgsm_seals_we_open "$who" "$cipher" ;;
      esac
    done
  done < <(our_recipients)
}

# ---- signatures ---------------------------------------------------------------------------------

# A name, whose, our options, openssl's digest and options.
signatures () {
  cat <<END
RSA SHA-256|rsa2048|--digest SHA-256|sha256|
RSA SHA-384|rsa2048|--digest SHA-384|sha384|
RSA SHA-512|rsa2048|--digest SHA-512|sha512|
RSA-PSS SHA-256|rsa2048|--pss --digest SHA-256|sha256|-keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:-1
RSA-PSS SHA-384|rsa2048|--pss --digest SHA-384|sha384|-keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:-1
RSA-PSS SHA-512|rsa2048|--pss --digest SHA-512|sha512|-keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:-1
RSA-PSS certificate|pss||sha256|-keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:-1
RSA SHA-256, key id|rsa2048|--key-id|sha256|-keyid
ECDSA P-256|p256||sha256|
ECDSA P-256, SHA-512|p256|--digest SHA-512|sha512|
ECDSA P-384|p384||sha384|
ECDSA P-521|p521||sha512|
ECDSA brainpoolP256r1|brainpoolP256r1||sha256|
ECDSA brainpoolP384r1|brainpoolP384r1||sha384|
ECDSA brainpoolP512r1|brainpoolP512r1||sha512|
Ed25519|ed25519||sha512|
END
}

openssl_signs_not () {
  case $1 in Ed25519) if openssl_before 3.2; then echo 'Ed25519 in CMS before 3.2'; fi ;; esac
}

gpgsm_signs_not () {
  case $1 in
    Ed25519) echo 'Ed25519 in CMS' ;;
    'RSA-PSS certificate') echo 'certificates of RSA-PSS alone' ;;
    *P-521) if gpgsm_before 2.4; then echo 'P-521 before 2.4'; fi ;;
    'ECDSA P-256, SHA-512') echo 'a digest longer than the curve' ;;
    *'key id') echo 'signers by key identifier' ;;
  esac
}

openssl_verifies () { # WHO [CONTENT]
  openssl cms -verify -binary -inform DER -in "$T/signed" -CAfile "$T/root.crt" -purpose smimesign \
    -signer "$T/found.pem" -out "$T/opened" ${2:+-content "$2"} && cmp "$T/opened" "$T/long" \
    && [ "$(openssl x509 -in "$T/found.pem" -noout -serial)" = \
      "$(openssl x509 -in "$T/$1.crt" -noout -serial)" ]
}

gpgsm_verifies () { # WHO [CONTENT]
  quietly --status-fd 3 --verify "$T/signed" ${2:+"$2"} 3>"$T/status" \
    && grep -q "^\[GNUPG:\] VALIDSIG $(smime_fingerprint "$1")" "$T/status"
}

we_verify () { # WHO [CONTENT]
  "$LETTERLOCK" file verify --json ${2:+--content "$2"} "$T/signed" >"$T/report" || return 77
  [ "$(json "$T/report" 'files[0].report.signer.fingerprint')" = "$(openssl x509 -in "$T/$1.crt" \
    -noout -fingerprint -sha256 | sed 's/.*=//; s/://g')" ] || return 77
}

# An agent before GnuPG 2.3 cannot sign with Ed25519 for CMS, whoever asks.
we_sign () { # WHO FORM HOW...
  local who=$1 form=$2 opaque=
  shift 2
  [ "$form" = detached ] || opaque=--opaque
  "$LETTERLOCK" file sign -q --smime $opaque --as "$who@example.org" "$@" --force -o "$T/signed" \
    "$T/long"
}

we_sign_all () {
  local name who how rest form content
  while IFS='|' read -r name who how rest; do
    for form in detached opaque; do
      content=
      [ $form = opaque ] || content=$T/long
      # shellcheck disable=SC2086
      if ! we_sign "$who" $form $how 2>"$T/we.log"; then
        if [ "$name" = Ed25519 ] && gpgsm_before 2.3; then
          skip "we sign: $name, $form" "$(tail -n 1 "$T/we.log")"
          continue
        fi
        fail "we sign: $name, $form" "$(cat "$T/we.log")"
        continue
      fi
      cell 'we sign, openssl reads' "$name" $form "$(openssl_signs_not "$name")" \
        openssl_verifies "$who" $content
      cell 'we sign, gpgsm reads' "$name" $form "$(gpgsm_signs_not "$name")" \
        gpgsm_verifies "$who" $content
      cell 'we sign, we read' "$name" $form '' we_verify "$who" $content
    done
  done < <(signatures)
}

openssl_signs_we_verify () { # WHO FORM DIGEST HOW...
  local who=$1 form=$2 digest=$3 stream= content=
  shift 3
  if [ "$form" = detached ]; then content=$T/long; else
    # OpenSSL cannot stream PSS: "illegal zero content"
    [[ $* == *pss* ]] || stream=-stream
    set -- -nodetach "$@"
  fi
  openssl cms -sign -binary $stream -outform DER -in "$T/long" -out "$T/signed" -md "$digest" \
    -signer "$T/$who.crt" -inkey "$T/$who.key" "$@" && we_verify "$who" $content
}

openssl_signs_all () {
  local name who how digest options form
  while IFS='|' read -r name who how digest options; do
    for form in detached opaque; do
      # shellcheck disable=SC2086
      cell 'openssl signs, we read' "$name" $form "$(openssl_signs_not "$name")" \
        openssl_signs_we_verify "$who" $form "$digest" $options
    done
  done < <(signatures)
}

gpgsm_signs_we_verify () { # WHO FORM DIGEST
  local content= detach=--sign
  if [ "$2" = detached ]; then content=$T/long detach=--detach-sign; fi
  quietly --digest-algo "${3^^}" -u "&$(smime_keygrip "$1")" $detach <"$T/long" >"$T/signed" \
    && we_verify "$1" $content
}

gpgsm_signs_all () {
  local name who how digest options form missing
  while IFS='|' read -r name who how digest options; do
    # gpgsm has no option for them; with a certificate for PSS alone it signs in the old way, which
    # RFC 4055 section 3.1 forbids
    case $name in RSA-PSS* | *'key id') continue ;; esac
    for form in detached opaque; do
      cell 'gpgsm signs, we read' "$name" $form "$(gpgsm_signs_not "$name")" \
        gpgsm_signs_we_verify "$who" $form "$digest"
    done
  done < <(signatures)
}

# ---- all three ----------------------------------------------------------------------------------

# Signed inside, encrypted outside; openssl opens both layers.
openssl_opens_both () { # RECIPIENT SIGNER
  openssl cms -decrypt -binary -inform DER -in "$T/sealed" -recip "$T/$1.crt" -inkey "$T/$1.key" \
    -out "$T/signed" && openssl_verifies "$2"
}

both () { # SIGNATURE SIGNER HOW RECIPIENT-NAME RECIPIENT HOW CIPHER
  # shellcheck disable=SC2086
  if ! "$LETTERLOCK" file encrypt -q --smime --sign --as "$2@example.org" $3 $6 --cipher "$7" \
    -r "$5@example.org" --force -o "$T/sealed" "$T/long" 2>"$T/we.log"; then
    if [ "$1" = Ed25519 ] && gpgsm_before 2.3; then return 0; fi
    fail "signed and encrypted: $1, $4, $7" "$(cat "$T/we.log")"
    return 1
  fi
  cell 'we sign and encrypt' "$1 | $4 | $7" 'openssl reads' \
    "$(lacks openssl_lacks "$7" "$4")$(openssl_signs_not "$1")" openssl_opens_both "$5" "$2"
  cell 'we sign and encrypt' "$1 | $4 | $7" 'we read' '' we_open "$T/sealed" "$T/long"
}

all_three () {
  local name who how rest rname rwho rhow cipher i=0 n=0
  local -a recipients ciphers=($CIPHERS)
  mapfile -t recipients < <(our_recipients)
  while IFS='|' read -r name who how rest; do
    i=0
    for line in "${recipients[@]}"; do
      IFS='|' read -r rname rwho rhow <<<"$line"
      for cipher in $CIPHERS; do
        if [ "${LETTERLOCK_TABLE:-}" = whole ] || { [ $((i % ${#recipients[@]})) = $((n % ${#recipients[@]})) ] \
          && [ "$cipher" = "${ciphers[n % ${#ciphers[@]}]}" ]; }; then
          both "$name" "$who" "$how" "$rname" "$rwho" "$rhow" "$cipher"
        fi
      done
      i=$((i + 1))
    done
    n=$((n + 1))
  done < <(signatures)
}

make_people || { echo "Bail out! no people"; exit 99; }
we_write
openssl_writes
gpgsm_writes
we_sign_all
openssl_signs_all
gpgsm_signs_all
all_three
print_tables
done_testing
