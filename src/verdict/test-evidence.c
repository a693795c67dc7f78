/* test-evidence.c - evidence made by hand. */
#include <config.h>

#include "keys/key-private.h"
#include "verdict/test-evidence.h"

static void
layer_free (LlLayer *layer)
{
  g_clear_pointer (&layer->facts, ll_facts_free);
  g_free (layer->media_type);
  g_free (layer);
}

static void
errant_free (LlErrant *errant)
{
  g_clear_pointer (&errant->facts, ll_facts_free);
  g_free (errant->path);
  g_free (errant->description);
  g_free (errant->author);
  g_free (errant);
}

LlEvidence *
test_evidence_new (gboolean is_file)
{
  LlEvidence *evidence = ll_evidence_new ();

  evidence->is_file = is_file;
  evidence->judged_at = TEST_NOW;
  if (is_file)
    return evidence;
  evidence->envelope = g_new0 (LlEnvelope, 1);
  evidence->envelope->messages = g_ptr_array_new ();
  evidence->envelope->layers = g_ptr_array_new_with_free_func ((GDestroyNotify)layer_free);
  evidence->envelope->errant = g_ptr_array_new_with_free_func ((GDestroyNotify)errant_free);
  evidence->author = g_strdup (TEST_AUTHOR);
  evidence->author_text = g_strdup ("Alice <" TEST_AUTHOR ">");
  evidence->subject = g_strdup ("Lunch");
  evidence->date = TEST_NOW - 90;
  return evidence;
}

LlFacts *
test_add_layer (LlEvidence *evidence, LlLayerKind kind, LlDecryption decryption,
                LlReason decryption_reason)
{
  LlFacts *facts = ll_facts_new (LL_PROTOCOL_OPENPGP);
  LlLayer *layer = NULL;

  facts->decryption = decryption;
  facts->decryption_reason = decryption_reason;
  if (evidence->is_file)
    {
      g_assert_null (evidence->file_facts);
      evidence->file_facts = facts;
    }
  else
    {
      layer = g_new0 (LlLayer, 1);
      layer->protocol = facts->protocol;
      layer->kind = kind;
      layer->form = LL_FORM_MULTIPART;
      layer->facts = facts;
      layer->media_type
          = g_strdup (kind == LL_LAYER_SIGNED ? "multipart/signed" : "multipart/encrypted");
      layer->size = 1000;
      g_ptr_array_add (evidence->envelope->layers, layer);
    }
  g_ptr_array_add (evidence->layers, ll_layer_evidence_new (layer, NULL));
  return facts;
}

static LlSigner *
signer_new (LlFacts *facts, const TestSignature *signature)
{
  LlSigner *signer = g_new0 (LlSigner, 1);
  LlSignatureFacts *found = ll_signature_facts_new (facts->protocol);

  found->integrity = signature->integrity;
  found->reason = signature->reason;
  found->fingerprint = g_strdup ("0123456789ABCDEF0123456789ABCDEF01234567");
  found->signing_time = signature->signing_time != 0 ? signature->signing_time : TEST_NOW - 60;
  found->expires = signature->expires;
  found->algorithm = g_strdup ("EdDSA");
  found->digest = g_strdup ("SHA-512");
  found->key = signature->key != NULL ? ll_key_ref (signature->key) : NULL;
  facts->is_signed = TRUE;
  g_ptr_array_add (facts->signatures, found);

  signer->facts = found;
  if (!signature->key_missing)
    {
      signer->opinion = g_new0 (LlKeyOpinion, 1);
      signer->opinion->binding = signature->binding;
      signer->opinion->trust = signature->trust;
      signer->opinion->time = signature->time;
      signer->opinion->address
          = g_strdup (signature->address != NULL ? signature->address : TEST_AUTHOR);
      signer->opinion->trust_source = g_strdup ("web-of-trust");
      signer->opinion->judged_at = TEST_NOW;
    }
  return signer;
}

