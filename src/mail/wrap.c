/* Wraps a canonical entity in cryptographic layers; the way back from layers.c.
 *
 * What enters: an entity that mail/draft has made fit, and keys. What leaves: the new entity, as
 * RFC 3156 and RFC 8551 want it to look. Signatures go inside encryption (E2E-02); nothing is made
 * of inline PGP (E2E-05). It chooses no key and writes no address.
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

typedef struct
{
  const LlWrapRequest *request;
  GCancellable *cancellable;
} Wrapper;

/* --- pieces --- */

static GBytes *
finish (GString *out)
{
  gsize length = out->len;
  return ll_secret_bytes_new_take (g_string_free (out, FALSE), length);
}

static gboolean
contains (GBytes *bytes, const char *text)
{
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);

  return length > 0 && memmem (data, length, text, strlen (text)) != NULL;
}

/* "=_" stands in no base64 and no quoted-printable; the rest is random (RFC 2046 section 5.1.1). */
static char *
new_boundary (GBytes *content, GError **error)
{
  while (TRUE)
    {
      guint8 octets[18];
      g_autofree char *digits = NULL;
      g_autofree char *boundary = NULL;

      if (getrandom (octets, sizeof octets, 0) != (gssize)sizeof octets)
        {
          g_set_error (error, LL_ERROR, LL_ERROR_FAILED, _ ("No random numbers could be had: %s."),
                       g_strerror (errno));
          return NULL;
        }
      digits = ll_hex_encode (octets, sizeof octets);
      boundary = g_strconcat ("=_", digits, NULL);
      if (!contains (content, boundary))
        return g_steal_pointer (&boundary);
    }
}

static GString *
new_entity (gboolean outermost, gsize size)
{
  GString *out = g_string_sized_new (size + size / 2 + 2048);

  if (outermost)
    g_string_append (out, "MIME-Version: 1.0\r\n");
  return out;
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

static void
append_base64 (GString *out, GBytes *object)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (object, &length);

  ll_canonical_append_base64 (out, data, length);
}

static void
append_armor (GString *out, GBytes *object)
{
  gsize length;
  const char *data = g_bytes_get_data (object, &length);

  ll_canonical_append (out, data, length);
}

static void
append_bytes (GString *out, GBytes *bytes)
{
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);

  g_string_append_len (out, data, (gssize)length);
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

/* The result is gathered whole, so that a failure leaves nothing behind (rule 1). */
static GBytes *
seal (const Wrapper *wrapper, SealFunction function, const LlSealRequest *seal_request,
      GBytes *content, LlSealResult **result, GError **error)
{
  g_autoptr (GInputStream) in = g_memory_input_stream_new_from_bytes (content);
  g_autoptr (GOutputStream) sink = ll_secret_sink_new (LL_LIMIT_ALL_LAYERS_BYTES);
  gsize length = g_bytes_get_size (content);

  /* armor takes a third more, a detached signature next to nothing */
  if (!seal_request->detached)
    ll_secret_sink_expect (sink, length + length / 2);
  if (!function (wrapper->request->engine, seal_request, in, sink, result, wrapper->cancellable,
                 error))
    return NULL;
  return ll_secret_sink_steal (sink);
}

static GBytes *
sign (const Wrapper *wrapper, GBytes *entity, gboolean detached, gboolean armor,
      LlSealResult **result, GError **error)
{
  g_autoptr (GPtrArray) signers = list_signers (wrapper->request);
  LlSealRequest wanted = {
    .signers = signers,
    .style = wrapper->request->style,
    .encryption_key = wrapper->request->encryption_key,
    .detached = detached,
    .armor = armor,
    .incompressible = wrapper->request->incompressible,
  };

  return seal (wrapper, wrapper->request->engine->klass->sign, &wanted, entity, result, error);
}

/* --- multipart/signed (PM-02, SM-17) --- */

static const struct
{
  const char *protocol, *subtype, *name;
} signature_types[] = {
  [LL_PROTOCOL_OPENPGP] = { "application/pgp-signature", "pgp-signature", "signature.asc" },
  [LL_PROTOCOL_SMIME] = { "application/pkcs7-signature", "pkcs7-signature", "smime.p7s" },
};

static void
append_signature_part (GString *out, LlProtocol protocol, GBytes *signature)
{
  if (protocol == LL_PROTOCOL_SMIME)
    {
      append_pkcs7_fields (out, signature_types[protocol].subtype, "",
                           signature_types[protocol].name);
      append_base64 (out, signature);
      return;
    }
  g_string_append_printf (out, "Content-Type: %s; name=\"%s\"\r\n\r\n",
                          signature_types[protocol].protocol, signature_types[protocol].name);
  append_armor (out, signature);
}

static GBytes *
wrap_signed (const Wrapper *wrapper, GBytes *entity, gboolean outermost, GError **error)
{
  LlProtocol protocol = wrapper->request->engine->klass->protocol;
  g_autoptr (LlSealResult) result = NULL;
  g_autoptr (GBytes) signature
      = sign (wrapper, entity, TRUE, protocol == LL_PROTOCOL_OPENPGP, &result, error);
  g_autofree char *boundary = signature != NULL ? new_boundary (entity, error) : NULL;
  GString *out;

  if (boundary == NULL)
    return NULL;
  out = new_entity (outermost, g_bytes_get_size (entity));
  g_string_append_printf (out, "Content-Type: multipart/signed; protocol=\"%s\";\r\n",
                          signature_types[protocol].protocol);
  if (result != NULL && result->micalg != NULL)
    g_string_append_printf (out, " micalg=\"%s\";\r\n", result->micalg);
  g_string_append_printf (out, " boundary=\"%s\"\r\n\r\n--%s\r\n", boundary, boundary);
  append_bytes (out, entity);
  /* this CRLF is the boundary's and is not signed (PM-04) */
  g_string_append_printf (out, "\r\n--%s\r\n", boundary);
  append_signature_part (out, protocol, signature);
  g_string_append_printf (out, "\r\n--%s--\r\n", boundary);
  return finish (out);
}

