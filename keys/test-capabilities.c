/* SMIMECapabilities, byte for byte, and lists as peers write them (SM-09, CM-04). */
#include <config.h>

#include <string.h>

#include "base/hex.h"
#include "keys/capabilities.h"

/* The octets of a list: its entries in hexadecimal, a blank between any two of them. */
static GBytes *
list_of (const char *hex)
{
  g_autoptr (GByteArray) body = g_byte_array_new ();
  GByteArray *list = g_byte_array_new ();

  for (const char *at = hex; *at != '\0'; at++)
    if (*at != ' ')
      {
        guint8 octet = (guint8)(g_ascii_xdigit_value (at[0]) << 4 | g_ascii_xdigit_value (at[1]));
        g_byte_array_append (body, &octet, 1);
        at++;
      }
  guint8 header[] = { 0x30, 0x82, (guint8)(body->len >> 8), (guint8)body->len };
  if (body->len > 0xff)
    g_byte_array_append (list, header, 4);
  else
    {
      header[1] = body->len < 0x80 ? (guint8)body->len : 0x81;
      header[2] = (guint8)body->len;
      g_byte_array_append (list, header, body->len < 0x80 ? 2 : 3);
    }
  g_byte_array_append (list, body->data, body->len);
  return g_byte_array_free_to_bytes (list);
}

#define GCM_256 "300b060960864801650304012e"
#define GCM_192 "300b060960864801650304011a"
#define GCM_128 "300b0609608648016503040106"
#define CHACHA "300d060b2a864886f70d0109100312"
#define CBC_256 "300b060960864801650304012a"
#define CBC_192 "300b0609608648016503040116"
#define CBC_128 "300b0609608648016503040102"
#define HKDF "300d060b2a864886f70d010910031f"
#define OAEP_256                                                                                   \
  "303c06092a864886f70d010107302fa00f300d06096086480165030402010500a11c301a06092a864886f70d010108" \
  "300d06096086480165030402010500"
#define OAEP_256_UNTAGGED                                                                          \
  "303806092a864886f70d010107302b300d06096086480165030402010500301a06092a864886f70d010108300d0609" \
  "6086480165030402010500"
#define OAEP_SHA1 "300d06092a864886f70d0101073000"
#define PSS "300b06092a864886f70d01010a"
#define RSA "300d06092a864886f70d0101010500"
#define STDDH(wrap)                                                                                \
  "301506062b810401"                                                                               \
  "0b01"                                                                                           \
  "300b0609608648016503040" wrap
#define X25519 "301a060b2a864886f70d0109100313300b060960864801650304012d"
#define ED25519 "300506032b6570"
#define TRIPLE_DES "300a06082a864886f70d0307"
#define RC2_40 "300d06082a864886f70d0302020128"
#define UNKNOWN "300506032a030e"

static void
test_ours (void)
{
  g_autoptr (GBytes) ours = ll_capabilities_ours (0);
  g_autoptr (GBytes) bytes
      = list_of (GCM_256 GCM_192 GCM_128 CHACHA CBC_256 CBC_192 CBC_128 HKDF X25519 STDDH ("12d")
                     STDDH ("105") OAEP_256 RSA PSS ED25519);
  g_autofree char *got = ll_hex_encode (g_bytes_get_data (ours, NULL), g_bytes_get_size (ours));
  g_autofree char *expected
      = ll_hex_encode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));

  g_assert_cmpstr (got, ==, expected);
}

static void
test_without (void)
{
  g_autoptr (GBytes) ours = ll_capabilities_ours (LL_CAPABILITY_OAEP | LL_CAPABILITY_PSS);
  LlCapabilities read;

  g_assert_true (ll_capabilities_read (ours, &read));
  g_assert_cmpuint (read.flags & (LL_CAPABILITY_OAEP | LL_CAPABILITY_PSS), ==, 0);
  g_assert_true (ll_capabilities_has (&read, LL_CIPHER_AES_256_GCM));
}

