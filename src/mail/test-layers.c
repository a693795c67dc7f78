/* Peeling and wrapping with engines that only pretend: a ciphertext is "ENC:" and the plaintext, a
 * signature "DET:" and the SHA-256 of exactly what it covers. What is tested is structure. */
#include <config.h>

#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "keys/key-private.h"
#include "mail/layers.h"

/* --- an engine that pretends --- */

static GBytes *
read_all (GInputStream *in)
{
  g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();

  g_output_stream_splice (out, in,
                          G_OUTPUT_STREAM_SPLICE_CLOSE_SOURCE | G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET,
                          NULL, NULL);
  return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (out));
}

static gboolean
begins (GBytes *bytes, const char *text)
{
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);
  return length >= strlen (text) && memcmp (data, text, strlen (text)) == 0;
}

static GBytes *
rest (GBytes *bytes)
{
  return g_bytes_new_from_bytes (bytes, 4, g_bytes_get_size (bytes) - 4);
}

/* "-----BEGIN PGP MESSAGE-----\n\nENC:text\n-----END PGP MESSAGE-----" -> "ENC:text" */
static GBytes *
unarmor (GBytes *bytes)
{
  g_autofree char *text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  char *start = text != NULL ? strstr (text, "-----BEGIN PGP") : NULL;
  char *body = start != NULL ? strstr (start, "\n\n") : NULL;
  char *end = body != NULL ? strstr (body, "\n-----END PGP") : NULL;

  if (end == NULL)
    return g_bytes_ref (bytes);
  *end = '\0';
  return g_bytes_new (body + 2, strlen (body + 2));
}

static LlBlobKind
fake_identify (LlEngine *engine, GBytes *bytes)
{
  static const struct
  {
    const char *start;
    LlBlobKind kind;
  } kinds[] = {
    { "ENC:", LL_BLOB_ENCRYPTED }, { "ENC!", LL_BLOB_ENCRYPTED },    { "OPQ:", LL_BLOB_SIGNED },
    { "DET:", LL_BLOB_DETACHED },  { "ZIP:", LL_BLOB_COMPRESSED },   { "ZIP!", LL_BLOB_COMPRESSED },
    { "LCK:", LL_BLOB_ENCRYPTED }, { "CRT:", LL_BLOB_CERTIFICATES },
  };
  g_autoptr (GBytes) object = unarmor (bytes);

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (begins (object, kinds[i].start))
      return kinds[i].kind;
  return LL_BLOB_UNKNOWN;
}

static void
add_signature (LlFacts *facts, LlIntegrity integrity)
{
  LlSignatureFacts *signature = ll_signature_facts_new (facts->protocol);

  signature->integrity = integrity;
  facts->is_signed = TRUE;
  g_ptr_array_add (facts->signatures, signature);
}

static gboolean
fake_verify (LlEngine *engine, GInputStream *in, GInputStream *content, GOutputStream *out,
             LlFacts **facts, GCancellable *cancellable, GError **error)
{
  g_autoptr (GBytes) raw = read_all (in);
  g_autoptr (GBytes) object = unarmor (raw);
  g_autoptr (GBytes) inside = NULL;
  g_autofree char *digest = NULL, *expected = NULL;

  if (begins (raw, "-----BEGIN PGP SIGNED"))
    {
      *facts = ll_facts_new (engine->klass->protocol);
      add_signature (*facts, LL_INTEGRITY_HOLDS);
      return TRUE;
    }
  if (begins (object, "ZIP:") && content == NULL)
    {
      g_autoptr (GBytes) inflated = rest (object);
      *facts = ll_facts_new (engine->klass->protocol);
      (*facts)->compressed = TRUE;
      if (begins (inflated, "OPQ:"))
        add_signature (*facts, LL_INTEGRITY_HOLDS);
      inside = begins (inflated, "OPQ:") ? rest (inflated) : g_bytes_ref (inflated);
      return g_output_stream_write_all (out, g_bytes_get_data (inside, NULL),
                                        g_bytes_get_size (inside), NULL, cancellable, error);
    }
  if (!begins (object, content != NULL ? "DET:" : "OPQ:"))
    {
      g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA, "not a signature");
      return FALSE;
    }
  inside = rest (object);
  *facts = ll_facts_new (engine->klass->protocol);
  if (content != NULL)
    {
      g_autoptr (GBytes) covered = read_all (content);
      digest = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, covered);
      expected = g_strndup (g_bytes_get_data (inside, NULL), MIN (64, g_bytes_get_size (inside)));
      add_signature (*facts,
                     g_strcmp0 (digest, expected) == 0 ? LL_INTEGRITY_HOLDS : LL_INTEGRITY_BROKEN);
      return TRUE;
    }
  add_signature (*facts, LL_INTEGRITY_HOLDS);
  return g_output_stream_write_all (out, g_bytes_get_data (inside, NULL), g_bytes_get_size (inside),
                                    NULL, cancellable, error);
}

