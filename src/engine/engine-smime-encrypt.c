/* engine-smime-encrypt.c - encrypts, S/MIME: EnvelopedData (RFC 5652 section 6) and
 * AuthEnvelopedData (RFC 5083, RFC 5084, RFC 8103).
 *
 * What enters: bytes to be sealed, and the certificates that shall open them. What leaves: CMS in
 * DER or, where the content is long, in BER while it streams by. It writes the object itself, so
 * that every cipher streams in the same bounded memory; OpenSSL encrypts. Which certificates are
 * right, and which cipher their owners can read, was settled before, by the plan.
 */
#include <config.h>

#include <glib/gi18n.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rand.h>

#include "base/error.h"
#include "engine/cms-flow-private.h"
#include "engine/cms-kdf-private.h"
#include "engine/cms-recipient-write-private.h"
#include "engine/der-writer-private.h"
#include "engine/engine-smime-private.h"
#include "provider/provider.h"

#define OID_DATA "1.2.840.113549.1.7.1"
#define OID_OBJECT "1.2.840.113549.1.9.16.1.6" /* id-ct-contentInfo, RFC 5911 */
#define OID_ENVELOPED "1.2.840.113549.1.7.3"
#define OID_CEK_HKDF "1.2.840.113549.1.9.16.3.31"
#define OID_AUTH_ENVELOPED "1.2.840.113549.1.9.16.1.23"

#define KEY_MAX 32
#define IV_MAX 16
#define TAG_BYTES 16 /* CM-02 */
#define HEADER_MAX 10
#define END_OF_CONTENTS "\0\0"

/* What a cipher is in CMS; its name is OpenSSL's. */
typedef struct
{
  const char *oid;
  guint key_bytes, iv_bytes;
  gboolean icv_length; /* the parameters name the length of the tag: GCM (RFC 5084 section 3.2) */
} Content;

#define AES "2.16.840.1.101.3.4.1."

static const Content contents[LL_N_CIPHERS] = {
  [LL_CIPHER_AES_256_GCM] = { AES "46", 32, 12, TRUE },
  [LL_CIPHER_AES_192_GCM] = { AES "26", 24, 12, TRUE },
  [LL_CIPHER_AES_128_GCM] = { AES "6", 16, 12, TRUE },
  [LL_CIPHER_CHACHA20_POLY1305] = { "1.2.840.113549.1.9.16.3.18", 32, 12, FALSE },
  [LL_CIPHER_AES_256_CBC] = { AES "42", 32, 16, FALSE },
  [LL_CIPHER_AES_192_CBC] = { AES "22", 24, 16, FALSE },
  [LL_CIPHER_AES_128_CBC] = { AES "2", 16, 16, FALSE },
};

typedef struct
{
  const Content *content;
  const char *content_type;
  gboolean aead;
  EVP_CIPHER_CTX *context;
  GBytes *algorithm;      /* contentEncryptionAlgorithm */
  GByteArray *recipients; /* the SET OF RecipientInfo */
  guint8 version;
} Envelope;

