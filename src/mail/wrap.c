/* Wraps a canonical entity in cryptographic layers; the way back from layers.c.
 *
 * What enters: an entity that mail/draft has made fit, and keys. What leaves: the new entity, as
 * RFC 3156 and RFC 8551 want it to look, while it is made. Signatures go inside encryption
 * (E2E-02); nothing is made of inline PGP (E2E-05). It chooses no key and writes no address, and it
 * holds nothing of the entity: a detached signature takes one reading of it, and writing it
 * another.
 */
#include <config.h>

#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>
#include <sys/random.h>

#include "base/error.h"
#include "base/hex.h"
#include "base/limits.h"
#include "base/secret.h"
#include "mail/canonical.h"
#include "mail/layers.h"
#include "mail/transfer.h"

typedef struct
{
  const LlWrapRequest *request;
  GOutputStream *out;
  GCancellable *cancellable;
} Wrapper;

/* --- pieces --- */

/* "=_" stands in no base64 and no quoted-printable, and what follows is too random to stand in
 * anything that was there before (RFC 2046 section 5.1.1). */
static char *
new_boundary (GError **error)
{
  guint8 octets[18];
  g_autofree char *digits = NULL;

  if (getrandom (octets, sizeof octets, 0) != (gssize)sizeof octets)
    {
      g_set_error (error, LL_ERROR, LL_ERROR_FAILED, _ ("No random numbers could be had: %s."),
                   g_strerror (errno));
      return NULL;
    }
  digits = ll_hex_encode (octets, sizeof octets);
  return g_strconcat ("=_", digits, NULL);
}

static GString *
new_entity (gboolean outermost)
{
  return g_string_new (outermost ? "MIME-Version: 1.0\r\n" : "");
}

static gboolean
write_text (const Wrapper *wrapper, const GString *text, GError **error)
{
  return g_output_stream_write_all (wrapper->out, text->str, text->len, NULL, wrapper->cancellable,
                                    error);
}

/* SM-15, SM-16 */
static void
append_pkcs7_fields (GString *out, const char *type, const char *parameters, const char *name)
{
  g_string_append_printf (out,
                          "Content-Type: application/%s;%s\r\n name=\"%s\"\r\n"
                          "Content-Transfer-Encoding: base64\r\n"
                          "Content-Disposition: attachment; filename=\"%s\"\r\n\r\n",
                          type, parameters, name, name);
}

/* --- engine calls --- */

/* NULL: nobody signs. */
static GPtrArray *
list_signers (const LlWrapRequest *request)
{
  GPtrArray *list = NULL;

  if (request->signer == NULL)
    return NULL;
  list = g_ptr_array_new ();
  g_ptr_array_add (list, request->signer);
  if (request->more_signers != NULL)
    g_ptr_array_extend (list, request->more_signers, NULL, NULL);
  return list;
}

typedef gboolean (*SealFunction) (LlEngine *engine, const LlSealRequest *request, GInputStream *in,
                                  GOutputStream *out, LlSealResult **result,
                                  GCancellable *cancellable, GError **error);

/* Calls the engine on the content, and lets what comes out go through a filter. */
static gboolean
seal (const Wrapper *wrapper, SealFunction function, const LlSealRequest *request, LlRope *content,
      LlFilter *filter, LlSealResult **result, GError **error)
{
  g_autoptr (GInputStream) in = ll_rope_open (content);
  g_autoptr (GOutputStream) sink = ll_filter_sink (filter, wrapper->out);

  return function (wrapper->request->engine, request, in, sink, result, wrapper->cancellable, error)
         && g_output_stream_close (sink, wrapper->cancellable, error);
}

/* --- multipart/signed (PM-02, SM-17) --- */

static const struct
{
  const char *protocol, *subtype, *name;
} signature_types[] = {
  [LL_PROTOCOL_OPENPGP] = { "application/pgp-signature", "pgp-signature", "signature.asc" },
  [LL_PROTOCOL_SMIME] = { "application/pkcs7-signature", "pkcs7-signature", "smime.p7s" },
};