static gboolean
fake_decrypt (LlEngine *engine, GInputStream *in, GOutputStream *out, LlFacts **facts,
              GCancellable *cancellable, GError **error)
{
  g_autoptr (GBytes) raw = read_all (in);
  g_autoptr (GBytes) object = unarmor (raw);
  g_autoptr (GBytes) inside = NULL;

  if (begins (object, "LCK:"))
    {
      g_set_error (error, LL_ERROR, LL_ERROR_KEY_LOCKED, "cancelled");
      return FALSE;
    }
  if (!begins (object, "ENC"))
    {
      g_set_error (error, LL_ERROR, LL_ERROR_BAD_DATA, "not encrypted");
      return FALSE;
    }
  inside = rest (object);
  *facts = ll_facts_new (engine->klass->protocol);
  (*facts)->decryption = begins (object, "ENC:") ? LL_DECRYPTION_DONE : LL_DECRYPTION_FAILED;
  if ((*facts)->decryption == LL_DECRYPTION_FAILED)
    (*facts)->decryption_reason = LL_REASON_NO_SECRET_KEY;
  /* a failed one leaves garbage, which must be dropped */
  return g_output_stream_write_all (out, g_bytes_get_data (inside, NULL), g_bytes_get_size (inside),
                                    NULL, cancellable, error);
}

static gboolean
put (GOutputStream *out, const char *start, GBytes *bytes, GError **error)
{
  gsize length;
  const char *data = g_bytes_get_data (bytes, &length);

  return g_output_stream_write_all (out, start, strlen (start), NULL, NULL, error)
         && g_output_stream_write_all (out, data, length, NULL, NULL, error);
}

static gboolean
fake_sign (LlEngine *engine, const LlSealRequest *request, GInputStream *in, GOutputStream *out,
           LlSealResult **result, GCancellable *cancellable, GError **error)
{
  g_autoptr (GBytes) content = read_all (in);
  g_autofree char *digest = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, content);
  g_autoptr (GBytes) text = g_bytes_new (digest, strlen (digest));

  g_assert_cmpuint (request->signers->len, ==, 1);
  *result = g_new0 (LlSealResult, 1);
  (*result)->micalg = g_strdup ("x-fake");
  return put (out, request->detached ? "DET:" : "OPQ:", request->detached ? text : content, error);
}

static gboolean
fake_encrypt (LlEngine *engine, const LlSealRequest *request, GInputStream *in, GOutputStream *out,
              LlSealResult **result, GCancellable *cancellable, GError **error)
{
  g_autoptr (GBytes) content = read_all (in);

  *result = g_new0 (LlSealResult, 1);
  (*result)->cipher = g_strdup ("FAKE");
  return put (out, "ENC:", content, error);
}

static const LlEngineClass fake_openpgp_class
    = { LL_PROTOCOL_OPENPGP, fake_sign, fake_encrypt, fake_decrypt, fake_verify, fake_identify };
static const LlEngineClass fake_smime_class
    = { LL_PROTOCOL_SMIME, fake_sign, fake_encrypt, fake_decrypt, fake_verify, fake_identify };
static LlEngine fake_openpgp = { &fake_openpgp_class };
static LlEngine fake_smime = { &fake_smime_class };
static const LlEngines engines = { &fake_openpgp, &fake_smime };

/* --- describing what came out --- */

static LlEnvelope *
peel_bytes (GBytes *bytes)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (LlMessage) message = ll_message_new (bytes, &error);
  LlEnvelope *envelope;

  g_assert_no_error (error);
  envelope = ll_layers_peel (message, &engines, NULL, &error);
  g_assert_no_error (error);
  return envelope;
}

static LlEnvelope *
peel (const char *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  return peel_bytes (bytes);
}

/* "+": every signature holds, "-": one is broken, "?": none */
static char
integrity_of (const LlFacts *facts)
{
  char sign = '?';

  for (guint i = 0; facts != NULL && i < facts->signatures->len; i++)
    {
      const LlSignatureFacts *signature = facts->signatures->pdata[i];
      if (signature->integrity != LL_INTEGRITY_HOLDS)
        return '-';
      sign = '+';
    }
  return sign;
}

static char
letter_of (LlProtocol protocol)
{
  return protocol == LL_PROTOCOL_OPENPGP ? 'p' : 's';
}

/* "Ep Ss+ text/plain": encrypted by OpenPGP, in it signed by S/MIME and holding, then text. */
static char *
describe (const LlEnvelope *envelope)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < envelope->layers->len; i++)
    {
      const LlLayer *layer = envelope->layers->pdata[i];
      g_assert_nonnull (layer->facts);
      if (layer->kind == LL_LAYER_ENCRYPTED)
        g_string_append_printf (out, "E%c%s", letter_of (layer->protocol),
                                layer->facts->decryption == LL_DECRYPTION_DONE ? "" : "-");
      else
        g_string_append_printf (out, "S%c%c", letter_of (layer->protocol),
                                integrity_of (layer->facts));
      if (layer->note != LL_REASON_NONE)
        g_string_append_printf (out, "(%s)", ll_reason_name (layer->note));
      g_string_append_c (out, ' ');
    }
  if (envelope->payload == NULL)
    g_string_append (out, "nothing");
  else
    g_string_append_printf (out, "%s/%s", ll_part_get_type (envelope->payload),
                            ll_part_get_subtype (envelope->payload));
  if (envelope->ambiguity != LL_REASON_NONE)
    g_string_append_printf (out, " %s", ll_reason_name (envelope->ambiguity));
  if (envelope->limit != LL_REASON_NONE)
    g_string_append_printf (out, " %s", ll_reason_name (envelope->limit));
  return g_string_free (out, FALSE);
}