typedef struct
{
  const char *name, *list, *ciphers;
  LlCapabilityFlags flags;
} ReadCase;

static const ReadCase read_cases[] = {
  { "an empty list is a list", "", "", 0 },
  { "the order is the peer's", CBC_128 GCM_256 CBC_256, "AES-128-CBC AES-256-GCM AES-256-CBC", 0 },
  { "all that we know", CHACHA GCM_192 GCM_128 CBC_192 HKDF PSS,
    "ChaCha20-Poly1305 AES-192-GCM AES-128-GCM AES-192-CBC",
    LL_CAPABILITY_CEK_HKDF | LL_CAPABILITY_PSS },
  { "weak ciphers are passed over", TRIPLE_DES RC2_40 CBC_128, "AES-128-CBC", LL_CAPABILITY_WEAK },
  { "weak ciphers alone leave nothing", TRIPLE_DES RC2_40, "", LL_CAPABILITY_WEAK },
  { "unknown entries are passed over", UNKNOWN GCM_256 UNKNOWN, "AES-256-GCM", 0 },
  { "what is listed twice counts once", GCM_256 CBC_256 GCM_256, "AES-256-GCM AES-256-CBC", 0 },
  { "OAEP with SHA-256", OAEP_256, "", LL_CAPABILITY_OAEP },
  { "OAEP as in the examples of RFC 3560", OAEP_256_UNTAGGED, "", LL_CAPABILITY_OAEP },
  { "OAEP with SHA-1 is not what we write", OAEP_SHA1, "", 0 },
  { "a cipher with a NULL that should not be there", "300d06096086480165030401060500",
    "AES-128-GCM", 0 },
};

static void
test_reads (gconstpointer data)
{
  const ReadCase *test = data;
  g_autoptr (GBytes) der = list_of (test->list);
  g_autoptr (GString) names = g_string_new (NULL);
  LlCapabilities read;

  g_assert_true (ll_capabilities_read (der, &read));
  for (guint i = 0; i < read.n_ciphers; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? " " : "", ll_cipher_name (read.ciphers[i]));
  g_assert_cmpstr (names->str, ==, test->ciphers);
  g_assert_cmpuint (read.flags, ==, test->flags);
}

/* Any octets: it may say no, and it may not fall. */
static void
test_refuses (void)
{
  static const char *const bad[]
      = { "", "05 00", "30 01", "30 03 02 01 05", "30 02 30 00", "30 80" };
  g_autoptr (GBytes) ours = ll_capabilities_ours (0);
  gsize length;
  const guint8 *data = g_bytes_get_data (ours, &length);
  LlCapabilities read;

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GBytes) list = list_of (bad[i]);
      gsize size;
      const guint8 *octets = g_bytes_get_data (list, &size);
      g_autoptr (GBytes) bare = g_bytes_new (octets + 2, size - 2);
      g_assert_false (ll_capabilities_read (bare, &read));
      g_assert_cmpuint (read.n_ciphers, ==, 0);
    }
  for (gsize cut = 0; cut < length; cut++)
    {
      g_autoptr (GBytes) part = g_bytes_new (data, cut);
      g_assert_false (ll_capabilities_read (part, &read));
    }
  g_autoptr (GByteArray) more = g_byte_array_append (g_byte_array_new (), data, (guint)length);
  g_byte_array_append (more, (const guint8 *)"", 1);
  g_autoptr (GBytes) longer = g_bytes_new (more->data, more->len);
  g_assert_false (ll_capabilities_read (longer, &read));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/capabilities/our list has the octets of the RFCs", test_ours);
  g_test_add_func ("/capabilities/what a card cannot do is left out", test_without);
  for (gsize i = 0; i < G_N_ELEMENTS (read_cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/capabilities/%s", read_cases[i].name);
      g_test_add_data_func (path, &read_cases[i], test_reads);
    }
  g_test_add_func ("/capabilities/what is no list is refused", test_refuses);
  return g_test_run ();
}
