#include <config.h>

#include <glib/gi18n.h>
#include <openssl/err.h>
#include <string.h>

#include "base/limits.h"
#include "bridge/openssl-glue.h"
#include "keys/pbe-private.h"

#define MAX_FILE_ROUNDS (4 * (guint64)LL_LIMIT_KDF_ITERATIONS) /* of all parts of a file */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PBEPARAM, PBEPARAM_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PBE2PARAM, PBE2PARAM_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PBKDF2PARAM, PBKDF2PARAM_free)

/* --- what OpenSSL can do ---------------------------------------------------------------------- */

static gboolean has_legacy;

OSSL_LIB_CTX *
ll_pbe_context (void)
{
  static gsize context;

  if (g_once_init_enter (&context))
    {
      OSSL_LIB_CTX *made = OSSL_LIB_CTX_new ();

      OSSL_PROVIDER_load (made, "default");
      has_legacy = OSSL_PROVIDER_load (made, "legacy") != NULL;
      ERR_clear_error ();
      g_once_init_leave (&context, (gsize)made);
    }
  return (OSSL_LIB_CTX *)context;
}

gboolean
ll_pbe_has_legacy (void)
{
  ll_pbe_context ();
  return has_legacy;
}

/* OpenSSL's words for "not in this library". */
static gboolean
is_unsupported (gulong code)
{
  if (ERR_GET_LIB (code) != ERR_LIB_EVP)
    return ERR_GET_REASON (code) == ERR_R_UNSUPPORTED;
  switch (ERR_GET_REASON (code))
    {
    case ERR_R_UNSUPPORTED:
    case EVP_R_UNSUPPORTED_ALGORITHM:
    case EVP_R_UNSUPPORTED_CIPHER:
    case EVP_R_UNSUPPORTED_PRF:
    case EVP_R_UNSUPPORTED_KEY_DERIVATION_FUNCTION:
    case EVP_R_UNKNOWN_PBE_ALGORITHM:
    case EVP_R_UNKNOWN_CIPHER:
      return TRUE;
    default:
      return FALSE;
    }
}

gboolean
ll_pbe_set_error (const X509_ALGOR *algorithm, const char *message, GError **error)
{
  char name[80] = "?";
  const ASN1_OBJECT *object = NULL;
  gboolean unsupported = is_unsupported (ERR_peek_error ());

  if (algorithm != NULL)
    X509_ALGOR_get0 (&object, NULL, NULL, algorithm);
  if (object != NULL)
    OBJ_obj2txt (name, sizeof name, object, 0);
  if (!unsupported)
    return ll_openssl_set_error (error, LL_ERROR_BAD_DATA, "%s", message);
  ERR_clear_error ();
  if (!ll_pbe_has_legacy ())
    g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM,
                 _ ("The file is encrypted in a way that OpenSSL does not know here (%s). Old "
                    "files "
                    "need OpenSSL's legacy provider: install it (Debian: openssl-provider-legacy) "
                    "and try again."),
                 name);
  else
    g_set_error (error, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM,
                 _ ("The file is encrypted in a way that OpenSSL does not know here (%s)."), name);
  return FALSE;
}

/* --- how much work ---------------------------------------------------------------------------- */

gboolean
ll_pbe_check_rounds (const ASN1_INTEGER *iterations, guint64 *rounds, GError **error)
{
  gint64 n = 1;

  if (iterations != NULL && (!ASN1_INTEGER_get_int64 (&n, iterations) || n < 0))
    n = G_MAXINT64;
  if (n <= LL_LIMIT_KDF_ITERATIONS && *rounds + (guint64)n <= MAX_FILE_ROUNDS)
    {
      *rounds += (guint64)n;
      return TRUE;
    }
  g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
               _ ("The file asks for more than %d rounds to derive a key from its passphrase."),
               LL_LIMIT_KDF_ITERATIONS);
  return FALSE;
}

static gpointer
unpack (const X509_ALGOR *algorithm, const ASN1_ITEM *item)
{
  const void *value = NULL;
  int type = V_ASN1_UNDEF;

  X509_ALGOR_get0 (NULL, &type, &value, algorithm);
  return type == V_ASN1_SEQUENCE ? ASN1_item_unpack (value, item) : NULL;
}

int
ll_pbe_nid (const X509_ALGOR *algorithm)
{
  const ASN1_OBJECT *object = NULL;

  X509_ALGOR_get0 (&object, NULL, NULL, algorithm);
  return object != NULL ? OBJ_obj2nid (object) : NID_undef;
}

/* PBES2, PBMAC1 (both are a pair whose first half derives the key) or the PBE of PKCS #12 and
 * PKCS #5 1.5. scrypt has limits of OpenSSL's own. */