/* "errant-signature p 1 +; inline-encryption p  !" ("!" for the whole body) */
static char *
describe_errant (const LlEnvelope *envelope)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; i < envelope->errant->len; i++)
    {
      const LlErrant *errant = envelope->errant->pdata[i];
      g_string_append_printf (out, "%s%s %c %s", i > 0 ? "; " : "", ll_reason_name (errant->kind),
                              letter_of (errant->protocol), errant->path);
      if (errant->facts != NULL)
        g_string_append_printf (out, " %c", integrity_of (errant->facts));
      if (errant->whole_body)
        g_string_append (out, " !");
      if (errant->author != NULL)
        g_string_append_printf (out, " %s", errant->author);
    }
  return g_string_free (out, FALSE);
}

/* --- wrapping, and back --- */

static LlKey *
new_key (LlProtocol protocol)
{
  LlKey *key = ll_key_new (protocol);

  key->fingerprint = g_strdup ("00112233445566778899AABBCCDDEEFF00112233");
  ll_key_add_subkey (key);
  return ll_key_freeze (key);
}

/* What wrap_once() makes: e.g. "Ep Ss" is S/MIME-signed inside OpenPGP-encrypted; "Os" is opaque.
 */
static GBytes *
wrap_once (GBytes *entity, const char *how)
{
  LlProtocol protocol = how[1] == 'p' ? LL_PROTOCOL_OPENPGP : LL_PROTOCOL_SMIME;
  g_autoptr (LlKey) key = new_key (protocol);
  g_autoptr (GPtrArray) recipients = g_ptr_array_new ();
  g_autofree char *cipher = NULL;
  g_autoptr (GError) error = NULL;
  LlWrapRequest request = { .engine = how[1] == 'p' ? &fake_openpgp : &fake_smime };
  g_autoptr (LlRope) rope = ll_rope_new ();
  g_autoptr (GOutputStream) out = g_memory_output_stream_new_resizable ();

  g_ptr_array_add (recipients, key);
  if (how[0] == 'E' || how[0] == 'B')
    request.recipients = recipients;
  if (how[0] != 'E')
    request.signer = key;
  request.opaque = how[0] == 'O';
  ll_rope_append_octets (rope, g_bytes_get_data (entity, NULL), g_bytes_get_size (entity));
  ll_layers_wrap (rope, &request, out, &cipher, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (cipher, ==, request.recipients != NULL ? "FAKE" : NULL);
  g_output_stream_close (out, NULL, NULL);
  return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (out));
}

static GBytes *
with_header (GBytes *entity)
{
  g_autoptr (GString) out = g_string_new ("From: a@x.example\r\nSubject: outside\r\n");

  g_string_append_len (out, g_bytes_get_data (entity, NULL), (gssize)g_bytes_get_size (entity));
  return g_bytes_new (out->str, out->len);
}

/* Wraps from the innermost, which stands last in `how`. */
static GBytes *
wrap_all (const char *entity, const char *how)
{
  g_auto (GStrv) steps = g_strsplit (how, " ", -1);
  g_autoptr (GBytes) bytes = g_bytes_new (entity, strlen (entity));

  for (guint i = g_strv_length (steps); i-- > 0;)
    {
      GBytes *wrapped = wrap_once (bytes, steps[i]);
      g_bytes_unref (bytes);
      bytes = wrapped;
    }
  return with_header (bytes);
}

#define TEXT "Content-Type: text/plain\r\n\r\nthe payload\r\n"

static void
test_there_and_back (void)
{
  static const char *const cases[][2] = {
    { "Sp", "Sp+ text/plain" },
    { "Ss", "Ss+ text/plain" },
    { "Os", "Ss+ text/plain" },
    { "Ep", "Ep text/plain" },
    { "Es", "Es text/plain" },
    { "Bp", "Ep text/plain" }, /* signed and encrypted in one OpenPGP message */
    { "Bs", "Es Ss+ text/plain" },
    { "Ep Sp", "Ep Sp+ text/plain" },
    { "Sp Ep", "Sp+ Ep text/plain" },
    { "Ss Es Ss", "Ss+ Es Ss+ text/plain" }, /* triple wrap */
    { "Ep Ss Es Sp", "Ep Ss+ Es Sp+ text/plain" },
    { "Es Os Os Es", "Es Ss+ Ss+ Es text/plain" },
    { "Os Os Os Os Os Os Os Os", "Ss+ Ss+ Ss+ Ss+ Ss+ Ss+ Ss+ Ss+ text/plain" },
    /* VM-08, SM-24 */
    { "Os Os Os Os Os Os Os Os Os Os", "Ss+ Ss+ Ss+ Ss+ Ss+ Ss+ Ss+ Ss+ nothing limit-depth" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) bytes = wrap_all (TEXT, cases[i][0]);
      g_autoptr (LlEnvelope) envelope = peel_bytes (bytes);
      g_autofree char *found = describe (envelope);
      g_autoptr (LlSource) entity = NULL;

      g_assert_cmpstr (found, ==, cases[i][1]);
      g_assert_cmpuint (envelope->errant->len, ==, 0);
      if (envelope->payload == NULL)
        continue;
      entity = ll_part_dup_entity (envelope->payload);
      g_assert_cmpmem (ll_source_peek (entity), ll_source_get_size (entity), TEXT, strlen (TEXT));
    }
}