/* The signature of the entity as it stands in its part. */
static GBytes *
sign_detached (const Wrapper *wrapper, LlRope *entity, LlSealResult **result, GError **error)
{
  const LlEngineClass *klass = wrapper->request->engine->klass;
  g_autoptr (GPtrArray) signers = list_signers (wrapper->request);
  g_autoptr (GOutputStream) sink = ll_secret_sink_new (2 * LL_LIMIT_CMS_PART_BYTES);
  gboolean armor = klass->protocol == LL_PROTOCOL_OPENPGP;
  LlSealRequest wanted = {
    .signers = signers,
    .style = wrapper->request->style,
    .encryption_key = wrapper->request->encryption_key,
    .detached = TRUE,
    .armor = armor,
  };
  Wrapper inner = { wrapper->request, sink, wrapper->cancellable };

  if (!seal (&inner, klass->sign, &wanted, entity,
             armor ? ll_canonical_filter_new () : ll_transfer_base64_new (), result, error))
    return NULL;
  return ll_secret_sink_steal (sink);
}

static void
append_signature_fields (GString *text, LlProtocol protocol)
{
  if (protocol == LL_PROTOCOL_SMIME)
    append_pkcs7_fields (text, signature_types[protocol].subtype, "",
                         signature_types[protocol].name);
  else
    g_string_append_printf (text, "Content-Type: %s; name=\"%s\"\r\n\r\n",
                            signature_types[protocol].protocol, signature_types[protocol].name);
}

/* (transfer full) */
static LlRope *
new_signed (const Wrapper *wrapper, LlRope *entity, gboolean outermost, GError **error)
{
  LlProtocol protocol = wrapper->request->engine->klass->protocol;
  g_autoptr (LlSealResult) result = NULL;
  g_autoptr (GBytes) signature = sign_detached (wrapper, entity, &result, error);
  g_autofree char *boundary = signature != NULL ? new_boundary (error) : NULL;
  g_autoptr (GString) before = NULL;
  g_autoptr (GString) after = NULL;
  LlRope *rope;
  gsize length;
  const char *data;

  if (boundary == NULL)
    return NULL;
  before = new_entity (outermost);
  g_string_append_printf (before, "Content-Type: multipart/signed; protocol=\"%s\";\r\n",
                          signature_types[protocol].protocol);
  if (result != NULL && result->micalg != NULL)
    g_string_append_printf (before, " micalg=\"%s\";\r\n", result->micalg);
  g_string_append_printf (before, " boundary=\"%s\"\r\n\r\n--%s\r\n", boundary, boundary);
  /* this CRLF is the boundary's and is not signed (PM-04) */
  after = g_string_new (NULL);
  g_string_append_printf (after, "\r\n--%s\r\n", boundary);
  append_signature_fields (after, protocol);
  data = g_bytes_get_data (signature, &length);
  g_string_append_len (after, data, (gssize)length);
  g_string_append_printf (after, "\r\n--%s--\r\n", boundary);

  rope = ll_rope_new ();
  ll_rope_append_octets (rope, before->str, before->len);
  ll_rope_append_rope (rope, entity);
  ll_rope_append_octets (rope, after->str, after->len);
  return rope;
}

static gboolean
wrap_signed (const Wrapper *wrapper, LlRope *entity, GError **error)
{
  g_autoptr (LlRope) rope = new_signed (wrapper, entity, TRUE, error);
  g_autoptr (GInputStream) in = rope != NULL ? ll_rope_open (rope) : NULL;

  return in != NULL && ll_stream_copy (in, wrapper->out, wrapper->cancellable, error);
}

/* --- S/MIME objects --- */

static gboolean
wrap_opaque (const Wrapper *wrapper, LlRope *entity, gboolean outermost, GError **error)
{
  g_autoptr (GPtrArray) signers = list_signers (wrapper->request);
  LlSealRequest wanted = {
    .signers = signers,
    .style = wrapper->request->style,
    .encryption_key = wrapper->request->encryption_key,
    .incompressible = wrapper->request->incompressible,
  };
  g_autoptr (LlSealResult) result = NULL;
  g_autoptr (GString) header = new_entity (outermost);

  append_pkcs7_fields (header, "pkcs7-mime", " smime-type=signed-data;", "smime.p7m");
  return write_text (wrapper, header, error)
         && seal (wrapper, wrapper->request->engine->klass->sign, &wanted, entity,
                  ll_transfer_base64_new (), &result, error);
}

/* An opaque layer inside of another one waits in a spool. (transfer full) */
static LlRope *
new_opaque (const Wrapper *wrapper, LlRope *entity, GError **error)
{
  g_autoptr (LlSpool) spool = ll_spool_new (LL_SPOOL_SECRET);
  Wrapper inner = { wrapper->request, G_OUTPUT_STREAM (spool), wrapper->cancellable };
  g_autoptr (LlSource) source = NULL;
  LlRope *rope;

  if (!wrap_opaque (&inner, entity, FALSE, error))
    return NULL;
  source = ll_source_new_spool (spool, error);
  if (source == NULL)
    return NULL;
  rope = ll_rope_new ();
  ll_rope_append_source (rope, source);
  return rope;
}