gboolean
ll_pbe_check (const X509_ALGOR *algorithm, guint64 *rounds, GError **error)
{
  g_autoptr (PBE2PARAM) pair = NULL;
  g_autoptr (PBKDF2PARAM) pbkdf2 = NULL;
  g_autoptr (PBEPARAM) pbe = NULL;
  int nid = ll_pbe_nid (algorithm);

  if (nid == NID_pbes2 || nid == NID_pbmac1)
    {
      pair = unpack (algorithm, ASN1_ITEM_rptr (PBE2PARAM));
      if (pair == NULL || ll_pbe_nid (pair->keyfunc) != NID_id_pbkdf2)
        return TRUE;
      pbkdf2 = unpack (pair->keyfunc, ASN1_ITEM_rptr (PBKDF2PARAM));
      return ll_pbe_check_rounds (pbkdf2 != NULL ? pbkdf2->iter : NULL, rounds, error);
    }
  pbe = unpack (algorithm, ASN1_ITEM_rptr (PBEPARAM));
  return pbe == NULL || ll_pbe_check_rounds (pbe->iter, rounds, error);
}

/* --- spellings -------------------------------------------------------------------------------- */

static void
spelling_free (gpointer data)
{
  LlSpelling *spelling = data;

  if (spelling->octets != NULL)
    OPENSSL_clear_free (spelling->octets, (gsize)spelling->length + 1);
  g_free (spelling);
}

static void
add (GPtrArray *spellings, const void *octets, gsize length)
{
  LlSpelling *spelling;

  for (guint i = 0; i < spellings->len; i++)
    {
      spelling = g_ptr_array_index (spellings, i);
      if ((gsize)spelling->length == length && (octets == NULL) == (spelling->octets == NULL)
          && (length == 0 || memcmp (spelling->octets, octets, length) == 0))
        return;
    }
  spelling = g_new0 (LlSpelling, 1);
  if (octets != NULL)
    {
      spelling->octets = OPENSSL_zalloc (length + 1);
      memcpy (spelling->octets, octets, length);
    }
  spelling->length = (int)length;
  g_ptr_array_add (spellings, spelling);
}

/* Takes a text of GLib's, which may be NULL, and wipes it. */
static void
add_text (GPtrArray *spellings, char *text, gsize length)
{
  if (text == NULL)
    return;
  add (spellings, text, length);
  explicit_bzero (text, length);
  g_free (text);
}

static void
add_converted (GPtrArray *spellings, const char *octets, gsize length, const char *to,
               const char *from)
{
  gsize written = 0;
  char *text = g_convert (octets, (gssize)length, to, from, NULL, &written, NULL);

  add_text (spellings, text, written);
}

static void
add_normalised (GPtrArray *spellings, const char *octets, gsize length, GNormalizeMode mode)
{
  char *text = g_utf8_normalize (octets, (gssize)length, mode);

  add_text (spellings, text, text != NULL ? strlen (text) : 0);
}

/* BMPString, with its terminator as in PKCS #12 and without. */
static void
add_utf16 (GPtrArray *spellings, const char *octets, gsize length)
{
  gsize written = 0;
  char *text = g_convert (octets, (gssize)length, "UTF-16BE", "UTF-8", NULL, &written, NULL);
  char *terminated = text != NULL ? g_malloc0 (written + 2) : NULL;

  if (terminated != NULL)
    memcpy (terminated, text, written);
  add_text (spellings, terminated, written + 2);
  add_text (spellings, text, written);
}

static gboolean
is_ascii (const char *octets, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if ((guchar)octets[i] >= 0x80)
      return FALSE;
  return TRUE;
}

/* As it is; composed and decomposed; read as Latin-1, as OpenSSL did before 1.1.0 whatever the
 * person's character set was; for octets also in Latin-1, and in UTF-16 as older NSS has it. */
GPtrArray *
ll_pbe_spellings (GBytes *passphrase, gboolean octets)
{
  GPtrArray *spellings = g_ptr_array_new_with_free_func (spelling_free);
  gsize length = 0;
  const char *data = passphrase != NULL ? g_bytes_get_data (passphrase, &length) : NULL;

  if (length == 0)
    {
      add (spellings, NULL, 0);
      add (spellings, "", 0);
      return spellings;
    }
  length = MIN (length, G_MAXUINT16);
  add (spellings, data, length);
  if (!is_ascii (data, length))
    {
      if (g_utf8_validate (data, (gssize)length, NULL))
        {
          add_normalised (spellings, data, length, G_NORMALIZE_NFC);
          add_normalised (spellings, data, length, G_NORMALIZE_NFD);
          if (octets)
            add_converted (spellings, data, length, "ISO-8859-1", "UTF-8");
        }
      add_converted (spellings, data, length, "UTF-8", "ISO-8859-1");
    }
  if (octets && g_utf8_validate (data, (gssize)length, NULL))
    add_utf16 (spellings, data, length);
  return spellings;
}