/* PM-01, PM-02, SM-15, SM-16, SM-17 */
static void
test_wrapped_headers (void)
{
  static const struct
  {
    const char *how, *type, *subtype, *parameter, *value, *name;
  } cases[] = {
    { "Sp", "multipart", "signed", "protocol", "application/pgp-signature", NULL },
    { "Sp", "multipart", "signed", "micalg", "x-fake", NULL },
    { "Ss", "multipart", "signed", "protocol", "application/pkcs7-signature", NULL },
    { "Ep", "multipart", "encrypted", "protocol", "application/pgp-encrypted", NULL },
    { "Os", "application", "pkcs7-mime", "smime-type", "signed-data", "smime.p7m" },
    { "Es", "application", "pkcs7-mime", "smime-type", "enveloped-data", "smime.p7m" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GBytes) bytes = wrap_all (TEXT, cases[i].how);
      g_autoptr (LlMessage) message = ll_message_new (bytes, NULL);
      LlPart *root = ll_message_get_root (message);

      g_assert_true (ll_part_is_type (root, cases[i].type, cases[i].subtype));
      g_assert_cmpstr (ll_part_get_parameter (root, cases[i].parameter), ==, cases[i].value);
      g_assert_cmpstr (ll_part_get_file_name (root), ==, cases[i].name);
      g_assert_cmpuint (ll_part_count_fields (root, "MIME-Version"), ==, 1);
      g_assert_cmpint (ll_part_get_tree_ambiguity (root), ==, LL_REASON_NONE);
    }
}

/* --- reading --- */

#define FROM "From: a@x.example\n"
#define SIGNED_HEAD(parameters)                                                                    \
  FROM "Content-Type: multipart/signed; boundary=b" parameters "\n\n--b\n"
#define PGP_PROTOCOL "; protocol=\"application/pgp-signature\""
#define PGP_SIGNATURE "\n--b\nContent-Type: application/pgp-signature\n\nDET:x\n"
#define P7M "Content-Type: application/pkcs7-mime"

