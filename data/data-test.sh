# What is installed for desktops is what desktops accept, and it says the same name everywhere.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"
need python3
id=org.letterlock.Letterlock
[ -e "$top_builddir/data/$id.desktop" ] || skip_all "built without the window"

if command -v desktop-file-validate >/dev/null; then
  ok "the desktop entry is valid" desktop-file-validate "$top_builddir/data/$id.desktop"
else
  skip "the desktop entry is valid" "desktop-file-validate is not installed"
fi
if command -v appstreamcli >/dev/null; then
  appstreamcli validate --no-net "$top_builddir/data/$id.metainfo.xml" >"$T/said" 2>&1
  # there is no web page to name
  is "the metainfo is valid" "$(grep -E '^(E|W):' "$T/said" | grep -v url-homepage-missing)" ""
else
  skip "the metainfo is valid" "appstreamcli is not installed"
fi
ok "the icon is well-formed XML" python3 -c \
  'import sys, xml.dom.minidom; xml.dom.minidom.parse (sys.argv[1])' \
  "$top_srcdir/data/icons/$id.svg"
for file in data/$id.desktop.in data/$id.metainfo.xml.in ui/main.c; do
  ok "$file knows the application by its name" grep -q "$id" "$top_srcdir/$file"
done
version=$(sed -n "s/^#define PACKAGE_VERSION \"\(.*\)\"/\1/p" "$top_builddir/config.h")
ok "the metainfo knows this release" grep -q "version=\"$version\"" \
  "$top_srcdir/data/$id.metainfo.xml.in"

while read -r group test packages; do
  case $group in '#'*|'') continue ;; esac
  # shellcheck disable=SC2086
  set -- $packages
  [ $# -eq 5 ] || fail "data/packages.txt names five families for $group $test" "$packages"
done <"$top_srcdir/data/packages.txt"
pass "data/packages.txt was read"
for module in $(sed -n 's/.*PKG_CHECK_MODULES(\[[A-Z]*\], \[\([^]]*\)\]).*/\1/p' \
    "$top_srcdir/configure.ac" | grep -oE '[a-z][a-z0-9.+-]* >=' | tr -d ' >='); do
  case $module in glib-2.0) continue ;; esac # comes with gio
  ok "data/packages.txt has a row for $module" grep -q "pkg:$module>=" "$top_srcdir/data/packages.txt"
done
done_testing