static void
envelope_clear (Envelope *self)
{
  EVP_CIPHER_CTX_free (self->context);
  g_clear_pointer (&self->algorithm, g_bytes_unref);
  g_clear_pointer (&self->recipients, g_byte_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Envelope, envelope_clear)

/* ---- what is around the content ---- */

/* CBC (RFC 3565) and ChaCha20-Poly1305 (RFC 8103 section 3) have the IV alone; GCM a sequence with
 * the tag's length beside it. */
static GBytes *
make_algorithm (const Content *content, const guint8 *iv)
{
  GByteArray *algorithm = g_byte_array_new ();
  g_autoptr (GByteArray) parameters = g_byte_array_new ();

  ll_der_add (parameters, LL_DER_OCTET_STRING, iv, content->iv_bytes);
  if (content->icv_length)
    {
      ll_der_add_small (parameters, TAG_BYTES);
      ll_der_wrap (parameters, LL_DER_SEQUENCE);
    }
  ll_der_add_oid (algorithm, content->oid);
  g_byte_array_append (algorithm, parameters->data, parameters->len);
  ll_der_wrap (algorithm, LL_DER_SEQUENCE);
  return g_byte_array_free_to_bytes (algorithm);
}

/* RFC 9709 section 3: the algorithm goes inside another one, which says that the key is derived
 * from the one that the recipients get and from this algorithm (CM-03). */
static GBytes *
make_derived_algorithm (GBytes *inner)
{
  GByteArray *algorithm = g_byte_array_new ();

  ll_der_add_oid (algorithm, OID_CEK_HKDF);
  ll_der_add_bytes (algorithm, inner);
  ll_der_wrap (algorithm, LL_DER_SEQUENCE);
  return g_byte_array_free_to_bytes (algorithm);
}

static int
compare_infos (gconstpointer one, gconstpointer other)
{
  return g_bytes_compare (*(GBytes *const *)one, *(GBytes *const *)other);
}

/* In the order of DER, which says nothing about who was named first. */
static gboolean
add_recipients (Envelope *self, const LlSealRequest *request, const guint8 *key, GError **error)
{
  g_autoptr (GPtrArray) infos = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);

  for (guint i = 0; i < request->recipients->len; i++)
    {
      LlRecipientWritten written = { NULL, 0 };
      if (!ll_recipient_write (g_ptr_array_index (request->recipients, i), key,
                               self->content->key_bytes, &request->style, &written, error))
        return FALSE;
      g_ptr_array_add (infos, written.info);
      if (written.version != 0 && !self->aead)
        self->version = 2; /* RFC 5652 section 6.1; of AuthEnvelopedData it is 0 (RFC 5083) */
    }
  g_ptr_array_sort (infos, compare_infos);
  self->recipients = g_byte_array_new ();
  for (guint i = 0; i < infos->len; i++)
    ll_der_add_bytes (self->recipients, g_ptr_array_index (infos, i));
  ll_der_wrap (self->recipients, LL_DER_SET);
  return TRUE;
}

static gboolean
start_cipher (Envelope *self, LlCipher which, const guint8 *key, const guint8 *iv)
{
  g_autoptr (EVP_CIPHER) cipher
      = EVP_CIPHER_fetch (ll_provider_context (NULL), ll_cipher_name (which), NULL);

  self->context = EVP_CIPHER_CTX_new ();
  return cipher != NULL && EVP_EncryptInit_ex2 (self->context, cipher, key, iv, NULL) == 1;
}

/* The content's own key, from the one for the recipients, and its algorithm. */
static gboolean
settle_key (Envelope *self, LlCipher cipher, gboolean derived, const guint8 *key, const guint8 *iv)
{
  g_autoptr (GBytes) algorithm = make_algorithm (self->content, iv);
  guint8 content_key[KEY_MAX];
  gboolean settled;

  if (!derived)
    {
      self->algorithm = g_steal_pointer (&algorithm);
      return start_cipher (self, cipher, key, iv);
    }
  settled = ll_cms_kdf_content_key (key, self->content->key_bytes, algorithm, content_key)
            && start_cipher (self, cipher, content_key, iv);
  explicit_bzero (content_key, sizeof content_key);
  self->algorithm = make_derived_algorithm (algorithm);
  return settled;
}

/* CM-02: a key and a nonce for this message alone. */
static gboolean
envelope_init (Envelope *self, const LlSealRequest *request, LlCipher cipher, GError **error)
{
  OSSL_LIB_CTX *context = ll_provider_context (NULL);
  guint8 key[KEY_MAX], iv[IV_MAX];
  gboolean made;

  self->content = &contents[cipher];
  self->aead = ll_cipher_is_aead (cipher);
  self->content_type = request->content_is_object ? OID_OBJECT : OID_DATA; /* SM-06 */
  made = RAND_priv_bytes_ex (context, key, self->content->key_bytes, 0) == 1
         && RAND_bytes_ex (context, iv, self->content->iv_bytes, 0) == 1
         && settle_key (self, cipher, request->style.derived_key, key, iv);
  if (!made)
    ll_openssl_set_error (error, LL_ERROR_UNSUPPORTED_ALGORITHM,
                          _ ("Nothing can be encrypted with %s here"), ll_cipher_name (cipher));
  made = made && add_recipients (self, request, key, error);
  explicit_bzero (key, sizeof key);
  return made;
}