static void
test_structures (void)
{
  static const char *const cases[][2] = {
    { FROM "\nplain", "text/plain" },
    { SIGNED_HEAD (PGP_PROTOCOL) TEXT PGP_SIGNATURE "--b--\n", "Sp- text/plain" },
    /* PM-09, SM-23: a protocol that is missing or wrong is noted */
    { SIGNED_HEAD ("") TEXT PGP_SIGNATURE "--b--\n", "Sp-(type-mismatch) text/plain" },
    { SIGNED_HEAD ("; protocol=\"application/pkcs7-signature\"") TEXT PGP_SIGNATURE "--b--\n",
      "Sp-(type-mismatch) text/plain" },
    { SIGNED_HEAD ("; protocol*0=\"application/pgp-\"; protocol*1=signature") TEXT PGP_SIGNATURE
      "--b--\n",
      "Sp- text/plain" }, /* IA-02 */
    { SIGNED_HEAD ("; protocol=\"application/x-pkcs7-signature\"") TEXT
      "\n--b\nContent-Type: application/x-pkcs7-signature\n\nDET:x\n--b--\n",
      "Ss- text/plain" },
    { SIGNED_HEAD ("; protocol=\"application/broken\"") TEXT
      "\n--b\nContent-Type: application/broken\n\n-----BEGIN PGP SIGNATURE-----\n\nDET:x\n"
      "-----END PGP SIGNATURE-----\n--b--\n",
      "Sp-(type-mismatch) text/plain" },
    { SIGNED_HEAD ("") TEXT "\n--b\n\nwords\n--b--\n", "multipart/signed" },
    /* PM-08: exactly two children */
    { SIGNED_HEAD (PGP_PROTOCOL) TEXT PGP_SIGNATURE "--b\n\nmore\n--b--\n", "multipart/signed" },
    { SIGNED_HEAD (PGP_PROTOCOL) TEXT "--b--\n", "multipart/signed" },
    /* VM-07, AT-25, IA-06 */
    { SIGNED_HEAD (PGP_PROTOCOL) TEXT PGP_SIGNATURE, "Sp- text/plain ambiguous-structure" },
    { SIGNED_HEAD (PGP_PROTOCOL PGP_PROTOCOL) TEXT PGP_SIGNATURE "--b--\n",
      "Sp- text/plain ambiguous-structure" },
    { "Content-Type: text/plain\n" SIGNED_HEAD (PGP_PROTOCOL) TEXT PGP_SIGNATURE "--b--\n",
      "text/plain ambiguous-structure" },
    { SIGNED_HEAD (PGP_PROTOCOL) "Content-Type: text/html\n" TEXT PGP_SIGNATURE "--b--\n",
      "Sp- text/html ambiguous-structure" },
    /* a signature that cannot be read is facts, and the part is stepped into all the same */
    { SIGNED_HEAD (PGP_PROTOCOL) TEXT
      "\n--b\nContent-Type: application/pgp-signature\n\ngarbage\n--b--\n",
      "Sp? text/plain" },
    /* SM-21: the object decides */
    { FROM P7M "; smime-type=enveloped-data\n\nOPQ:\nx", "Ss+(type-mismatch) text/plain" },
    { FROM P7M "; smime-type=signed-data\n\nENC:\nx", "Es(type-mismatch) text/plain" },
    { FROM P7M "; smime-type=authEnveloped-data\n\nENC:\nx", "Es text/plain" },
    { FROM P7M "\n\nENC:\nx", "Es text/plain" },
    { FROM P7M "\nContent-Transfer-Encoding: base64\n\nRU5DOgp4", "Es text/plain" },
    { FROM P7M "\n\nRU5DOgp4", "Es text/plain" },
    { FROM P7M "\nContent-Transfer-Encoding: quoted-printable\n\nENC:=0Ax", "Es text/plain" },
    /* SM-22 */
    { FROM "Content-Type: application/x-pkcs7-mime\n\nENC:\nx", "Es text/plain" },
    { FROM "Content-Type: application/octet-stream; name=smime.P7M\n\nENC:\nx", "Es text/plain" },
    { FROM "Content-Type: application/octet-stream\nContent-Disposition: attachment; "
           "filename=smime.p7m\n\nOPQ:\nx",
      "Ss+ text/plain" },
    { FROM "Content-Type: application/octet-stream; name=x.bin\n\nENC:\nx",
      "application/octet-stream" },
    { FROM "Content-Type: application/octet-stream; name=x.p7m\n\njust a file",
      "application/octet-stream" },
    /* E2E-13, CM-09: compressed data are no layer; they are stepped through, in any order */
    { FROM P7M "; smime-type=compressed-data\n\nZIP:\nx", "text/plain" },
    { FROM P7M "; smime-type=compressed-data\n\nZIP:" P7M "\n\nOPQ:\nx", "Ss+ text/plain" },
    { FROM P7M "\n\nOPQ:" P7M "\n\nZIP:\nx", "Ss+ text/plain" },
    { FROM P7M "\n\nENC:" P7M "\n\nZIP:" P7M "\n\nOPQ:\nx", "Es Ss+ text/plain" },
    { FROM P7M "\n\nZIP:OPQ:\nx", "Ss+ text/plain" },
    { FROM P7M "; smime-type=signed-data\n\nZIP:\nx", "text/plain" },
    { FROM P7M "\n\nZIP:" P7M "\n\nZIP:" P7M "\n\nZIP:\nx", "application/pkcs7-mime" },
    { FROM P7M "\n\nZIP!damaged", "application/pkcs7-mime" },
    /* certificates are none either */
    { FROM P7M "; smime-type=certs-only\n\nCRT:x", "application/pkcs7-mime" },
    { FROM P7M "; smime-type=certs-only\n\ngarbage", "Ss? nothing" },
    { FROM P7M "; smime-type=signed-data\n\ngarbage", "Ss? nothing" },
    { FROM P7M "\n\ngarbage", "Es- nothing" },
    { FROM P7M "\n\n", "Es- nothing" },
    /* rule 2: nothing of what could not be decrypted */
    { FROM P7M "\n\nENC!\nx", "Es- nothing" },
    { FROM P7M "\n\nENC:", "Es text/plain" },
    { FROM P7M "\n\nENC:no header at all", "Es text/plain" },
    /* CM-17, PM-11: junk around a signed structure makes it text, or is no part of it */
    { FROM P7M "\n\nENC:junk\n" SIGNED_HEAD (PGP_PROTOCOL) TEXT PGP_SIGNATURE "--b--\njunk\n",
      "Es text/plain ambiguous-structure" },
    { FROM P7M "\n\nENC:" SIGNED_HEAD (PGP_PROTOCOL) TEXT PGP_SIGNATURE "--b--\njunk\n",
      "Es Sp- text/plain" },
    /* PM-01 */
    { FROM "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; "
           "boundary=b\n\n--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b\n"
           "Content-Type: application/octet-stream\n\nENC:\nx\n--b--\n",
      "Ep text/plain" },
    { FROM "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; "
           "boundary=b\n\n--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b\n"
           "Content-Type: application/octet-stream\n\nOPQ:\nx\n--b--\n",
      "Sp+(type-mismatch) text/plain" },
    { FROM "Content-Type: multipart/encrypted; boundary=b\n\n--b\n"
           "Content-Type: application/pgp-encrypted\n\nVersion: 1\n--b\n\nENC:\nx\n--b--\n",
      "Ep(type-mismatch) text/plain" },
    { FROM "Content-Type: multipart/encrypted; boundary=b\n\n--b\n\nENC:\nx\n--b\n"
           "Content-Type: application/pgp-encrypted\n\nVersion: 1\n--b--\n",
      "multipart/encrypted" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LlEnvelope) envelope = peel (cases[i][0]);
      g_autofree char *found = describe (envelope);
      g_test_message ("%s", cases[i][0]);
      g_assert_cmpstr (found, ==, cases[i][1]);
    }
}