void
test_add_signature (LlEvidence *evidence, const TestSignature *signature)
{
  LlLayerEvidence *layer = g_ptr_array_index (evidence->layers, evidence->layers->len - 1);
  LlFacts *facts = (LlFacts *)ll_layer_evidence_get_facts (evidence, layer);

  g_ptr_array_add (layer->signers, signer_new (facts, signature));
}

void
test_add_shape (LlEvidence *evidence, const char *shape, const TestSignature *signature)
{
  static const TestSignature broken
      = { LL_INTEGRITY_BROKEN, LL_REASON_BAD_SIGNATURE, TEST_YES, TEST_YES, TEST_YES };
  static const TestSignature other = {
    LL_INTEGRITY_HOLDS, LL_REASON_NONE, TEST_NO (FROM_MISMATCH),
    TEST_YES,           TEST_YES,       "bob@example.org",
  };
  static const struct
  {
    char letter;
    LlLayerKind kind;
    LlDecryption decryption;
    LlReason reason;
    const TestSignature *signature;
    gboolean as_given;
  } letters[] = {
    { 'S', LL_LAYER_SIGNED, LL_DECRYPTION_NONE, LL_REASON_NONE, NULL, TRUE },
    { 'B', LL_LAYER_SIGNED, LL_DECRYPTION_NONE, LL_REASON_NONE, &broken },
    { 'O', LL_LAYER_SIGNED, LL_DECRYPTION_NONE, LL_REASON_NONE, &other },
    { 'E', LL_LAYER_ENCRYPTED, LL_DECRYPTION_DONE, LL_REASON_NONE, NULL },
    { 'C', LL_LAYER_ENCRYPTED, LL_DECRYPTION_DONE, LL_REASON_NO_INTEGRITY, NULL },
    { 'W', LL_LAYER_ENCRYPTED, LL_DECRYPTION_DONE, LL_REASON_WEAK_ENCRYPTION, NULL },
    { 'F', LL_LAYER_ENCRYPTED, LL_DECRYPTION_FAILED, LL_REASON_NO_SECRET_KEY, NULL },
    { 'M', LL_LAYER_ENCRYPTED, LL_DECRYPTION_DONE, LL_REASON_NONE, NULL, TRUE },
  };

  for (const char *p = shape; *p != '\0'; p++)
    for (guint i = 0; i < G_N_ELEMENTS (letters); i++)
      {
        const TestSignature *by = letters[i].as_given ? signature : letters[i].signature;
        if (letters[i].letter != *p)
          continue;
        test_add_layer (evidence, letters[i].kind, letters[i].decryption, letters[i].reason);
        if (by != NULL)
          test_add_signature (evidence, by);
      }
}

void
test_add_errant (LlEvidence *evidence, LlReason kind, const TestSignature *signature)
{
  LlErrant *errant = g_new0 (LlErrant, 1);
  LlErrantEvidence *found;

  errant->kind = kind;
  errant->protocol = LL_PROTOCOL_OPENPGP;
  errant->path = g_strdup ("1.2");
  errant->description = g_strdup ("multipart/signed");
  g_ptr_array_add (evidence->envelope->errant, errant);
  found = ll_errant_evidence_new (errant, NULL);
  if (signature != NULL)
    {
      errant->facts = ll_facts_new (LL_PROTOCOL_OPENPGP);
      g_ptr_array_add (found->signers, signer_new (errant->facts, signature));
    }
  g_ptr_array_add (evidence->errant, found);
}

LlKey *
test_key_new (const char *title, const char *address)
{
  LlKey *key = ll_key_new (LL_PROTOCOL_OPENPGP);
  LlUserId *user_id = ll_key_add_user_id (key);
  LlSubkey *subkey = ll_key_add_subkey (key);

  key->fingerprint = g_strdup ("0123456789ABCDEF0123456789ABCDEF01234567");
  key->created = TEST_NOW - 1000000;
  user_id->text = g_strdup (title);
  user_id->name = g_strdup (title);
  user_id->address = g_strdup (address);
  subkey->fingerprint = g_strdup (key->fingerprint);
  subkey->created = key->created;
  subkey->can_sign = TRUE;
  return ll_key_freeze (key);
}
