/* The whole decision table: what readers said, and what they are written to with (SM-10, SM-11,
 * SM-12). */
#include <config.h>

#include <string.h>

#include "keys/cipher-choice.h"

/* Readers are words: "?" unknown, "us", or a list such as "256g,256c"; "3des" is weak; "none" is a
 * list of other things. */
typedef struct
{
  const char *name;
  const char *readers;
  LlCipher wanted;
  LlCipher cipher;
  LlCipherReason reason;
  guint because;
} Case;

static const Case cases[] = {
  { "everybody lists AES-256-GCM", "256g,256c 256g,128g", 0, LL_CIPHER_AES_256_GCM, LL_CIPHER_BEST,
    0 },
  { "everybody lists it, and so do we", "256c,256g us", 0, LL_CIPHER_AES_256_GCM, LL_CIPHER_BEST,
    0 },
  { "only ourselves", "us", 0, LL_CIPHER_AES_256_GCM, LL_CIPHER_BEST, 0 },
  { "nothing is known of the only one", "?", 0, LL_CIPHER_AES_256_CBC, LL_CIPHER_PEER_UNKNOWN, 0 },
  { "nothing is known of one of three", "256g us ?", 0, LL_CIPHER_AES_256_CBC,
    LL_CIPHER_PEER_UNKNOWN, 2 },
  { "one lists CBC only", "256g,256c 256c,128c us", 0, LL_CIPHER_AES_256_CBC, LL_CIPHER_PEER_CANNOT,
    1 },
  { "one lists AES-128-CBC only, as gpgsm does", "256g,256c,128c 128c", 0, LL_CIPHER_AES_256_CBC,
    LL_CIPHER_PEER_CANNOT, 1 },
  { "one lists AES-192-CBC only", "192c", 0, LL_CIPHER_AES_256_CBC, LL_CIPHER_PEER_CANNOT, 0 },
  { "GCM with short keys is what all can read", "256g,128g 128g,256c", 0, LL_CIPHER_AES_128_GCM,
    LL_CIPHER_PEER_CANNOT, 1 },
  { "the order of a list does not make it weaker", "128c,256c,256g", 0, LL_CIPHER_AES_256_GCM,
    LL_CIPHER_BEST, 0 },
  { "one unknown, one who lists AES-128-CBC only", "? 128c", 0, LL_CIPHER_AES_256_CBC,
    LL_CIPHER_PEER_UNKNOWN, 0 },
  { "lists with nothing in common: never two ciphers", "256g 128c", 0, LL_CIPHER_AES_256_CBC,
    LL_CIPHER_PEER_CANNOT, 1 },
  { "a list of other things says nothing of ciphers", "none", 0, LL_CIPHER_AES_256_CBC,
    LL_CIPHER_PEER_UNKNOWN, 0 },
  { "ChaCha20-Poly1305 is not chosen by itself", "cha,256c", 0, LL_CIPHER_AES_256_CBC,
    LL_CIPHER_PEER_CANNOT, 0 },
  { "3DES alone is refused (SM-11)", "3des", 0, LL_CIPHER_CHOOSE, LL_CIPHER_PEER_WEAK, 0 },
  { "3DES alone is refused, whatever others can read", "256g us 3des ?", 0, LL_CIPHER_CHOOSE,
    LL_CIPHER_PEER_WEAK, 2 },
  { "3DES beside AES is passed over", "256c,3des", 0, LL_CIPHER_AES_256_CBC, LL_CIPHER_PEER_CANNOT,
    0 },
  { "the user's word goes first", "256c ?", LL_CIPHER_AES_256_GCM, LL_CIPHER_AES_256_GCM,
    LL_CIPHER_WANTED, 0 },
  { "the user's word goes down, too", "256g", LL_CIPHER_AES_128_CBC, LL_CIPHER_AES_128_CBC,
    LL_CIPHER_WANTED, 0 },
  { "the user knows better than an old list", "3des", LL_CIPHER_AES_256_CBC, LL_CIPHER_AES_256_CBC,
    LL_CIPHER_WANTED, 0 },
};

static LlCipher
cipher_of (const char *word)
{
  static const char *const words[LL_N_CIPHERS] = {
    [LL_CIPHER_AES_256_GCM] = "256g", [LL_CIPHER_CHACHA20_POLY1305] = "cha",
    [LL_CIPHER_AES_192_GCM] = "192g", [LL_CIPHER_AES_128_GCM] = "128g",
    [LL_CIPHER_AES_256_CBC] = "256c", [LL_CIPHER_AES_192_CBC] = "192c",
    [LL_CIPHER_AES_128_CBC] = "128c",
  };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_strcmp0 (words[i], word) == 0)
      return (LlCipher)i;
  return LL_CIPHER_CHOOSE;
}

static LlCipherReader
reader_of (const char *words)
{
  LlCipherReader reader = { .kind = LL_READER_LISTED };
  g_auto (GStrv) list = g_strsplit (words, ",", -1);

  if (strcmp (words, "?") == 0)
    reader.kind = LL_READER_UNKNOWN;
  else if (strcmp (words, "us") == 0)
    reader.kind = LL_READER_OURS;
  for (char **word = list; reader.kind == LL_READER_LISTED && *word != NULL; word++)
    if (strcmp (*word, "3des") == 0)
      reader.capabilities.flags |= LL_CAPABILITY_WEAK;
    else if (cipher_of (*word) != LL_CIPHER_CHOOSE)
      reader.capabilities.ciphers[reader.capabilities.n_ciphers++] = cipher_of (*word);
  return reader;
}

static void
test_case (gconstpointer data)
{
  const Case *test = data;
  g_auto (GStrv) words = g_strsplit (test->readers, " ", -1);
  g_autofree LlCipherReader *readers = g_new0 (LlCipherReader, g_strv_length (words));
  LlCipherChoice choice;

  for (guint i = 0; words[i] != NULL; i++)
    readers[i] = reader_of (words[i]);
  choice = ll_cipher_choose (readers, g_strv_length (words), test->wanted);
  g_assert_cmpstr (ll_cipher_name (choice.cipher), ==, ll_cipher_name (test->cipher));
  g_assert_cmpstr (ll_cipher_reason_name (choice.reason), ==, ll_cipher_reason_name (test->reason));
  g_assert_cmpuint (choice.because, ==, test->because);
}

/* Whatever readers there are, nobody is written to with what is weak, and all with one cipher. */
static void
test_never_weak (void)
{
  static const char *const words[]
      = { "?", "us", "256g", "128g", "256c", "128c", "3des", "3des,128c", "none", "cha" };
  guint n = G_N_ELEMENTS (words);

  for (guint i = 0; i < n * n * n; i++)
    {
      LlCipherReader readers[] = { reader_of (words[i % n]), reader_of (words[i / n % n]),
                                   reader_of (words[i / n / n]) };
      LlCipherChoice choice = ll_cipher_choose (readers, 3, LL_CIPHER_CHOOSE);

      g_assert_true ((choice.cipher == LL_CIPHER_CHOOSE) == (choice.reason == LL_CIPHER_PEER_WEAK));
      g_assert_cmpuint (choice.because, <, 3);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/cipher-choice/", cases[i].name, NULL);
      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/cipher-choice/of all combinations of three, none is written to with what is "
                   "weak",
                   test_never_weak);
  return g_test_run ();
}