/* PM-04, PM-06, SM-13: the digest is over the octets as they came, with CRLF. */
static void
test_signed_octets (void)
{
  static const char *const line_ends[] = { "\n", "\r\n" };
  static const char entity[] = "Content-Type: TEXT/plain ;\r\n\tx=\"y\"\r\nX:odd\r\n\r\n"
                               "\xE3\x81\x82 \r\n.\r\n\r\n";
  g_autofree char *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, entity, -1);

  for (guint i = 0; i < G_N_ELEMENTS (line_ends); i++)
    {
      g_autoptr (GString) text = g_string_new (SIGNED_HEAD (PGP_PROTOCOL));
      g_autoptr (LlEnvelope) envelope = NULL;
      g_autofree char *found = NULL;

      g_string_append_printf (text,
                              "%s\n--b\nContent-Type: application/pgp-signature\n\nDET:%s\n--b--\n",
                              entity, digest);
      g_string_replace (text, "\r\n", "\n", 0);
      g_string_replace (text, "\n", line_ends[i], 0);
      envelope = peel (text->str);
      found = describe (envelope);
      g_assert_cmpstr (found, ==, "Sp+ text/plain");
    }
}

/* --- what is errant --- */

#define MIXED(parts) FROM "Content-Type: multipart/mixed; boundary=m\n\n" parts "--m--\n"
#define PART(text) "--m\n" text "\n"
#define SIGNED_PART                                                                                \
  "Content-Type: multipart/signed; boundary=b" PGP_PROTOCOL "\n\n--b\n\nx\n--b\n"                  \
  "Content-Type: application/pgp-signature\n\n"                                                    \
  "DET:ff31d0e8c96f6c2cb2e5ed9b5b2ea5ed9ba4bb1e2ad4a8c8d4c0c0b4eb8a3c9d\n--b--\n"
#define CIPHER_PART                                                                                \
  "Content-Type: multipart/encrypted; boundary=e; protocol=\"application/pgp-encrypted\"\n\n"      \
  "--e\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--e\n"                              \
  "Content-Type: application/octet-stream\n\nENC:SECRET\n--e--\n"
#define ARMOR "-----BEGIN PGP MESSAGE-----\n\nENC:SECRET\n-----END PGP MESSAGE-----\n"
#define CLEARSIGNED                                                                                \
  "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\ntext\n-----BEGIN PGP SIGNATURE-----\n\n"    \
  "abcd\n-----END PGP SIGNATURE-----\n"

