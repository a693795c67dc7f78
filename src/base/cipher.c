/* cipher.c - what enters: a cipher or a name; what leaves: the other. A table. */
#include <config.h>

#include "base/cipher.h"

static const char *const names[LL_N_CIPHERS] = {
  [LL_CIPHER_AES_256_GCM] = "AES-256-GCM", [LL_CIPHER_CHACHA20_POLY1305] = "ChaCha20-Poly1305",
  [LL_CIPHER_AES_192_GCM] = "AES-192-GCM", [LL_CIPHER_AES_128_GCM] = "AES-128-GCM",
  [LL_CIPHER_AES_256_CBC] = "AES-256-CBC", [LL_CIPHER_AES_192_CBC] = "AES-192-CBC",
  [LL_CIPHER_AES_128_CBC] = "AES-128-CBC",
};

const char *
ll_cipher_name (LlCipher cipher)
{
  return cipher < LL_N_CIPHERS ? names[cipher] : NULL;
}

LlCipher
ll_cipher_from_name (const char *name)
{
  for (guint i = LL_CIPHER_CHOOSE + 1; name != NULL && i < LL_N_CIPHERS; i++)
    if (g_ascii_strcasecmp (name, names[i]) == 0)
      return (LlCipher)i;
  return LL_CIPHER_CHOOSE;
}

gboolean
ll_cipher_is_aead (LlCipher cipher)
{
  return cipher >= LL_CIPHER_AES_256_GCM && cipher <= LL_CIPHER_AES_128_GCM;
}

const char *
ll_cipher_list (void)
{
  static char *list;

  if (g_once_init_enter (&list))
    {
      g_autoptr (GString) text = g_string_new (names[LL_CIPHER_CHOOSE + 1]);
      for (guint i = LL_CIPHER_CHOOSE + 2; i < LL_N_CIPHERS; i++)
        g_string_append_printf (text, ", %s", names[i]);
      g_once_init_leave (&list, g_string_free (g_steal_pointer (&text), FALSE));
    }
  return list;
}