/* ---- writing ---- */

static gboolean
put (BIO *sink, const guint8 *data, gsize length)
{
  size_t written = 0;

  return length == 0 || (BIO_write_ex (sink, data, length, &written) == 1 && written == length);
}

/* One piece of the content, with the room for its header in front of it: 04 LENGTH ... */
static gboolean
put_piece (Envelope *self, const LlCmsFlow *flow, guint8 *buffer, BIO *sink)
{
  g_autoptr (GByteArray) header = g_byte_array_new ();
  int length = 0, last = 0;

  if (EVP_EncryptUpdate (self->context, buffer + HEADER_MAX, &length, flow->chunk,
                         (int)flow->filled)
          != 1
      || (flow->ended
          && EVP_EncryptFinal_ex (self->context, buffer + HEADER_MAX + length, &last) != 1))
    return FALSE;
  if (length + last == 0)
    return TRUE;
  ll_der_add_header (header, LL_DER_OCTET_STRING, (guint64)(length + last));
  guint8 *start = buffer + HEADER_MAX - header->len;
  memcpy (start, header->data, header->len);
  return put (sink, start, header->len + (gsize)(length + last));
}

static gboolean
get_tag (const Envelope *self, guint8 tag[TAG_BYTES])
{
  return EVP_CIPHER_CTX_ctrl (self->context, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, tag) == 1;
}

/* Everything up to the first piece. Each 80 opens an indefinite length (X.690 section 8.1.3.6). */
static gboolean
put_beginning (const Envelope *self, BIO *sink)
{
  static const guint8 info[] = { LL_DER_SEQUENCE, 0x80 };
  static const guint8 inside[] = { LL_DER_CONTEXT_CONSTRUCTED (0), 0x80, LL_DER_SEQUENCE, 0x80 };
  static const guint8 octets[] = { LL_DER_CONTEXT_CONSTRUCTED (0), 0x80 };
  g_autoptr (GByteArray) all = g_byte_array_new ();

  g_byte_array_append (all, info, sizeof info);
  ll_der_add_oid (all, self->aead ? OID_AUTH_ENVELOPED : OID_ENVELOPED);
  g_byte_array_append (all, inside, sizeof inside);
  ll_der_add_small (all, self->version);
  g_byte_array_append (all, self->recipients->data, self->recipients->len);
  g_byte_array_append (all, info, sizeof info); /* EncryptedContentInfo */
  ll_der_add_oid (all, self->content_type);
  ll_der_add_bytes (all, self->algorithm);
  g_byte_array_append (all, octets, sizeof octets);
  return put (sink, all->data, all->len);
}

static gboolean
put_end (const Envelope *self, BIO *sink)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();
  guint8 tag[TAG_BYTES];

  g_byte_array_append (all, (const guint8 *)END_OF_CONTENTS END_OF_CONTENTS, 4);
  if (self->aead)
    {
      if (!get_tag (self, tag))
        return FALSE;
      ll_der_add (all, LL_DER_OCTET_STRING, tag, sizeof tag);
    }
  g_byte_array_append (all, (const guint8 *)END_OF_CONTENTS END_OF_CONTENTS END_OF_CONTENTS, 6);
  return put (sink, all->data, all->len);
}

/* Long contents: the object is written while the content is read. */
static gboolean
write_streaming (Envelope *self, LlCmsFlow *flow, BIO *sink, GError **error)
{
  g_autofree guint8 *buffer = g_malloc (HEADER_MAX + LL_CMS_CHUNK_BYTES + EVP_MAX_BLOCK_LENGTH);

  if (!put_beginning (self, sink))
    return FALSE;
  while (put_piece (self, flow, buffer, sink))
    {
      if (flow->ended)
        return put_end (self, sink);
      if (!ll_cms_flow_next (flow, error))
        return FALSE;
    }
  return FALSE;
}

