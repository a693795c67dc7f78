#!/bin/bash
# Certificates of authorities that nobody sent (RFC 5280 section 4.2.2.1, SC-25): from a web server
# on this computer, only when that is allowed, and only for paths that end at an anchor.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"

need gpgsm openssl python3 dirmngr
new_home

mkdir "$T/www" "$XDG_CONFIG_HOME" "$XDG_CONFIG_HOME/letterlock" -p
cat >"$T/server.py" <<'END'
import http.server, sys

class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def log_request(self, *arguments):
        with open(sys.argv[2], "a") as log:
            log.write(self.path + "\n")

server = http.server.HTTPServer(
    ("127.0.0.1", 0), lambda *a: Handler(*a, directory=sys.argv[1]))
print(server.server_address[1], flush=True)
server.serve_forever()
END
: >"$T/log"
python3 "$T/server.py" "$T/www" "$T/log" >"$T/port" 2>/dev/null &
server=$!
trap 'kill $server; _cleanup' EXIT
for _ in $(seq 50); do [ -s "$T/port" ] && break; sleep 0.1; done
web=http://127.0.0.1:$(cat "$T/port")

# authority NAME ISSUER: an authority below another; its certificate lies on the server in DER
authority ()
{
  CERT_SUBJECT="/CN=Authority $1" CERT_BASIC="critical, CA:TRUE" CERT_KU=keyCertSign CERT_EKU=- \
    CERT_SAN=- CERT_EXTRA="authorityInfoAccess = caIssuers;URI:$web/$2.cer" make_cert "$1" "$2" - p256
  mkdir -p "$T/$1.ca" && : >"$T/$1.ca/index"
  _write_ca_config "$T/$1.ca" "$1" >"$T/$1.ca/conf"
}

publish ()
{
  openssl x509 -in "$T/$1.crt" -outform DER -out "$T/www/$1.cer"
}

# word ARGUMENT...: the trust of alice's certificate by these options, its source, and the number of
# requests that this made
word ()
{
  : >"$T/log"
  run_letterlock key show --json --file "$@"
  echo "$(json "$OUT" 'keys[0].trust.value') $(json "$OUT" 'keys[0].trust.reason')" \
    "$(wc -l <"$T/log")"
}

make_ca root
authority middle root
authority low middle
CERT_EXTRA="authorityInfoAccess = caIssuers;URI:$web/low.cer" make_cert alice low alice@example.org p256
publish root; publish middle; publish low
anchor=(--anchors "$T/root.crt")

is "without the option nobody is asked" "$(word "${anchor[@]}" "$T/alice.crt")" "no issuer-missing 0"
is "with it, an address of this computer is not asked" \
  "$(word --fetch-issuers "${anchor[@]}" "$T/alice.crt")" "no issuer-missing 0"
printf '[smime]\nfetch-local=true\n' >"$XDG_CONFIG_HOME/letterlock/letterlock.conf"
is "where the local network is allowed, all that is missing is fetched" \
  "$(word --fetch-issuers "${anchor[@]}" "$T/alice.crt")" "yes null 2"
json_is "up to the anchor" "$T/out" 'keys[0].trust_source' anchors-file
is "a root that is fetched is no anchor (SC-12)" \
  "$(word --fetch-issuers "$T/alice.crt")" "no issuer-missing 3"
is "nothing of that is kept" "$(gpgsm --list-keys 2>/dev/null | grep -c Authority)" 0
rm "$T/www/middle.cer"
is "what is not there is not there" \
  "$(word --fetch-issuers "${anchor[@]}" "$T/alice.crt")" "no issuer-missing 2"
head -c 1000000 /dev/zero >"$T/www/middle.cer"
is "what is too large is not taken" \
  "$(word --fetch-issuers "${anchor[@]}" "$T/alice.crt")" "no issuer-missing 2"
publish middle
printf '[smime]\nfetch-local=true\nfetch-issuers=true\n' >"$XDG_CONFIG_HOME/letterlock/letterlock.conf"
is "the setting does what the option does" "$(word "${anchor[@]}" "$T/alice.crt")" "yes null 2"
: >"$T/log"
run_letterlock key list --check "${anchor[@]}"
is "a list of keys asks nobody" "$(wc -l <"$T/log")" 0

done_testing
