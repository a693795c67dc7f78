/* The Key itself, made by hand: what it can do and when, whose it is, how it is called. */
#include <config.h>

#include "keys/key-private.h"

#define NOW 1000000

typedef struct
{
  const char *name;
  gint64 expires, subkey_expires, subkey_created;
  gboolean revoked, disabled, subkey_revoked, subkey_disabled;
  gboolean can;
} AbilityCase;

static const AbilityCase ability_cases[] = {
  { "a live key with a live subkey can", .can = TRUE },
  { "a revoked key cannot", .revoked = TRUE },
  { "a disabled key cannot", .disabled = TRUE },
  { "an expired key cannot, whatever its subkey says", .expires = NOW - 1 },
  { "a key can until its last second", .expires = NOW, .can = TRUE },
  { "a revoked subkey cannot", .subkey_revoked = TRUE },
  { "a disabled subkey cannot", .subkey_disabled = TRUE },
  { "an expired subkey cannot", .subkey_expires = NOW - 1 },
  { "a subkey of tomorrow cannot", .subkey_created = NOW + 1 },
};

static LlKey *
make_key (void)
{
  LlKey *key = ll_key_new (LL_PROTOCOL_OPENPGP);
  LlSubkey *primary = ll_key_add_subkey (key);

  key->fingerprint = g_strdup ("0123456789ABCDEF0123456789ABCDEF01234567");
  primary->fingerprint = g_strdup (key->fingerprint);
  primary->can_certify = TRUE;
  return key;
}

static LlUserId *
add_user_id (LlKey *key, const char *name, const char *address)
{
  LlUserId *id = ll_key_add_user_id (key);

  id->text = g_strdup_printf ("%s <%s>", name, address);
  id->name = g_strdup (name);
  id->address = g_strdup (address);
  return id;
}

static void
test_ability (gconstpointer data)
{
  const AbilityCase *the_case = data;
  g_autoptr (LlKey) key = make_key ();
  LlSubkey *subkey = ll_key_add_subkey (key);

  key->expires = the_case->expires;
  key->revoked = the_case->revoked;
  key->disabled = the_case->disabled;
  subkey->fingerprint = g_strdup ("89ABCDEF0123456789ABCDEF0123456789ABCDEF");
  subkey->can_sign = subkey->can_encrypt = TRUE;
  subkey->expires = the_case->subkey_expires;
  subkey->created = the_case->subkey_created;
  subkey->revoked = the_case->subkey_revoked;
  subkey->disabled = the_case->subkey_disabled;
  ll_key_freeze (key);

  g_assert_cmpint (ll_key_can_sign (key, NOW), ==, the_case->can);
  g_assert_cmpint (ll_key_can_encrypt (key, NOW), ==, the_case->can);
}

static void
test_certify_only (void)
{
  g_autoptr (LlKey) key = ll_key_freeze (make_key ());

  g_assert_false (ll_key_can_sign (key, NOW));
  g_assert_false (ll_key_can_encrypt (key, NOW));
  g_assert_cmpstr (ll_key_get_title (key), ==, ll_key_get_fingerprint (key));
  g_assert_null (ll_key_get_address (key));
  g_assert_cmpstr (ll_key_get_gnupg_fingerprint (key), ==, ll_key_get_fingerprint (key));
}

static void
test_addresses (void)
{
  g_autoptr (LlKey) key = make_key ();

  add_user_id (key, "Old", "old@example.org")->revoked = TRUE;
  add_user_id (key, "Broken", "broken@example.org")->invalid = TRUE;
  add_user_id (key, "Alice", "alice@example.org");
  ll_key_freeze (key);

  g_assert_true (ll_key_has_address (key, "ALICE@example.org")); /* SC-08 */
  g_assert_false (ll_key_has_address (key, "old@example.org"));
  g_assert_false (ll_key_has_address (key, "broken@example.org"));
  g_assert_false (ll_key_has_address (key, "lice@example.org"));
  g_assert_false (ll_key_has_address (key, NULL));
  g_assert_cmpstr (ll_key_get_title (key), ==, "Alice");
  g_assert_cmpstr (ll_key_get_address (key), ==, "alice@example.org");
}

static void
test_secret (void)
{
  g_autoptr (LlKey) key = make_key ();
  LlSubkey *subkey = ll_key_add_subkey (key);

  subkey->fingerprint = g_strdup ("89ABCDEF0123456789ABCDEF0123456789ABCDEF");
  g_assert_false (ll_key_has_secret (key));
  subkey->has_secret = TRUE; /* the primary key may be kept elsewhere */
  g_assert_true (ll_key_has_secret (ll_key_freeze (key)));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (ability_cases); i++)
    {
      g_autofree char *path = g_strconcat ("/key/", ability_cases[i].name, NULL);

      g_test_add_data_func (path, &ability_cases[i], test_ability);
    }
  g_test_add_func ("/key/a key that only certifies neither signs nor encrypts", test_certify_only);
  g_test_add_func ("/key/revoked and invalid user IDs give no address", test_addresses);
  g_test_add_func ("/key/one private subkey makes the key ours", test_secret);
  return g_test_run ();
}
