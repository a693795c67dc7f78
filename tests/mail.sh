# mail.sh - letterlock mail sign | encrypt | decrypt | verify | show | inspect on one letter, both
# technologies: what goes in comes out, and the verdict says what is true.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"
. "$top_srcdir/tests/people.sh"
need gpg gpgsm openssl python3
two_people g

cat >"$T/letter.eml" <<'END'
From: Alice <alice@example.org>
To: Bob <bob@example.org>
Subject: =?ISO-2022-JP?B?GyRCQmdAWiRKPGo7ZhsoQg==?=
Date: Sun, 22 Nov 2026 10:00:00 +0900
Message-ID: <1@example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="=-b"

--=-b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

From the beginning: 秘密の言葉。
trailing blank 
--=-b
Content-Type: application/octet-stream; name*=utf-8''%E6%9B%B8%E9%A1%9E.bin
Content-Disposition: attachment; filename*=utf-8''%E6%9B%B8%E9%A1%9E.bin
Content-Transfer-Encoding: base64

AAECAwQFBgcICQoLDA0ODw==
--=-b--
END
AT=2026-11-22T02:00:00Z

run ()
{
  out=$("$LETTERLOCK" "$@" 2>"$T/err" </dev/null)
  status=$?
  err=$(cat "$T/err")
}

json ()
{
  python3 -c 'import json, sys
value = json.load(open(sys.argv[1]))
for step in sys.argv[2].split("."):
    value = value[int(step)] if step.isdigit() else value[step]
print(value)' "$1" "$2"
}

# The leaves of a message and the Subject, decoded by another program.
contents ()
{
  python3 -c 'import email, email.policy, sys
message = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
print(message["subject"], message["to"])
for part in message.walk():
    if not part.is_multipart():
        data = part.get_payload(decode=True)
        if part.get_content_maintype() == "text":
            data = data.replace(b"\r\n", b"\n").rstrip(b"\n")
        print(part.get_content_type(), part.get_filename(), data)' "$1"
}

contents "$T/letter.eml" >"$T/expected"

check ()
{
  local name=$1 expected_status=$2 verb=$3
  shift 3
  run mail "$verb" "$@" -o "$T/sealed.eml" --force "$T/letter.eml"
  is "$name: $verb" "$status" 0
  [ "$status" = 0 ] || diag "$err"
  "$LETTERLOCK" mail verify --json "$T/sealed.eml" >"$T/report.json" 2>"$T/err"
  is "$name: the status is told" "$(json "$T/report.json" status)" "$expected_status"
  is "$name: every line ends in CRLF and is 7-bit" \
    "$(python3 -c 'import sys; d = open(sys.argv[1], "rb").read()
print(d.count(b"\n") == d.count(b"\r\n"), all(b < 128 for b in d))' "$T/sealed.eml")" "True True"
  case $verb in
    encrypt)
      unlike "$name: nothing of it is in clear" "$(cat "$T/sealed.eml")" '秘密|5paH|AAECAwQF'
      run mail decrypt -o "$T/opened.eml" --force "$T/sealed.eml"
      is "$name: decrypt" "$status" 0 ;;
    sign) cp "$T/sealed.eml" "$T/opened.eml" ;;
  esac
}

for technology in openpgp smime; do
  check "$technology signed" signed sign --$technology
  contents "$T/sealed.eml" | grep -v -e pgp-signature -e pkcs7-signature >"$T/got"
  same "$technology signed: the contents are the same" "$T/expected" "$T/got"
  check "$technology sealed" signed-encrypted encrypt --$technology
  contents "$T/opened.eml" >"$T/got"
  same "$technology sealed: the contents are the same" "$T/expected" "$T/got"
  is "$technology sealed: the sender is named" "$(json "$T/report.json" signer.address)" \
    alice@example.org
  check "$technology not signed" encrypted-unverified encrypt --$technology --no-sign
done
check "S/MIME opaque" signed sign --smime --opaque
check "S/MIME authenticated" signed-encrypted encrypt --smime --aead
contents "$T/opened.eml" >"$T/got"
same "S/MIME authenticated: the contents are the same" "$T/expected" "$T/got"

run mail show "$T/sealed.eml"
is "show succeeds" "$status" 0
like "show has the Subject" "$out" '大切な手紙'
like "show has the text" "$out" '│ From the beginning: 秘密の言葉。'
like "show names the attachment" "$out" '書類.bin'
run mail inspect "$T/sealed.eml"
like "inspect tells the cipher" "$out" 'AES-256-GCM'
like "inspect tells the signature's digest" "$out" 'SHA-256'

# SC-12: without the anchor nothing is good
: >"$GNUPGHOME/trustlist.txt"
gpgconf --kill gpg-agent
run mail verify --json "$T/sealed.eml"
is "without an anchor the signature is not acceptable" "$status" 3
is "and the reason is trust" "$(python3 -c 'import json, sys
print(json.load(sys.stdin)["axes"]["trust"]["value"])' <<<"$out")" no
run mail verify --anchors "$T/root.crt" "$T/sealed.eml"
is "an anchor file makes it good again" "$status" 0
run mail encrypt --smime "$T/letter.eml"
is "nobody is encrypted to without a path" "$status" 17
is "and nothing comes out" "$out" ""
run mail verify --anchors "$T/root.crt" --at 2055-01-01 --json "$T/sealed.eml"
is "judged after the certificate's life it is not acceptable" "$status" 3
like "and the report says as of when" "$out" '2055-01-01'

for from in 'X-From: nobody' 'From: alice@example.org, bob@example.org' 'From: everybody'; do
  sed "s/^From: .*/$from/" "$T/letter.eml" >"$T/nobody.eml"
  run mail sign "$T/nobody.eml"
  is "“$from”: nobody is chosen to sign" "$status" 19
  is "“$from”: and nothing comes out" "$out" ""
  run mail sign --openpgp --as alice@example.org "$T/nobody.eml"
  is "“$from”: but who is named does" "$status" 0
done

sed 's/alice@example.org/mallory@example.org/' "$T/letter.eml" >"$T/mallory.eml"
run mail sign "$T/mallory.eml"
is "nobody signs for an address without a key" "$status" 79
run mail sign --openpgp --as alice@example.org -o "$T/forged.eml" "$T/mallory.eml"
run mail verify --json "$T/forged.eml"
is "a signature of somebody else is not acceptable" "$status" 3
like "and the reason is the sender" "$out" '"from-mismatch"'

sed 's/^To: .*/To: Bob <bob@example.org>, Carol <carol at example.org>/' "$T/letter.eml" >"$T/unclear.eml"
run mail encrypt --openpgp "$T/unclear.eml"
is "a recipient whose address cannot be read is refused" "$status" 17
like "and the reason is told" "$err" 'address cannot be read'
is "and nothing comes out of it" "$out" ""
done_testing
