# cli.sh - the door: what somebody meets who types.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"
new_home

run ()
{
  out=$("$LETTERLOCK" "$@" 2>"$T/err" </dev/null)
  status=$?
  err=$(cat "$T/err")
}

run --version
like "the version is told" "$out" '^letterlock [0-9]'
run --help
is "help succeeds" "$status" 0
for command in "mail sign" "mail encrypt" "mail decrypt" "mail verify" "mail show" "mail inspect" \
  "file sign" "file encrypt" "file decrypt" "file verify" "key list" "key show" "key export" "key import" \
  "key generate" doctor; do
  like "help lists $command" "$out" "  $command +[A-Z]"
done
for command in "mail sign" "mail verify" "file encrypt" "key import" doctor; do
  # shellcheck disable=SC2086
  run $command --help
  is "$command --help succeeds" "$status" 0
  is "$command --help shows two examples" \
    "$(sed '1,/^Examples:/d' <<<"$out" | grep -c "^  letterlock $command")" 2
done

run mail verfy
is "an unknown command has its exit status" "$status" 69
like "an unknown command suggests the nearest" "$err" '“letterlock mail verify”'
run xyzzyplugh
is "a word that is near to nothing too" "$status" 69
like "and it points to the help" "$err" 'letterlock --help'
run mail frob
unlike "nothing far-fetched is suggested" "$err" 'Did you mean'
run mail sign --help
is "a command's own options come before those of every command" \
  "$(grep -nE -e '^Options' -e '^  --opaque' -e '^  --json' <<<"$out" | sed 's/^[0-9]*://; s/  *[=A-Z].*//')" \
  $'Options:\n  --opaque\nOptions of every command:\n  --json'
run doctor everything
is "the doctor takes no arguments" "$status" 37
run key list --homedir "$T/nowhere"
is "a GnuPG home that is not there is an error" "$status" 61
like "that names it and tells how to make it" "$err" "$T/nowhere.*mkdir"
GPG_TTY='' run key list --smime
is "an empty GPG_TTY does no harm" "$status" 0
run mail
is "a group alone asks for the command" "$status" 19
run mail verify --bogus
is "an unknown option has its exit status" "$status" 37
like "an unknown option points to the help" "$err" '“letterlock mail verify --help”'
run mail verify --at yesterday /dev/null
is "a time that is none has its exit status" "$status" 37
run mail verify "$T/nowhere.eml"
is "a file that is not there has its exit status" "$status" 61
like "it is named" "$err" 'nowhere.eml'
run mail verify --json "$T/nowhere.eml"
is "JSON tells the error by name" \
  "$(python3 -c 'import json,sys; print(json.load(sys.stdin)["error"])' <<<"$out")" missing-input
escape=$(printf 'a\033]0;b\007.c')
for arguments in 'mail verify' 'file decrypt' 'key import' 'mail verify --anchors' \
  'mail verify x' 'mail verify --at' 'mail verify --' 'mail' 'file encrypt -r'; do
  # shellcheck disable=SC2086
  run $arguments "$escape"
  isnt "“$arguments”: a name with control characters is an error" "$status" 0
  unlike "“$arguments”: that does not reach the terminal" "$out$err" $'[\033\007]'
done
run mail sign --openpgp --smime /dev/null
is "options that exclude each other are refused" "$status" 37
run mail sign --json /dev/null
is "JSON and a message cannot share standard output" "$status" 19

printf 'From: a@example.org\nTo: b@example.org\nBcc: c@example.org\nSubject: x\n\nx\n' >"$T/bcc.eml"
run mail encrypt "$T/bcc.eml"
is "a message with Bcc is refused" "$status" 37
is "and nothing comes out" "$out" ""
like "and the reason is told" "$err" 'Bcc'

# Keys that are there, and that nobody vouches for.
new_home bob
openpgp_key bob@example.org
gpg --batch --quiet --armor --export bob@example.org >"$T/bob.asc" 2>"$T/err"
make_ca root
make_cert carol root carol@example.org p256
new_home alice
openpgp_key a@example.org
run key import "$T/bob.asc" "$T/carol.crt"
is "what was imported is shown as it will be listed" "$(sed -n '/^“carol”/,$p' <<<"$out")" \
  "$("$LETTERLOCK" key list carol@example.org)"
echo 'no key at all' >"$T/none.pem"
run key import "$T/none.pem" "$T/missing.pem" "$T/carol.crt"
is "a bad file among several decides the exit status" "$status" 41
like "each bad file is named" "$err" 'none.pem: .*missing.pem'
like "and the good one is imported all the same" "$out" 'carol.crt: S/MIME, 0 new.*1 known'
"$LETTERLOCK" key import --json "$T/none.pem" "$T/carol.crt" >"$T/import.json" 2>/dev/null
json_is "in JSON too, each by itself" "$T/import.json" 'files[0].error' bad-data
json_is "and the good one" "$T/import.json" 'files[1].unchanged' 1
printf 'From: a@example.org\nTo: bob@example.org\nSubject: x\n\nx\n' >"$T/to-bob.eml"
run mail encrypt "$T/to-bob.eml"
is "a key that nobody vouches for is not encrypted to" "$status" 17
like "it is said why" "$err" 'bob@example.org: .*nobody whom you trust vouches'
like "of the other technology too" "$err" 'bob@example.org: no S/MIME key'
is "in one list" "$(grep -c 'Not everybody' <<<"$err")" 1
like "and what to do" "$err" 'quick-sign-key.*--always-trust'
run mail encrypt --smime --no-sign -r carol@example.org "$T/to-bob.eml"
is "nor to a certificate whose root nobody trusts" "$status" 17
like "then a root is wanted" "$err" 'authority that issued it.*key trust --authority FINGERPRINT'
run mail sign --as nobody@example.org "$T/to-bob.eml"
is "without a key there is no signature" "$status" 79
like "and it is said for which technologies" "$err" 'no OpenPGP key.*no S/MIME key'

run mail verify "$T/bcc.eml"
is "an unsigned message has no acceptable signature" "$status" 3
run mail decrypt "$T/bcc.eml"
is "a message that is not encrypted cannot be decrypted" "$status" 41
run mail show "$T/bcc.eml"
is "an unsigned message can be shown" "$status" 0
ok "a full disk is noticed" sh -c '"$0" mail show "$1" >/dev/full 2>"$2"; [ $? = 1 ] && [ -s "$2" ]' \
  "$LETTERLOCK" "$T/bcc.eml" "$T/err"

mkdir -p "$XDG_CONFIG_HOME/letterlock"
printf '[encrypt]\nto-self=perhaps\n' >"$XDG_CONFIG_HOME/letterlock/letterlock.conf"
run mail show "$T/bcc.eml"
is "a wrong setting is an error" "$status" 41
like "and names the entry" "$err" 'to-self'
done_testing
