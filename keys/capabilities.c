/* capabilities.c - SMIMECapabilities, from one table for both directions. */
#include <config.h>

#include "keys/capabilities.h"

#include <string.h>

#include <openssl/err.h>

#include "bridge/openssl-glue.h"

#define MAX_BYTES (16 * 1024) /* of a list; real ones have about 200 */
#define OID_BYTES 80

#define AES "2.16.840.1.101.3.4.1."
#define SMIME_ALGORITHM "1.2.840.113549.1.9.16.3."

/* The parameters of an entry, DER. */
#define SHA256_IDENTIFIER "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00"
#define MGF1_SHA256_IDENTIFIER                                                                     \
  "\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08" SHA256_IDENTIFIER
#define OAEP_SHA256 "\x30\x2f\xa0\x0f" SHA256_IDENTIFIER "\xa1\x1c" MGF1_SHA256_IDENTIFIER
#define WRAP_AES_256 "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x2d"
#define WRAP_AES_128 "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x01\x05"
#define ASN1_NULL "\x05\x00"
#define DER(octets) octets, sizeof (octets) - 1

typedef struct
{
  const char *oid;
  const char *parameters; /* or NULL: absent */
  gsize length;
  LlCipher cipher;        /* CHOOSE: not a cipher */
  LlCapabilityFlags flag; /* 0: it changes nothing for us */
  gboolean ours;          /* this program can read it */
} Entry;

/* In the order in which we list them. Parameters absent: RFC 8551 section 2.5.2, RFC 5084, RFC 8103
 * section 5, RFC 9709 section 4; of AES key wrap RFC 3565; of PSS RFC 5912. ECDH names its key wrap
 * (RFC 5753, RFC 8418 section 5). OAEP names hash and mask (RFC 3560), rsaEncryption has a NULL
 * (RFC 3370). */
static const Entry entries[] = {
  { AES "46", NULL, 0, LL_CIPHER_AES_256_GCM, 0, TRUE },
  { AES "26", NULL, 0, LL_CIPHER_AES_192_GCM, 0, TRUE },
  { AES "6", NULL, 0, LL_CIPHER_AES_128_GCM, 0, TRUE },
  { SMIME_ALGORITHM "18", NULL, 0, LL_CIPHER_CHACHA20_POLY1305, 0, TRUE },
  { AES "42", NULL, 0, LL_CIPHER_AES_256_CBC, 0, TRUE },
  { AES "22", NULL, 0, LL_CIPHER_AES_192_CBC, 0, TRUE },
  { AES "2", NULL, 0, LL_CIPHER_AES_128_CBC, 0, TRUE },
  { SMIME_ALGORITHM "31", NULL, 0, LL_CIPHER_CHOOSE, LL_CAPABILITY_CEK_HKDF, TRUE },
  { SMIME_ALGORITHM "19", DER (WRAP_AES_256), LL_CIPHER_CHOOSE, LL_CAPABILITY_X25519, TRUE },
  { "1.3.132.1.11.1", DER (WRAP_AES_256), LL_CIPHER_CHOOSE, 0, TRUE },
  { "1.3.132.1.11.1", DER (WRAP_AES_128), LL_CIPHER_CHOOSE, 0, TRUE },
  { "1.2.840.113549.1.1.7", DER (OAEP_SHA256), LL_CIPHER_CHOOSE, LL_CAPABILITY_OAEP, TRUE },
  { "1.2.840.113549.1.1.1", DER (ASN1_NULL), LL_CIPHER_CHOOSE, 0, TRUE },
  { "1.2.840.113549.1.1.10", NULL, 0, LL_CIPHER_CHOOSE, LL_CAPABILITY_PSS, TRUE },
  { "1.3.101.112", NULL, 0, LL_CIPHER_CHOOSE, LL_CAPABILITY_ED25519, TRUE },
  { "1.2.840.113549.3.7", NULL, 0, LL_CIPHER_CHOOSE, LL_CAPABILITY_WEAK, FALSE },
  { "1.2.840.113549.3.2", NULL, 0, LL_CIPHER_CHOOSE, LL_CAPABILITY_WEAK, FALSE },
  { "1.3.14.3.2.7", NULL, 0, LL_CIPHER_CHOOSE, LL_CAPABILITY_WEAK, FALSE },
};

