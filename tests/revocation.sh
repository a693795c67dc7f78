#!/bin/bash
# Whether a certificate was revoked, from the outside: what the verdict says, who is asked, and that
# nobody is asked unless the user wants it. A web server on loopback and a real dirmngr.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"
need gpgsm openssl python3 dirmngr
new_home g
printf 'disable-ldap\nno-use-tor\n' >"$GNUPGHOME/dirmngr.conf"
mkdir "$T/www"

# Serves $T/www, a line in $T/asked for each request; while $T/hang exists it does not answer.
python3 -u - "$T" >"$T/port" 2>/dev/null <<'END' &
import functools, http.server, os, sys, threading, time
top = sys.argv[1]
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        with open(top + '/asked', 'a') as log:
            log.write(self.path + '\n')
        while os.path.exists(top + '/hang'):
            time.sleep(0.05)
        super().do_GET()
server = http.server.ThreadingHTTPServer(
    ('127.0.0.1', 0), functools.partial(Handler, directory=top + '/www'))
server.daemon_threads = True
print(server.server_port)
threading.Timer(240, lambda: os._exit(0)).start()
server.serve_forever()
END
server=$!
for _ in $(seq 100); do [ -s "$T/port" ] && break; sleep 0.05; done
url=http://127.0.0.1:$(cat "$T/port")/root.crl

: >"$T/asked"
asked () { wc -l <"$T/asked" | tr -d ' '; }
forget () { rm -rf "$XDG_CACHE_HOME/letterlock" && : >"$T/asked"; }

make_ca root # P-256: dirmngr 2.2 cannot check such a CRL itself
make_ca stranger
CERT_EXTRA="crlDistributionPoints = URI:$url" make_cert alice root alice@example.org
CERT_EXTRA="crlDistributionPoints = URI:$url" make_cert eve stranger eve@example.org
make_crl root
openssl crl -in "$T/root.crl" -outform DER -out "$T/www/root.crl"
smime_cert alice

sign () # NAME
{
  printf 'From: %s@example.org\r\nTo: bob@example.org\r\nSubject: x\r\n' "$1"
  printf 'Content-Type: text/plain\r\n\r\nThe words of the letter.\r\n' \
    | openssl cms -sign -binary -md sha256 -signer "$T/$1.crt" -inkey "$T/$1.key" | tr -d '\r' \
    | sed 's/$/\r/'
}
sign alice >"$T/alice.eml"
sign eve >"$T/eve.eml"

verify () # FILE OPTION...: $status, $T/out, $T/text
{
  "$LETTERLOCK" mail verify --json --anchors "$T/root.crt" "${@:2}" "$T/$1" >"$T/out" 2>"$T/err"
  status=$?
  text=$(json "$T/out" text 2>&1)
}

verify alice.eml
is "by default a signature is good although nobody was asked" "$status" 0
json_is "and that is said" "$T/out" signer.axes.time.reason revocation-not-checked
json_is "and stands in the list" "$T/out" signer.revocations[0].value unknown
json_is "which is not “checked”" "$T/out" signer.revocation_checked false
is "no server heard of it (rule 3)" "$(asked)" 0

verify alice.eml --revocation require
json_is "nor with an address of this computer (SC-25)" "$T/out" reason revocation-unreachable
is "also when an answer is required" "$(asked)" 0
mkdir -p "$XDG_CONFIG_HOME/letterlock"
printf '[smime]\nfetch-local=true\n' >"$XDG_CONFIG_HOME/letterlock/letterlock.conf"
verify alice.eml --revocation online
is "online it is good" "$status" 0
json_is "because the list says so" "$T/out" signer.revocations[0].value good
json_is "a list of the authority" "$T/out" signer.revocations[0].source crl
json_is "at its address" "$T/out" signer.revocations[0].from "$url"
json_is "now it was checked" "$T/out" signer.revocation_checked true
like "the text says the list and its age" "$text" 'Revoked: no \(CRL of .*, next on .*\)'
like "and where it was" "$text" "Answered by: “$url”"
is "one request" "$(asked)" 1
verify alice.eml --revocation require
is "what was fetched is good for the next time" "$status" 0
verify alice.eml
json_is "also when nobody may be asked" "$T/out" signer.revocations[0].value good
is "still one request" "$(asked)" 1

forget
verify eve.eml --revocation require
is "a stranger's certificate is not good" "$status" 3
is "and nobody is asked about it (SC-25)" "$(asked)" 0

revoke_cert alice root
make_crl root
openssl crl -in "$T/root.crl" -outform DER -out "$T/www/root.crl"
verify alice.eml --crl "$T/root.crl"
is "a revoked certificate signs nothing" "$status" 3
json_is "for that reason" "$T/out" reason key-revoked
json_is "which is in the user's file" "$T/out" signer.revocations[0].source crl-file
is "no server heard of that" "$(asked)" 0
verify alice.eml --revocation online
json_is "the server says the same" "$T/out" reason key-revoked
like "the text says since when and from where" "$text" 'Revoked: yes, on .* \(CRL of '

printf 'secret\n' >"$T/secret"
"$LETTERLOCK" file encrypt --smime --anchors "$T/root.crt" --recipient alice@example.org \
  --output "$T/sealed" "$T/secret" 2>"$T/err"
is "nothing is sealed for a revoked certificate, however it is known" "$?" 17
like "and it is said why" "$(cat "$T/err")" "has been revoked"
ok "nothing was written" test ! -e "$T/sealed"

forget
touch "$T/hang"
SECONDS=0
timeout -s INT 2 "$LETTERLOCK" mail verify --anchors "$T/root.crt" --revocation online \
  "$T/alice.eml" >/dev/null 2>"$T/err"
ok "a server that hangs can be left alone at once" test "$SECONDS" -lt 6
SECONDS=0
verify alice.eml --revocation online
is "and is given up in the end, with a good signature" "$status" 0
ok "within the time that is allowed" test "$SECONDS" -lt 20
json_is "but a caution" "$T/out" cautions[0] revocation-unreachable
verify alice.eml --revocation require
is "where an answer is required, none is not good" "$status" 3
json_is "and not revoked either" "$T/out" reason revocation-unreachable
json_is "but not checked" "$T/out" signer.axes.time.value not-checked
rm "$T/hang"

kill "$server"
wait "$server" 2>/dev/null
verify alice.eml --revocation require
is "the same without a server" "$status" 3
"$LETTERLOCK" file encrypt --smime --anchors "$T/root.crt" --recipient alice@example.org \
  --revocation require --output "$T/sealed" "$T/secret" 2>"$T/err"
is "nothing is sealed either" "$?" 17
like "and it is said why" "$(cat "$T/err")" "could not be found out whether it has been revoked"

verify alice.eml --revocation maybe
is "another word is no way to ask" "$status" 37
verify alice.eml --crl "$T/alice.eml"
is "a letter is no list" "$status" 41
mkdir -p "$XDG_CONFIG_HOME/letterlock"
printf '[smime]\nrevocation=maybe\n' >"$XDG_CONFIG_HOME/letterlock/letterlock.conf"
verify alice.eml
is "nor in the settings" "$status" 41
printf '[smime]\nrevocation=require\ncrls=%s\n' "$T/root.crl" \
  >"$XDG_CONFIG_HOME/letterlock/letterlock.conf"
verify alice.eml
json_is "the settings name lists" "$T/out" reason key-revoked
like "the doctor tells the mode" "$("$LETTERLOCK" doctor)" "nothing is good without an answer"
like "and whether dirmngr answers" "$("$LETTERLOCK" doctor)" "dirmngr [0-9.]+ answers"
done_testing
