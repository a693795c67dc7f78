# Every sentence for people can be translated, and the Japanese translation is complete.
. "${top_srcdir:-$(dirname "$0")/..}/tests/lib.sh"
need xgettext msgmerge msgattrib msgfmt python3
cd "$top_srcdir" || exit 1

grep -v '^#' po/POTFILES.in | grep . >"$T/listed"
is "po/POTFILES.in is sorted" "$(cat "$T/listed")" "$(LC_ALL=C sort -u "$T/listed")"
grep -lE '\b(N?_|ngettext|g_dngettext) \("' -r src keys ui --include='*.[ch]' \
  | grep -v '/test-' | LC_ALL=C sort >"$T/spoken"
is "and lists every source that speaks" "$(LC_ALL=C comm -13 "$T/listed" "$T/spoken")" ""
for file in $(cat "$T/listed"); do
  [ -e "$file" ] || fail "po/POTFILES.in lists $file, which is not there"
done

options=$(sed -n 's/^XGETTEXT_OPTIONS = //p' po/Makevars)
# shellcheck disable=SC2086
ok "the sentences can be gathered" xgettext --files-from=po/POTFILES.in --directory=. $options \
  --output="$T/letterlock.pot"
ok "there are many" test "$(grep -c '^msgid' "$T/letterlock.pot")" -gt 200
ok "the Japanese ones are well-formed, formats and all" msgfmt --check-format --output="$T/ja.mo" po/ja.po
ok "they can be matched" msgmerge --quiet --no-fuzzy-matching --output="$T/ja.po" po/ja.po \
  "$T/letterlock.pot"
is "and none is missing" "$(msgattrib --untranslated --no-obsolete "$T/ja.po" | grep '^#: ' | head -n 5)" ""
is "nor doubtful" "$(msgattrib --only-fuzzy --no-obsolete po/ja.po | grep '^#: ' | head -n 5)" ""
done_testing
