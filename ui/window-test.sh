# The window, under an X server of its own; what it must do stands in ui/test-window.c.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"
[ -x "$top_builddir/ui/test-window" ] || skip_all "built without the window"
need Xvfb gpg

new_home
openpgp_key alice@example.org ed25519 Alice
openpgp_trust alice@example.org
message 'Alice <alice@example.org>' bob@example.org '=?iso-2022-jp?B?GyRCOnkkTkpYJGobKEI=?=' \
  'Dear Bob, the cherry trees are in bloom.' >"$T/letter.eml"
"$LETTERLOCK" mail sign --openpgp -o "$T/signed.eml" "$T/letter.eml" >&2 || exit 1
message '"<b>Bank</b>" <mallory@example.org>' bob@example.org '<b>signed</b> & sealed' \
  '<span foreground="green">good signature</span>' >"$T/hostile.eml"

Xvfb -displayfd 3 -screen 0 1024x768x24 -nolisten tcp 3>"$T/display" 2>"$T/xvfb.err" &
server=$!
trap 'kill $server 2>/dev/null; _cleanup' EXIT
for _ in $(seq 100); do
  [ ! -s "$T/display" ] || break
  sleep 0.1
done
[ -s "$T/display" ] || skip_all "Xvfb does not start here: $(tail -n 1 "$T/xvfb.err")"

# GTK, fontconfig and the X libraries keep caches to the end; leaks are looked for elsewhere.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"
export DISPLAY=:$(cat "$T/display") GDK_BACKEND=x11 GSK_RENDERER=cairo GTK_A11Y=test \
  GSETTINGS_BACKEND=memory ADW_DISABLE_PORTAL=1 XDG_RUNTIME_DIR=$T/h \
  SIGNED=$T/signed.eml HOSTILE=$T/hostile.eml LETTERLOCK \
  LETTERLOCK_GTK=$top_builddir/ui/letterlock-gtk
timeout 100 "$top_builddir/ui/test-window" --tap