/* ---- reading ---- */

gboolean
ll_capabilities_has (const LlCapabilities *capabilities, LlCipher cipher)
{
  for (guint i = 0; i < capabilities->n_ciphers; i++)
    if (capabilities->ciphers[i] == cipher)
      return TRUE;
  return FALSE;
}

/* What we write is SHA-256 for both; RFC 3560 shows its examples without the tags that its
 * definition has, so that both forms exist. */
static gboolean
is_oaep_sha256 (const X509_ALGOR *algorithm)
{
  static const char untagged[] = "\x30\x2b" SHA256_IDENTIFIER MGF1_SHA256_IDENTIFIER;
  const ASN1_TYPE *parameter = algorithm->parameter;

  if (parameter == NULL || parameter->type != V_ASN1_SEQUENCE)
    return FALSE;
  const ASN1_STRING *der = parameter->value.sequence;
  gsize length = (gsize)ASN1_STRING_length (der);
  const guint8 *octets = ASN1_STRING_get0_data (der);
  return (length == sizeof OAEP_SHA256 - 1 && memcmp (octets, OAEP_SHA256, length) == 0)
         || (length == sizeof untagged - 1 && memcmp (octets, untagged, length) == 0);
}

static void
note (LlCapabilities *capabilities, const X509_ALGOR *algorithm)
{
  char oid[OID_BYTES];

  if (OBJ_obj2txt (oid, sizeof oid, algorithm->algorithm, 1) <= 0)
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (entries); i++)
    {
      const Entry *entry = &entries[i];
      if (strcmp (entry->oid, oid) != 0)
        continue;
      if (entry->cipher != LL_CIPHER_CHOOSE && !ll_capabilities_has (capabilities, entry->cipher))
        capabilities->ciphers[capabilities->n_ciphers++] = entry->cipher;
      if (entry->flag != LL_CAPABILITY_OAEP || is_oaep_sha256 (algorithm))
        capabilities->flags |= entry->flag;
    }
}

gboolean
ll_capabilities_read (GBytes *der, LlCapabilities *capabilities)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (der, &length), *at = data;

  memset (capabilities, 0, sizeof *capabilities);
  if (length == 0 || length > MAX_BYTES)
    return FALSE;
  g_autoptr (LlX509AlgorStack) list = d2i_X509_ALGORS (NULL, &at, (long)length);
  if (list == NULL || at != data + length)
    {
      ERR_clear_error ();
      return FALSE;
    }
  for (int i = 0; i < sk_X509_ALGOR_num (list); i++)
    note (capabilities, sk_X509_ALGOR_value (list, i));
  return TRUE;
}

/* ---- writing ---- */

static X509_ALGOR *
make (const Entry *entry)
{
  g_autoptr (X509_ALGOR) algorithm = X509_ALGOR_new ();
  const guint8 *at = (const guint8 *)entry->parameters;

  ASN1_OBJECT_free (algorithm->algorithm);
  algorithm->algorithm = OBJ_txt2obj (entry->oid, 1);
  if (entry->parameters != NULL)
    algorithm->parameter = d2i_ASN1_TYPE (NULL, &at, (long)entry->length);
  return g_steal_pointer (&algorithm);
}

GBytes *
ll_capabilities_ours (LlCapabilityFlags without)
{
  g_autoptr (LlX509AlgorStack) list = sk_X509_ALGOR_new_null ();

  for (gsize i = 0; i < G_N_ELEMENTS (entries); i++)
    if (entries[i].ours && (entries[i].flag & without) == 0)
      sk_X509_ALGOR_push (list, make (&entries[i]));
  return LL_DER (list, X509_ALGORS);
}
