/* Tells which parts are cryptographic layers, and calls the engines for them.
 *
 * What enters: a part. What leaves: what it is by its MIME structure (E2E-13), or the facts that an
 * engine found. File names and parameters are hints; what a PKCS #7 object is, its ASN.1 says
 * (SM-21). It does not decide whether the part stands where a layer may be credited.
 */
#include <config.h>

#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/secret.h"
#include "bridge/gmime-glue.h"
#include "mail/layers-private.h"

static gboolean
has_suffix (const char *name, const char *const *suffixes)
{
  gsize length = name != NULL ? strlen (name) : 0;

  for (; *suffixes != NULL; suffixes++)
    {
      gsize size = strlen (*suffixes);
      if (length > size && g_ascii_strcasecmp (name + length - size, *suffixes) == 0)
        return TRUE;
    }
  return FALSE;
}

LlProtocol
ll_layer_signature_protocol (const LlPart *part)
{
  static const char *const smime[] = { ".p7s", NULL };
  static const char *const openpgp[] = { ".asc", ".sig", NULL };

  if (ll_part_is_type (part, "application", "pgp-signature"))
    return LL_PROTOCOL_OPENPGP;
  if (ll_part_is_type (part, "application", "pkcs7-signature")
      || ll_part_is_type (part, "application", "x-pkcs7-signature"))
    return LL_PROTOCOL_SMIME;
  if (!ll_part_is_type (part, "application", "octet-stream"))
    return LL_PROTOCOL_UNKNOWN;
  if (has_suffix (ll_part_get_file_name (part), smime))
    return LL_PROTOCOL_SMIME;
  return has_suffix (ll_part_get_file_name (part), openpgp) ? LL_PROTOCOL_OPENPGP
                                                            : LL_PROTOCOL_UNKNOWN;
}

/* SM-22 */
gboolean
ll_layer_is_pkcs7 (const LlPart *part)
{
  static const char *const names[] = { ".p7m", ".p7s", ".p7c", ".p7z", NULL };

  if (ll_part_is_type (part, "application", "pkcs7-mime")
      || ll_part_is_type (part, "application", "x-pkcs7-mime"))
    return TRUE;
  return ll_part_is_type (part, "application", "octet-stream")
         && has_suffix (ll_part_get_file_name (part), names);
}

/* PM-09: a type that nobody knows, but armor says what it is. */
static gboolean
is_armored_signature (const LlPart *part)
{
  static const char armor[] = "-----BEGIN PGP SIGNATURE-----";
  g_autoptr (GBytes) body = ll_part_dup_body (part);
  gsize length;
  const char *data = g_bytes_get_data (body, &length);

  return ll_part_is_type (part, "application", "*") && length >= strlen (armor)
         && memcmp (data, armor, strlen (armor)) == 0;
}

static gboolean
protocol_agrees (const LlPart *part, const char *first, const char *second)
{
  const char *protocol = ll_part_get_parameter (part, "protocol");

  return protocol != NULL
         && (g_ascii_strcasecmp (protocol, first) == 0
             || (second != NULL && g_ascii_strcasecmp (protocol, second) == 0));
}

/* PM-08: exactly two children. PM-09: the second child says what it is; a protocol parameter that
 * is missing or says something else is noted. */
static LlCandidate
recognise_signed (const LlPart *part)
{
  LlCandidate found = { .kind = LL_CANDIDATE_NONE };
  gboolean agrees;

  if (ll_part_get_n_children (part) != 2)
    return found;
  found.content = ll_part_get_child (part, 0);
  found.object = ll_part_get_child (part, 1);
  found.protocol = ll_layer_signature_protocol (found.object);
  if (found.protocol == LL_PROTOCOL_UNKNOWN && is_armored_signature (found.object))
    found.protocol = LL_PROTOCOL_OPENPGP;
  if (found.protocol == LL_PROTOCOL_UNKNOWN)
    return found;
  agrees = found.protocol == LL_PROTOCOL_OPENPGP
               ? protocol_agrees (part, "application/pgp-signature", NULL)
               : protocol_agrees (part, "application/pkcs7-signature",
                                  "application/x-pkcs7-signature");
  found.kind = LL_CANDIDATE_SIGNED;
  found.note = agrees ? LL_REASON_NONE : LL_REASON_TYPE_MISMATCH;
  return found;
}

/* PM-01: exactly two children, the version first. */
static LlCandidate
recognise_encrypted (const LlPart *part)
{
  LlCandidate found = { .kind = LL_CANDIDATE_NONE };

  if (ll_part_get_n_children (part) != 2
      || !ll_part_is_type (ll_part_get_child (part, 0), "application", "pgp-encrypted")
      || ll_part_get_n_children (ll_part_get_child (part, 1)) != 0)
    return found;
  found.kind = LL_CANDIDATE_ENCRYPTED;
  found.protocol = LL_PROTOCOL_OPENPGP;
  found.object = ll_part_get_child (part, 1);
  if (!protocol_agrees (part, "application/pgp-encrypted", NULL)
      || !ll_part_is_type (found.object, "application", "octet-stream"))
    found.note = LL_REASON_TYPE_MISMATCH;
  return found;
}

LlCandidate
ll_layer_recognise (const LlPart *part)
{
  LlCandidate found = { .kind = LL_CANDIDATE_NONE };

  if (ll_part_is_type (part, "multipart", "signed"))
    return recognise_signed (part);
  if (ll_part_is_type (part, "multipart", "encrypted"))
    return recognise_encrypted (part);
  if (ll_layer_is_pkcs7 (part))
    {
      found.kind = LL_CANDIDATE_PKCS7;
      found.protocol = LL_PROTOCOL_SMIME;
      found.object = (LlPart *)part;
    }
  return found;
}