/* Short contents: DER, with definite lengths. */
static gboolean
write_whole (Envelope *self, LlCmsFlow *flow, BIO *sink)
{
  g_autofree guint8 *buffer = g_malloc (flow->filled + EVP_MAX_BLOCK_LENGTH);
  g_autoptr (GByteArray) content = g_byte_array_new ();
  g_autoptr (GByteArray) all = g_byte_array_new ();
  guint8 tag[TAG_BYTES];
  int length = 0, last = 0;

  if (EVP_EncryptUpdate (self->context, buffer, &length, flow->chunk, (int)flow->filled) != 1
      || EVP_EncryptFinal_ex (self->context, buffer + length, &last) != 1
      || (self->aead && !get_tag (self, tag)))
    return FALSE;
  ll_der_add_oid (content, self->content_type);
  ll_der_add_bytes (content, self->algorithm);
  ll_der_add (content, LL_DER_CONTEXT (0), buffer, (gsize)(length + last));
  ll_der_wrap (content, LL_DER_SEQUENCE);

  ll_der_add_small (all, self->version);
  g_byte_array_append (all, self->recipients->data, self->recipients->len);
  g_byte_array_append (all, content->data, content->len);
  if (self->aead)
    ll_der_add (all, LL_DER_OCTET_STRING, tag, sizeof tag);
  ll_der_wrap (all, LL_DER_SEQUENCE);
  ll_der_wrap (all, LL_DER_CONTEXT_CONSTRUCTED (0));
  g_autoptr (GByteArray) type = g_byte_array_new ();
  ll_der_add_oid (type, self->aead ? OID_AUTH_ENVELOPED : OID_ENVELOPED);
  g_byte_array_prepend (all, type->data, type->len);
  ll_der_wrap (all, LL_DER_SEQUENCE);
  return put (sink, all->data, all->len);
}

static gboolean
write_envelope (gpointer object, LlCmsFlow *flow, BIO *sink, GError **error)
{
  return flow->ended ? write_whole (object, flow, sink)
                     : write_streaming (object, flow, sink, error);
}

/* ---- the verb ---- */

static gboolean
check_request (const LlSealRequest *request, LlCipher cipher, GError **error)
{
  if (request->signers != NULL && request->signers->len > 0)
    g_set_error_literal (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION,
                         _ ("S/MIME signs and encrypts in two layers, not in one."));
  else if (request->symmetric)
    g_set_error_literal (error, LL_ERROR, LL_ERROR_UNSUPPORTED_OPTION,
                         _ ("S/MIME cannot encrypt with a passphrase here. Use OpenPGP for that."));
  else if (request->recipients == NULL || request->recipients->len == 0)
    g_set_error_literal (error, LL_ERROR, LL_ERROR_CANNOT_ENCRYPT,
                         _ ("There is no recipient to encrypt to."));
  else if (request->style.strict && !ll_cipher_is_aead (cipher))
    g_set_error (error, LL_ERROR, LL_ERROR_CANNOT_ENCRYPT,
                 _ ("The profile “%s” does not allow %s: choose AES-256-GCM, or another profile."),
                 "bsi", ll_cipher_name (cipher));
  else
    return TRUE;
  return FALSE;
}

gboolean
ll_smime_encrypt (LlEngine *engine, const LlSealRequest *request, GInputStream *in,
                  GOutputStream *out, LlSealResult **result, GCancellable *cancellable,
                  GError **error)
{
  const LlCmsJob job = {
    .in = in,
    .out = out,
    .armor = request->armor,
    .code = LL_ERROR_CANNOT_ENCRYPT,
    .message = _ ("The message could not be encrypted"),
    .cancellable = cancellable,
  };
  LlCipher cipher = request->cipher != LL_CIPHER_CHOOSE ? request->cipher : LL_CIPHER_AES_256_CBC;
  g_auto (Envelope) envelope = { NULL };

  if (ll_provider_context (error) == NULL || !check_request (request, cipher, error)
      || !envelope_init (&envelope, request, cipher, error)
      || !ll_cms_flow_run (&job, write_envelope, &envelope, error))
    return FALSE;
  if (result != NULL)
    {
      *result = g_new0 (LlSealResult, 1);
      (*result)->cipher = g_strdup (ll_cipher_name (cipher));
    }
  return TRUE;
}
