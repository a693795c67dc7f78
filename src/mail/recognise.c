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
#include "mail/meter.h"
#include "mail/transfer.h"

#define HEAD_BYTES (64 * 1024) /* enough to tell what most objects are */

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
  g_autoptr (LlSource) body = ll_part_dup_body (part);
  char start[sizeof armor - 1];

  return ll_part_is_type (part, "application", "*")
         && ll_source_read (body, 0, start, sizeof start) == sizeof start
         && memcmp (start, armor, sizeof start) == 0;
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

/* --- objects --- */

static GBytes *
decode_base64 (GBytes *bytes)
{
  g_autoptr (LlFilter) decoder = ll_transfer_decoder_new (GMIME_CONTENT_ENCODING_BASE64);
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);

  return ll_filter_bytes (decoder, data, length);
}

static void
look_at_head (LlLayerObject *object, LlEngine *engine, gsize length)
{
  g_autoptr (GBytes) decoded = NULL;

  g_clear_pointer (&object->head, g_bytes_unref);
  object->head = ll_part_dup_content_head (object->part, length, &object->is_cut);
  object->kind = LL_BLOB_UNKNOWN;
  if (engine == NULL)
    return;
  object->kind = engine->klass->identify (engine, object->head);
  if (object->kind != LL_BLOB_UNKNOWN)
    return;
  decoded = decode_base64 (object->head);
  object->kind = engine->klass->identify (engine, decoded);
  if (object->kind == LL_BLOB_UNKNOWN)
    return;
  object->is_twice = TRUE;
  g_bytes_unref (object->head);
  object->head = g_steal_pointer (&decoded);
}

void
ll_layer_object_init (LlLayerObject *object, const LlPart *part, LlEngine *engine)
{
  *object = (LlLayerObject){ .part = part };
  look_at_head (object, engine, HEAD_BYTES);
  /* a long list of certificates begins like a signature */
  if (object->kind == LL_BLOB_DETACHED && object->is_cut)
    look_at_head (object, engine, LL_LIMIT_CMS_PART_BYTES);
}

void
ll_layer_object_clear (LlLayerObject *object)
{
  g_clear_pointer (&object->head, g_bytes_unref);
}

GInputStream *
ll_layer_object_open (const LlLayerObject *object)
{
  g_autoptr (GInputStream) in = NULL;

  if (!object->is_cut)
    return g_memory_input_stream_new_from_bytes (object->head);
  in = ll_part_open_content (object->part);
  if (!object->is_twice)
    return g_steal_pointer (&in);
  return ll_filter_open (ll_transfer_decoder_new (GMIME_CONTENT_ENCODING_BASE64), in);
}

/* --- engine calls --- */

/* Errors that no other message would meet, or every one of this size: this one could be opened a
 * minute later, or with more room on the disk. */
static gboolean
is_about_now (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
         || g_error_matches (error, LL_ERROR, LL_ERROR_KEY_LOCKED)
         || g_error_matches (error, LL_ERROR, LL_ERROR_OUTPUT)
         || g_error_matches (error, LL_ERROR, LL_ERROR_MISSING_INPUT);
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

/* What failed becomes facts, unless it is about now. */
static gboolean
settle (GError *failure, LlProtocol protocol, LlFacts *(*make) (LlProtocol, LlReason),
        LlFacts **facts, GError **error)
{
  if (is_about_now (failure))
    {
      g_propagate_error (error, g_error_copy (failure));
      return FALSE;
    }
  *facts = make (protocol, reason_of (failure));
  return TRUE;
}

gboolean
ll_layer_verify_detached (LlEngine *engine, LlProtocol protocol, GInputStream *signature,
                          GInputStream *content, LlFacts **facts, GCancellable *cancellable,
                          GError **error)
{
  g_autoptr (GError) failure = NULL;

  *facts = NULL;
  if (engine == NULL)
    *facts = signature_failure (protocol, LL_REASON_ENGINE_ERROR);
  else if (!engine->klass->verify (engine, signature, content, NULL, facts, cancellable, &failure))
    return settle (failure, protocol, signature_failure, facts, error);
  return TRUE;
}

void
ll_layer_inside_clear (LlLayerInside *inside)
{
  g_clear_pointer (&inside->source, ll_source_unref);
}

/* What came is kept when it is good. */
static gboolean
take_inside (LlLayerInside *inside, LlSpool *spool, LlMeter *meter, gboolean good, GError **error)
{
  inside->size = ll_meter_get_count (meter);
  inside->refused = ll_meter_has_refused (meter);
  if (spool == NULL || !good || inside->refused)
    return TRUE;
  inside->source = ll_source_new_spool (spool, error);
  return inside->source != NULL;
}

gboolean
ll_layer_verify_opaque (LlEngine *engine, LlProtocol protocol, GInputStream *object,
                        LlLayerInside *inside, LlFacts **facts, GCancellable *cancellable,
                        GError **error)
{
  g_autoptr (LlSpool) spool = inside->keep ? ll_spool_new (LL_SPOOL_SECRET) : NULL;
  g_autoptr (LlMeter) meter = ll_meter_new ((GOutputStream *)spool, inside->max_size);
  g_autoptr (GError) failure = NULL;
  gboolean good = TRUE;

  *facts = NULL;
  if (engine == NULL)
    *facts = signature_failure (protocol, LL_REASON_ENGINE_ERROR);
  else
    good = engine->klass->verify (engine, object, NULL, G_OUTPUT_STREAM (meter), facts, cancellable,
                                  &failure);
  if (!good && !settle (failure, protocol, signature_failure, facts, error))
    return FALSE;
  return take_inside (inside, spool, meter, good && engine != NULL, error);
}

gboolean
ll_layer_decrypt (LlEngine *engine, LlProtocol protocol, GInputStream *object,
                  LlLayerInside *inside, LlFacts **facts, GCancellable *cancellable, GError **error)
{
  g_autoptr (LlSpool) spool = inside->keep ? ll_spool_new (LL_SPOOL_SECRET) : NULL;
  g_autoptr (LlMeter) meter = ll_meter_new ((GOutputStream *)spool, inside->max_size);
  g_autoptr (GError) failure = NULL;

  *facts = NULL;
  if (engine == NULL)
    *facts = decryption_failure (protocol, LL_REASON_ENGINE_ERROR);
  else if (!engine->klass->decrypt (engine, object, G_OUTPUT_STREAM (meter), facts, cancellable,
                                    &failure)
           && !settle (failure, protocol, decryption_failure, facts, error))
    return FALSE;
  /* rule 2: nothing of what failed */
  return take_inside (inside, spool, meter, (*facts)->decryption == LL_DECRYPTION_DONE, error);
}