static void
test_errant (void)
{
  static const char *const cases[][2] = {
    { FROM "\nplain", "" },
    { MIXED (PART ("\ntext")), "" },
    /* E2E-15 */
    { MIXED (PART ("\ntext") PART (SIGNED_PART)), "errant-signature p 2 -" },
    { MIXED (PART (SIGNED_PART) PART ("Content-Type: image/png\n\nx")), "errant-signature p 1 -" },
    { SIGNED_HEAD (PGP_PROTOCOL) TEXT PGP_SIGNATURE "--b\n\nmore\n--b--\n",
      "errant-signature p  -" },
    { MIXED (PART (P7M "\n\nOPQ:x") PART ("\ntext")), "errant-signature s 1 +" },
    /* E2E-17 */
    { MIXED (PART ("\ntext") PART (CIPHER_PART)), "errant-encryption p 2" },
    { MIXED (PART (P7M "\n\nENC:SECRET") PART ("\ntext")), "errant-encryption s 1" },
    { MIXED (PART ("Content-Type: application/octet-stream; name=x.pgp\n\n" ARMOR)),
      "errant-encryption p 1" },
    { MIXED (PART ("Content-Type: message/rfc822\n\n" FROM CIPHER_PART)),
      "errant-encryption p 1.1" },
    /* E2E-18 */
    { FROM "\n" CLEARSIGNED, "inline-signature p  + !" },
    { FROM "\n" CLEARSIGNED "below\n", "inline-signature p  +" },
    { FROM "\n" ARMOR, "inline-encryption p  !" },
    { FROM "\n\n \n" ARMOR "\n\n", "inline-encryption p  !" },
    { FROM "\nabove\n" ARMOR, "inline-encryption p " },
    { FROM "\n" ARMOR ARMOR, "inline-encryption p ; inline-encryption p " },
    { FROM "\n" ARMOR "x\n" CLEARSIGNED, "inline-encryption p ; inline-signature p  +" },
    { FROM "\n> -----BEGIN PGP MESSAGE-----\n> x\n> -----END PGP MESSAGE-----\n", "" },
    { FROM "\n-----BEGIN PGP SIGNED MESSAGE-----\n\ntext, and never an end\n",
      "inline-signature p  +" },
    { FROM "\n-----BEGIN PGP MESSAGE-----\n\nOPQ:x\n-----END PGP MESSAGE-----\n",
      "inline-signature p  + !" },
    { FROM "Content-Transfer-Encoding: base64\n\n"
           "LS0tLS1CRUdJTiBQR1AgTUVTU0FHRS0tLS0tCgpFTkM6eAotLS0tLUVORCBQR1AgTUVTU0FHRS0tLS0tCg==",
      "inline-encryption p  !" },
    { FROM "Content-Type: text/html\n\n<div>-----BEGIN PGP MESSAGE-----<br>",
      "inline-encryption p " },
    { MIXED (PART ("\n" ARMOR)), "inline-encryption p 1" },
    /* PM-09 */
    { MIXED (PART ("\n") PART ("Content-Type: application/pgp-encrypted\n\nVersion: 1")
                 PART ("Content-Type: application/octet-stream\n\nENC:SECRET")),
      "repairable-structure p 3" },
    /* a file and its signature */
    { MIXED (PART ("\ntext") PART ("Content-Type: a/b; name=r.pdf\n\nx")
                 PART ("Content-Type: application/pgp-signature; name=r.pdf.sig\n\nDET:x")),
      "errant-signature p 3 -" },
    { MIXED (PART ("Content-Type: application/pgp-signature\n\nDET:x")), "errant-signature p 1" },
    { MIXED (PART ("Content-Type: application/pgp-keys\n\nkeys")), "" },
    { MIXED (PART (P7M "\n\nCRT:x")), "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (LlEnvelope) envelope = peel (cases[i][0]);
      g_autofree char *found = describe_errant (envelope);
      g_test_message ("%s", cases[i][0]);
      g_assert_cmpuint (envelope->layers->len, ==, 0);
      g_assert_cmpstr (found, ==, cases[i][1]);
    }
}

/* Puts `inner` into `outer` in the place of "%s". */
static char *
place (const char *outer, GBytes *inner)
{
  g_autofree char *text = g_strndup (g_bytes_get_data (inner, NULL), g_bytes_get_size (inner));
  g_auto (GStrv) halves = g_strsplit (outer, "%s", 2);

  return g_strconcat (halves[0], text, halves[1], NULL);
}

/* E2E-16, E2E-19: what holds, but not for the whole message. */
static void
test_partly_signed (void)
{
  static const struct
  {
    const char *outer, *errant;
  } cases[] = {
    { MIXED (PART ("%s") PART ("\nlist footer")), "list-footer p 1 +" },
    { MIXED (PART ("%s")), "errant-signature p 1 +" },
    { MIXED (PART ("\nabove") PART ("%s") PART ("\nlist footer")), "errant-signature p 2 +" },
    { MIXED (PART ("%s") PART ("Content-Type: text/html\n\nfooter")), "errant-signature p 1 +" },
    { MIXED (PART ("%s") PART ("Content-Disposition: attachment\n\nfooter")),
      "errant-signature p 1 +" },
    { MIXED (PART ("\ntext") PART ("Content-Type: message/rfc822\n\n%s")),
      "forwarded-message p 2 + a@x.example" },
  };
  g_autoptr (GBytes) signed_bytes = wrap_all (TEXT, "Sp");
  g_autoptr (GBytes) opaque_bytes = wrap_all (TEXT, "Os");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = place (cases[i].outer, signed_bytes);
      g_autoptr (LlEnvelope) envelope = peel (text);
      g_autofree char *found = describe_errant (envelope);
      g_assert_cmpuint (envelope->layers->len, ==, 0);
      g_assert_cmpstr (found, ==, cases[i].errant);
    }
  {
    g_autofree char *text = place (FROM "Content-Type: message/rfc822\n\n%s", opaque_bytes);
    g_autoptr (LlEnvelope) envelope = peel (text);
    g_autofree char *found = describe_errant (envelope);
    g_assert_cmpstr (found, ==, "forwarded-message s  + a@x.example");
  }
}

/* What is found does not depend on where it stands (design: the order of visits). */
static void
test_order (void)
{
  static const char *const parts[] = { PART ("\ntext"), PART (SIGNED_PART), PART (CIPHER_PART),
                                       PART ("\n" ARMOR), PART (P7M "\n\nOPQ:x") };
  g_autofree char *first = NULL;

  for (guint turn = 0; turn < G_N_ELEMENTS (parts); turn++)
    {
      g_autoptr (GString) text
          = g_string_new (FROM "Content-Type: multipart/mixed; boundary=m\n\n");
      g_autoptr (LlEnvelope) envelope = NULL;
      guint counts[LL_N_REASONS] = { 0 };
      g_autoptr (GString) found = g_string_new (NULL);

      for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
        g_string_append (text, parts[(i + turn) % G_N_ELEMENTS (parts)]);
      g_string_append (text, "--m--\n");
      envelope = peel (text->str);
      for (guint i = 0; i < envelope->errant->len; i++)
        counts[((LlErrant *)envelope->errant->pdata[i])->kind]++;
      for (guint i = 0; i < LL_N_REASONS; i++)
        g_string_append_printf (found, "%u ", counts[i]);
      if (first == NULL)
        first = g_strdup (found->str);
      g_assert_cmpuint (envelope->errant->len, ==, 4);
      g_assert_cmpstr (found->str, ==, first);
    }
}