static gboolean
wrap_enveloped (const Wrapper *wrapper, LlRope *entity, char **cipher, GError **error)
{
  LlSealRequest wanted = {
    .recipients = wrapper->request->recipients,
    .cipher = wrapper->request->cipher,
    .style = wrapper->request->style,
    .incompressible = wrapper->request->incompressible,
  };
  g_autoptr (LlSealResult) result = NULL;
  g_autoptr (GString) header = new_entity (TRUE);

  append_pkcs7_fields (header, "pkcs7-mime",
                       ll_cipher_is_aead (wrapper->request->cipher)
                           ? " smime-type=authEnveloped-data;"
                           : " smime-type=enveloped-data;",
                       "smime.p7m");
  if (!write_text (wrapper, header, error)
      || !seal (wrapper, wrapper->request->engine->klass->encrypt, &wanted, entity,
                ll_transfer_base64_new (), &result, error))
    return FALSE;
  if (cipher != NULL && result != NULL)
    *cipher = g_strdup (result->cipher);
  return TRUE;
}

static gboolean
wrap_smime (const Wrapper *wrapper, LlRope *entity, char **cipher, GError **error)
{
  gboolean opaque = wrapper->request->opaque;
  g_autoptr (LlRope) inner = NULL;

  if (wrapper->request->recipients == NULL)
    return opaque ? wrap_opaque (wrapper, entity, TRUE, error)
                  : wrap_signed (wrapper, entity, error);
  if (wrapper->request->signer == NULL)
    inner = ll_rope_ref (entity);
  else
    inner
        = opaque ? new_opaque (wrapper, entity, error) : new_signed (wrapper, entity, FALSE, error);
  return inner != NULL && wrap_enveloped (wrapper, inner, cipher, error);
}

/* --- multipart/encrypted (PM-01, PM-05) --- */

static gboolean
wrap_openpgp (const Wrapper *wrapper, LlRope *entity, char **cipher, GError **error)
{
  g_autoptr (GPtrArray) signers = list_signers (wrapper->request);
  LlSealRequest wanted = {
    .signers = signers,
    .recipients = wrapper->request->recipients,
    .armor = TRUE,
    .incompressible = wrapper->request->incompressible,
    .always_trust = TRUE, /* keys/plan has weighed it */
  };
  g_autoptr (LlSealResult) result = NULL;
  g_autofree char *boundary = new_boundary (error);
  g_autoptr (GString) text = NULL;

  if (boundary == NULL)
    return FALSE;
  text = new_entity (TRUE);
  g_string_append_printf (text,
                          "Content-Type: multipart/encrypted; "
                          "protocol=\"application/pgp-encrypted\";\r\n boundary=\"%s\"\r\n\r\n"
                          "--%s\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
                          "\r\n--%s\r\nContent-Type: application/octet-stream; "
                          "name=\"encrypted.asc\"\r\n"
                          "Content-Disposition: inline; filename=\"encrypted.asc\"\r\n\r\n",
                          boundary, boundary, boundary);
  if (!write_text (wrapper, text, error)
      || !seal (wrapper, wrapper->request->engine->klass->encrypt, &wanted, entity,
                ll_canonical_filter_new (), &result, error))
    return FALSE;
  if (cipher != NULL && result != NULL)
    *cipher = g_strdup (result->cipher);
  g_string_printf (text, "\r\n--%s--\r\n", boundary);
  return write_text (wrapper, text, error);
}

gboolean
ll_layers_wrap (LlRope *entity, const LlWrapRequest *request, GOutputStream *out, char **cipher,
                GCancellable *cancellable, GError **error)
{
  const Wrapper wrapper = { request, out, cancellable };

  g_return_val_if_fail (request->signer != NULL || request->recipients != NULL, FALSE);
  g_return_val_if_fail (request->recipients == NULL || request->recipients->len > 0, FALSE);

  if (cipher != NULL)
    *cipher = NULL;
  if (request->engine->klass->protocol == LL_PROTOCOL_SMIME)
    return wrap_smime (&wrapper, entity, cipher, error);
  if (request->recipients != NULL)
    return wrap_openpgp (&wrapper, entity, cipher, error);
  return wrap_signed (&wrapper, entity, error);
}