/* --- S/MIME objects --- */

static GBytes *
wrap_opaque (const Wrapper *wrapper, GBytes *entity, gboolean outermost, GError **error)
{
  g_autoptr (LlSealResult) result = NULL;
  g_autoptr (GBytes) object = sign (wrapper, entity, FALSE, FALSE, &result, error);
  GString *out;

  if (object == NULL)
    return NULL;
  out = new_entity (outermost, g_bytes_get_size (object));
  append_pkcs7_fields (out, "pkcs7-mime", " smime-type=signed-data;", "smime.p7m");
  append_base64 (out, object);
  return finish (out);
}

static GBytes *
wrap_enveloped (const Wrapper *wrapper, GBytes *entity, char **cipher, GError **error)
{
  LlSealRequest wanted = {
    .recipients = wrapper->request->recipients,
    .cipher = wrapper->request->cipher,
    .style = wrapper->request->style,
    .incompressible = wrapper->request->incompressible,
  };
  g_autoptr (LlSealResult) result = NULL;
  g_autoptr (GBytes) object
      = seal (wrapper, wrapper->request->engine->klass->encrypt, &wanted, entity, &result, error);
  GString *out;

  if (object == NULL)
    return NULL;
  if (cipher != NULL && result != NULL)
    *cipher = g_strdup (result->cipher);
  out = new_entity (TRUE, g_bytes_get_size (object));
  append_pkcs7_fields (out, "pkcs7-mime",
                       ll_cipher_is_aead (wrapper->request->cipher)
                           ? " smime-type=authEnveloped-data;"
                           : " smime-type=enveloped-data;",
                       "smime.p7m");
  append_base64 (out, object);
  return finish (out);
}

static GBytes *
wrap_smime (const Wrapper *wrapper, GBytes *entity, char **cipher, GError **error)
{
  gboolean encrypt = wrapper->request->recipients != NULL;
  g_autoptr (GBytes) inner = g_bytes_ref (entity);

  if (wrapper->request->signer != NULL)
    {
      g_bytes_unref (inner);
      inner = wrapper->request->opaque ? wrap_opaque (wrapper, entity, !encrypt, error)
                                       : wrap_signed (wrapper, entity, !encrypt, error);
    }
  if (inner == NULL || !encrypt)
    return g_steal_pointer (&inner);
  return wrap_enveloped (wrapper, inner, cipher, error);
}

/* --- multipart/encrypted (PM-01, PM-05) --- */

static GBytes *
wrap_openpgp (const Wrapper *wrapper, GBytes *entity, char **cipher, GError **error)
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
  g_autoptr (GBytes) object
      = seal (wrapper, wrapper->request->engine->klass->encrypt, &wanted, entity, &result, error);
  g_autofree char *boundary = object != NULL ? new_boundary (object, error) : NULL;
  GString *out;

  if (boundary == NULL)
    return NULL;
  if (cipher != NULL && result != NULL)
    *cipher = g_strdup (result->cipher);
  out = new_entity (TRUE, g_bytes_get_size (object));
  g_string_append_printf (out,
                          "Content-Type: multipart/encrypted; "
                          "protocol=\"application/pgp-encrypted\";\r\n boundary=\"%s\"\r\n\r\n"
                          "--%s\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
                          "\r\n--%s\r\nContent-Type: application/octet-stream; "
                          "name=\"encrypted.asc\"\r\n"
                          "Content-Disposition: inline; filename=\"encrypted.asc\"\r\n\r\n",
                          boundary, boundary, boundary);
  append_armor (out, object);
  g_string_append_printf (out, "\r\n--%s--\r\n", boundary);
  return finish (out);
}

static GBytes *
wrap_any (const Wrapper *wrapper, GBytes *entity, char **cipher, GError **error)
{
  if (wrapper->request->engine->klass->protocol == LL_PROTOCOL_SMIME)
    return wrap_smime (wrapper, entity, cipher, error);
  if (wrapper->request->recipients != NULL)
    return wrap_openpgp (wrapper, entity, cipher, error);
  return wrap_signed (wrapper, entity, TRUE, error);
}

GBytes *
ll_layers_wrap (GBytes *entity, const LlWrapRequest *request, char **cipher,
                GCancellable *cancellable, GError **error)
{
  Wrapper wrapper = { request, cancellable };
  g_autoptr (GBytes) wrapped = NULL;

  g_return_val_if_fail (request->signer != NULL || request->recipients != NULL, NULL);
  g_return_val_if_fail (request->recipients == NULL || request->recipients->len > 0, NULL);

  if (cipher != NULL)
    *cipher = NULL;
  wrapped = wrap_any (&wrapper, entity, cipher, error);
  /* what we could not read again is not written */
  if (wrapped != NULL && g_bytes_get_size (wrapped) > LL_LIMIT_MESSAGE_BYTES)
    {
      g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA,
                   _ ("The sealed message would be larger than %u bytes, which is the limit."),
                   LL_LIMIT_MESSAGE_BYTES);
      return NULL;
    }
  return g_steal_pointer (&wrapped);
}