LlEngine *
ll_layer_engine (const LlEngines *engines, LlProtocol protocol)
{
  return protocol == LL_PROTOCOL_OPENPGP ? engines->openpgp : engines->smime;
}

GBytes *
ll_layer_dup_object (const LlPart *part, LlEngine *engine)
{
  g_autoptr (GBytes) bytes = ll_part_dup_content (part, G_MAXSIZE, NULL);
  g_autoptr (GBytes) decoded = NULL;

  if (engine == NULL || engine->klass->identify (engine, bytes) != LL_BLOB_UNKNOWN)
    return g_steal_pointer (&bytes);
  decoded = ll_gmime_decode (GMIME_CONTENT_ENCODING_BASE64, g_bytes_get_data (bytes, NULL),
                             g_bytes_get_size (bytes));
  if (engine->klass->identify (engine, decoded) != LL_BLOB_UNKNOWN)
    return g_steal_pointer (&decoded);
  return g_steal_pointer (&bytes);
}

/* --- engine calls --- */

/* Errors that no other message would meet: this one could be opened a minute later. */
static gboolean
is_about_now (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
         || g_error_matches (error, LL_ERROR, LL_ERROR_KEY_LOCKED);
}

static LlReason
reason_of (const GError *error)
{
  if (g_error_matches (error, LL_ERROR, LL_ERROR_BAD_DATA))
    return LL_REASON_MALFORMED;
  if (g_error_matches (error, LL_ERROR, LL_ERROR_UNSUPPORTED_ALGORITHM))
    return LL_REASON_UNSUPPORTED_ALGORITHM;
  if (g_error_matches (error, LL_ERROR, LL_ERROR_CANNOT_DECRYPT))
    return LL_REASON_DECRYPTION_FAILED;
  return LL_REASON_ENGINE_ERROR;
}

static LlFacts *
signature_failure (LlProtocol protocol, LlReason reason)
{
  LlFacts *facts = ll_facts_new (protocol);

  facts->is_signed = TRUE;
  facts->signed_reason = reason;
  return facts;
}

static LlFacts *
decryption_failure (LlProtocol protocol, LlReason reason)
{
  LlFacts *facts = ll_facts_new (protocol);

  facts->decryption = LL_DECRYPTION_FAILED;
  facts->decryption_reason = reason;
  return facts;
}

gboolean
ll_layer_verify_detached (LlEngine *engine, LlProtocol protocol, GBytes *signature, GBytes *content,
                          LlFacts **facts, GCancellable *cancellable, GError **error)
{
  g_autoptr (GInputStream) object = g_memory_input_stream_new_from_bytes (signature);
  g_autoptr (GInputStream) covered = g_memory_input_stream_new_from_bytes (content);
  g_autoptr (GError) failure = NULL;

  *facts = NULL;
  if (engine == NULL)
    *facts = signature_failure (protocol, LL_REASON_ENGINE_ERROR);
  else if (!engine->klass->verify (engine, object, covered, NULL, facts, cancellable, &failure))
    {
      if (is_about_now (failure))
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
      *facts = signature_failure (protocol, reason_of (failure));
    }
  return TRUE;
}

gboolean
ll_layer_verify_opaque (LlEngine *engine, LlProtocol protocol, GBytes *object, gsize max_size,
                        GBytes **out, LlFacts **facts, LlReason *limit, GCancellable *cancellable,
                        GError **error)
{
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (object);
  g_autoptr (GOutputStream) sink = ll_secret_sink_new (max_size);
  g_autoptr (GError) failure = NULL;

  *facts = NULL;
  *out = NULL;
  if (engine == NULL)
    *facts = signature_failure (protocol, LL_REASON_ENGINE_ERROR);
  else if (engine->klass->verify (engine, in, NULL, sink, facts, cancellable, &failure))
    *out = ll_secret_sink_steal (sink);
  else if (is_about_now (failure))
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  else
    *facts = signature_failure (protocol, reason_of (failure));
  if (ll_secret_sink_has_refused (sink))
    {
      *limit = LL_REASON_LIMIT_SIZE;
      g_clear_pointer (out, g_bytes_unref);
    }
  return TRUE;
}

gboolean
ll_layer_decrypt (LlEngine *engine, LlProtocol protocol, GBytes *object, gsize max_size,
                  GBytes **out, LlFacts **facts, LlReason *limit, GCancellable *cancellable,
                  GError **error)
{
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (object);
  g_autoptr (GOutputStream) sink = ll_secret_sink_new (max_size);
  g_autoptr (GError) failure = NULL;

  *facts = NULL;
  *out = NULL;
  if (engine == NULL)
    *facts = decryption_failure (protocol, LL_REASON_ENGINE_ERROR);
  else if (!engine->klass->decrypt (engine, in, sink, facts, cancellable, &failure))
    {
      if (is_about_now (failure))
        {
          g_propagate_error (error, g_steal_pointer (&failure));
          return FALSE;
        }
      *facts = decryption_failure (protocol, reason_of (failure));
    }
  if (ll_secret_sink_has_refused (sink))
    *limit = LL_REASON_LIMIT_SIZE;
  else if ((*facts)->decryption == LL_DECRYPTION_DONE)
    *out = ll_secret_sink_steal (sink); /* rule 2: nothing of what failed */
  return TRUE;
}