/* VM-08: a thousand errant signatures do not start a thousand programs. */
static void
test_many_errant (void)
{
  g_autoptr (GString) text = g_string_new (FROM "Content-Type: multipart/mixed; boundary=m\n\n");
  g_autoptr (LlEnvelope) envelope = NULL;
  guint checked = 0;

  for (guint i = 0; i < 1000; i++)
    g_string_append (text, PART (SIGNED_PART));
  g_string_append (text, "--m--\n");
  envelope = peel (text->str);
  g_assert_cmpuint (envelope->errant->len, ==, 1000);
  for (guint i = 0; i < envelope->errant->len; i++)
    checked += ((LlErrant *)envelope->errant->pdata[i])->facts != NULL;
  g_assert_cmpuint (checked, ==, LL_LIMIT_ERRANT_CHECKS);
}

/* --- limits, errors, requests --- */

static void
test_limits_inside (void)
{
  g_autoptr (GString) text = g_string_new (FROM P7M "\n\nENC:");
  g_autoptr (LlEnvelope) envelope = NULL;
  g_autofree char *found = NULL;

  for (guint i = 0; i < 100; i++)
    g_string_append_printf (text, "Content-Type: multipart/mixed; boundary=b%u\n\n--b%u\n", i, i);
  envelope = peel (text->str);
  found = describe (envelope);
  g_assert_cmpstr (found, ==, "Es nothing limit-depth");
}

static void
test_locked_key (void)
{
  static const char text[] = FROM P7M "\n\nLCK:";
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (LlMessage) message = ll_message_new (bytes, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_null (ll_layers_peel (message, &engines, NULL, &error));
  g_assert_error (error, LL_ERROR, LL_ERROR_KEY_LOCKED);
}

static void
test_cancelled (void)
{
  g_autoptr (GBytes) bytes = wrap_all (TEXT, "Es");
  g_autoptr (LlMessage) message = ll_message_new (bytes, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_null (ll_layers_peel (message, &engines, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_no_engines (void)
{
  static const LlEngines none = { NULL, NULL };
  static const char *const hows[] = { "Sp", "Ss", "Os", "Ep", "Es" };

  for (guint i = 0; i < G_N_ELEMENTS (hows); i++)
    {
      g_autoptr (GBytes) bytes = wrap_all (TEXT, hows[i]);
      g_autoptr (LlMessage) message = ll_message_new (bytes, NULL);
      g_autoptr (LlEnvelope) envelope = ll_layers_peel (message, &none, NULL, NULL);
      g_assert_nonnull (envelope);
      g_assert_cmpuint (envelope->layers->len, ==, 1);
    }
}

static void
test_open_inline (void)
{
  g_autoptr (LlEnvelope) envelope
      = peel (FROM "\n-----BEGIN PGP MESSAGE-----\nCharset: ISO-8859-15\n\nENC:SECRET\n"
                   "-----END PGP MESSAGE-----\n");
  g_autoptr (LlSource) plaintext = NULL;
  g_autofree char *charset = NULL;
  g_autoptr (LlFacts) facts = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (
      ll_layers_open_inline (envelope, &engines, &plaintext, &charset, &facts, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (facts->decryption, ==, LL_DECRYPTION_DONE);
  g_assert_cmpmem (ll_source_peek (plaintext), ll_source_get_size (plaintext), "SECRET", 6);
  g_assert_cmpstr (charset, ==, "ISO-8859-15");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/layers/what is wrapped is peeled again in any order", test_there_and_back);
  g_test_add_func ("/layers/wrapped entities are labelled as the standards say",
                   test_wrapped_headers);
  g_test_add_func ("/layers/the structure decides what is a layer", test_structures);
  g_test_add_func ("/layers/signatures are checked over the exact octets", test_signed_octets);
  g_test_add_func ("/layers/what is inside the payload is errant", test_errant);
  g_test_add_func ("/layers/a signed part is not a signed message", test_partly_signed);
  g_test_add_func ("/layers/the order of parts does not matter", test_order);
  g_test_add_func ("/layers/only so many errant signatures are checked", test_many_errant);
  g_test_add_func ("/layers/limits hold inside a ciphertext", test_limits_inside);
  g_test_add_func ("/layers/a locked key is an error", test_locked_key);
  g_test_add_func ("/layers/a cancelled reading is an error", test_cancelled);
  g_test_add_func ("/layers/a missing engine is a fact", test_no_engines);
  g_test_add_func ("/layers/an inline message is opened on request", test_open_inline);
  return g_test_run ();
}
