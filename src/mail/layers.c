/* Peels cryptographic layers. See layers.h; which parts are layers is said in recognise.c, what is
 * errant inside the payload in errant.c, and the way back is in wrap.c.
 */
#include <config.h>

#include "base/error.h"
#include "base/limits.h"
#include "mail/inline-pgp.h"
#include "mail/layers-private.h"
#include "mail/message-private.h"

typedef struct
{
  LlEnvelope *envelope; /* borrowed */
  const LlEngines *engines;
  GCancellable *cancellable;
  guint n_parts;    /* of all messages so far */
  guint64 room;     /* octets that may still come out of layers */
  guint n_inflated; /* compressed parts that were stepped through */
} Peeler;

static void
layer_free (gpointer data)
{
  LlLayer *layer = data;
  ll_facts_free (layer->facts);
  g_free (layer->media_type);
  g_free (layer);
}

static void
errant_free (gpointer data)
{
  LlErrant *errant = data;
  g_free (errant->path);
  g_free (errant->description);
  g_clear_pointer (&errant->facts, ll_facts_free);
  g_free (errant->author);
  g_free (errant);
}

static LlEnvelope *
envelope_new (void)
{
  LlEnvelope *envelope = g_new0 (LlEnvelope, 1);

  envelope->messages = g_ptr_array_new_with_free_func ((GDestroyNotify)ll_message_unref);
  envelope->layers = g_ptr_array_new_with_free_func (layer_free);
  envelope->errant = g_ptr_array_new_with_free_func (errant_free);
  return envelope;
}

void
ll_envelope_free (LlEnvelope *envelope)
{
  g_ptr_array_unref (envelope->errant);
  g_ptr_array_unref (envelope->layers);
  g_ptr_array_unref (envelope->messages);
  g_free (envelope);
}

/* VM-07: what two readers could take apart differently on the way to the payload. */
static void
note_ambiguity (Peeler *peeler, const LlPart *part)
{
  if (peeler->envelope->ambiguity == LL_REASON_NONE)
    peeler->envelope->ambiguity = ll_part_get_ambiguity (part);
}

static LlLayer *
add_layer (Peeler *peeler, const LlPart *part, const LlCandidate *found, LlLayerKind kind)
{
  LlLayer *layer = g_new0 (LlLayer, 1);

  layer->protocol = found->protocol;
  layer->kind = kind;
  layer->form = found->kind == LL_CANDIDATE_PKCS7 ? LL_FORM_PKCS7 : LL_FORM_MULTIPART;
  layer->note = found->note;
  layer->media_type
      = g_strdup_printf ("%s/%s", ll_part_get_type (part), ll_part_get_subtype (part));
  g_ptr_array_add (peeler->envelope->layers, layer);
  note_ambiguity (peeler, part);
  note_ambiguity (peeler, found->object);
  return layer;
}

/* What came out of an opaque layer is read as a message of its own (PM-11, CM-17): text before its
 * header makes the whole of it text, and nothing around a multipart is a part. */
static LlPart *
enter_message (Peeler *peeler, LlSource *plain)
{
  LlEnvelope *envelope = peeler->envelope;
  g_autoptr (LlMessage) message = NULL;

  if (plain == NULL || envelope->limit != LL_REASON_NONE)
    return NULL;
  message = ll_message_new_inner (plain, LL_SCAN_STEP, &envelope->limit, NULL);
  if (message == NULL)
    return NULL;
  peeler->n_parts += ll_message_get_n_parts (message);
  peeler->room -= ll_source_get_size (plain);
  if (peeler->n_parts > LL_LIMIT_PARTS)
    {
      envelope->limit = LL_REASON_LIMIT_PARTS;
      return NULL;
    }
  g_ptr_array_add (envelope->messages, g_steal_pointer (&message));
  return ll_message_get_root (envelope->messages->pdata[envelope->messages->len - 1]);
}

/* PM-04, PM-06: the octets as they came, line ends made CRLF. Whatever the result, the signed part
 * is stepped into. */
static gboolean
peel_signed (Peeler *peeler, const LlPart *part, const LlCandidate *found, LlPart **next,
             GError **error)
{
  LlEngine *engine = ll_layer_engine (peeler->engines, found->protocol);
  g_auto (LlLayerObject) object = { NULL };
  g_autoptr (GInputStream) signature = NULL;
  g_autoptr (GInputStream) content = ll_part_open_canonical (found->content);
  g_autoptr (LlFacts) facts = NULL;
  LlLayer *layer;

  ll_layer_object_init (&object, found->object, engine);
  signature = ll_layer_object_open (&object);
  if (!ll_layer_verify_detached (engine, found->protocol, signature, content, &facts,
                                 peeler->cancellable, error)
      || (!g_input_stream_is_closed (content)
          && ll_stream_drain (content, peeler->cancellable, error) < 0))
    return FALSE;
  layer = add_layer (peeler, part, found, LL_LAYER_SIGNED);
  layer->facts = g_steal_pointer (&facts);
  layer->size = ll_filter_get_count (content);
  *next = found->content;
  return TRUE;
}

static gboolean
peel_object (Peeler *peeler, const LlPart *part, const LlCandidate *found, LlLayerKind kind,
             const LlLayerObject *object, LlPart **next, GError **error)
{
  LlEngine *engine = ll_layer_engine (peeler->engines, found->protocol);
  g_auto (LlLayerInside) inside = { .max_size = peeler->room, .keep = TRUE };
  g_autoptr (GInputStream) in = ll_layer_object_open (object);
  g_autoptr (LlFacts) facts = NULL;
  gboolean done;
  LlLayer *layer;

  if (kind == LL_LAYER_SIGNED)
    done = ll_layer_verify_opaque (engine, found->protocol, in, &inside, &facts,
                                   peeler->cancellable, error);
  else
    done = ll_layer_decrypt (engine, found->protocol, in, &inside, &facts, peeler->cancellable,
                             error);
  if (!done)
    return FALSE;
  if (inside.refused)
    peeler->envelope->limit = LL_REASON_LIMIT_SIZE;
  layer = add_layer (peeler, part, found, kind);
  layer->facts = g_steal_pointer (&facts);
  layer->size = inside.source != NULL ? inside.size : 0;
  *next = enter_message (peeler, inside.source);
  return inside.source == NULL || ll_source_check (inside.source, error);
}

/* CM-09: compression is stepped through and is no layer itself (E2E-13). Where it holds a signed
 * object at once, without MIME in between, that is one. What cannot be inflated stays as it is. */
static gboolean
peel_compressed (Peeler *peeler, const LlPart *part, const LlCandidate *found,
                 const LlLayerObject *object, LlPart **next, GError **error)
{
  g_auto (LlLayerInside) inside = { .max_size = peeler->room, .keep = TRUE };
  g_autoptr (GInputStream) in = ll_layer_object_open (object);
  g_autoptr (LlFacts) facts = NULL;

  if (!ll_layer_verify_opaque (peeler->engines->smime, found->protocol, in, &inside, &facts,
                               peeler->cancellable, error))
    return FALSE;
  if (inside.refused)
    peeler->envelope->limit = LL_REASON_LIMIT_SIZE;
  peeler->n_inflated++;
  note_ambiguity (peeler, part);
  *next = enter_message (peeler, inside.source);
  if (inside.source != NULL && !ll_source_check (inside.source, error))
    return FALSE;
  if (*next == NULL || !facts->is_signed)
    return TRUE;
  LlLayer *layer = add_layer (peeler, part, found, LL_LAYER_SIGNED);
  layer->facts = g_steal_pointer (&facts);
  layer->size = inside.size;
  return TRUE;
}

/* What smime-type promises, LL_BLOB_UNKNOWN when it says nothing. */
static LlBlobKind
promised_kind (const LlPart *part)
{
  static const struct
  {
    const char *word;
    LlBlobKind kind;
  } words[] = {
    { "enveloped-data", LL_BLOB_ENCRYPTED },   { "authenveloped-data", LL_BLOB_ENCRYPTED },
    { "signed-data", LL_BLOB_SIGNED },         { "certs-only", LL_BLOB_CERTIFICATES },
    { "compressed-data", LL_BLOB_COMPRESSED },
  };
  const char *type = ll_part_get_parameter (part, "smime-type");

  for (guint i = 0; type != NULL && i < G_N_ELEMENTS (words); i++)
    if (g_ascii_strcasecmp (type, words[i].word) == 0)
      return words[i].kind;
  return LL_BLOB_UNKNOWN;
}

/* SM-21: the ASN.1 decides, the parameter is a hint. *is_layer is FALSE for what is none:
 * certificates, and a file that only has the name. */
static gboolean
peel_pkcs7 (Peeler *peeler, const LlPart *part, LlCandidate *found, gboolean *is_layer,
            LlPart **next, GError **error)
{
  g_auto (LlLayerObject) object = { NULL };
  LlBlobKind promised = promised_kind (part);
  LlBlobKind kind;
  gboolean is_labelled = !ll_part_is_type (part, "application", "octet-stream");

  ll_layer_object_init (&object, part, peeler->engines->smime);
  kind = object.kind;
  if (kind == LL_BLOB_COMPRESSED && peeler->n_inflated < LL_LIMIT_INFLATED_LAYERS)
    {
      if (!peel_compressed (peeler, part, found, &object, next, error))
        return FALSE;
      *is_layer = *next != NULL || peeler->envelope->limit != LL_REASON_NONE;
      return TRUE;
    }
  *is_layer = kind == LL_BLOB_SIGNED || kind == LL_BLOB_DETACHED || kind == LL_BLOB_ENCRYPTED
              || (kind == LL_BLOB_UNKNOWN && is_labelled);
  if (!*is_layer)
    return TRUE;
  if (promised != LL_BLOB_UNKNOWN && kind != LL_BLOB_UNKNOWN && promised != kind)
    found->note = LL_REASON_TYPE_MISMATCH;
  /* what cannot be read is what it was labelled as, and the engine says why it cannot */
  if (kind == LL_BLOB_UNKNOWN)
    kind = promised == LL_BLOB_SIGNED || promised == LL_BLOB_CERTIFICATES ? LL_BLOB_SIGNED
                                                                          : LL_BLOB_ENCRYPTED;
  return peel_object (peeler, part, found,
                      kind == LL_BLOB_ENCRYPTED ? LL_LAYER_ENCRYPTED : LL_LAYER_SIGNED, &object,
                      next, error);
}

static gboolean
peel_encrypted (Peeler *peeler, const LlPart *part, LlCandidate *found, LlPart **next,
                GError **error)
{
  g_auto (LlLayerObject) object = { NULL };
  LlLayerKind kind = LL_LAYER_ENCRYPTED;

  note_ambiguity (peeler, ll_part_get_child (part, 0));
  ll_layer_object_init (&object, found->object, peeler->engines->openpgp);
  if (object.kind == LL_BLOB_SIGNED)
    {
      kind = LL_LAYER_SIGNED; /* it only says that it is encrypted */
      found->note = LL_REASON_TYPE_MISMATCH;
    }
  return peel_object (peeler, part, found, kind, &object, next, error);
}

/* Opens one layer. *next: what is inside, or NULL when nothing could be opened, or `part` itself
 * when it is no layer. */
static gboolean
peel_one (Peeler *peeler, LlPart *part, LlPart **next, GError **error)
{
  LlCandidate found = ll_layer_recognise (part);
  gboolean is_layer = found.kind != LL_CANDIDATE_NONE;
  gboolean done = TRUE;

  *next = NULL;
  if (is_layer && peeler->envelope->layers->len == LL_LIMIT_LAYERS)
    {
      peeler->envelope->limit = LL_REASON_LIMIT_DEPTH; /* VM-08 */
      return TRUE;
    }
  if (found.kind == LL_CANDIDATE_SIGNED)
    done = peel_signed (peeler, part, &found, next, error);
  else if (found.kind == LL_CANDIDATE_ENCRYPTED)
    done = peel_encrypted (peeler, part, &found, next, error);
  else if (found.kind == LL_CANDIDATE_PKCS7)
    done = peel_pkcs7 (peeler, part, &found, &is_layer, next, error);
  if (!is_layer)
    *next = part;
  return done;
}

guint64
ll_layers_room_for (LlMessage *message)
{
  guint64 size = ll_source_get_size (ll_message_get_source (message));

  return MAX (LL_LIMIT_ALL_LAYERS_BYTES,
              MIN (size, G_MAXINT64 / LL_LIMIT_EXPANSION) * LL_LIMIT_EXPANSION);
}

LlEnvelope *
ll_layers_peel (LlMessage *message, const LlEngines *engines, GCancellable *cancellable,
                GError **error)
{
  g_autoptr (LlEnvelope) envelope = envelope_new ();
  Peeler peeler = { .envelope = envelope,
                    .engines = engines,
                    .cancellable = cancellable,
                    .n_parts = ll_message_get_n_parts (message),
                    .room = ll_layers_room_for (message) };
  LlPart *part = ll_message_get_root (message);
  LlPart *next = NULL;

  g_ptr_array_add (envelope->messages, ll_message_ref (message));
  while (TRUE)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return NULL;
      if (!peel_one (&peeler, part, &next, error))
        return NULL;
      if (next == NULL || next == part)
        break;
      part = next;
    }
  envelope->payload = next;
  if (next == NULL)
    return g_steal_pointer (&envelope);
  note_ambiguity (&peeler, next);
  if (!ll_layers_find_errant (envelope, engines, cancellable, error))
    return NULL;
  return g_steal_pointer (&envelope);
}

/* --- on request --- */

static gboolean
has_inline_message (const LlEnvelope *envelope)
{
  for (guint i = 0; i < envelope->errant->len; i++)
    {
      const LlErrant *errant = envelope->errant->pdata[i];
      if (errant->kind == LL_REASON_INLINE_ENCRYPTION && errant->whole_body)
        return TRUE;
    }
  return FALSE;
}

gboolean
ll_layers_open_inline (const LlEnvelope *envelope, const LlEngines *engines, LlSource **plaintext,
                       char **charset, LlFacts **facts, GCancellable *cancellable, GError **error)
{
  const LlPart *payload = envelope->payload;
  g_auto (LlLayerInside) inside
      = { .max_size = ll_layers_room_for (envelope->messages->pdata[0]), .keep = TRUE };
  g_autoptr (GInputStream) in = NULL;
  g_autoptr (GArray) found = NULL;
  const LlInlineBlock *only;
  gboolean alone = FALSE;

  g_return_val_if_fail (payload != NULL && has_inline_message (envelope), FALSE);

  in = ll_part_open_content (payload);
  found = ll_inline_find (in, &alone);
  g_return_val_if_fail (alone, FALSE);
  only = &g_array_index (found, LlInlineBlock, 0);
  g_object_unref (in);
  in = ll_inline_open (payload, only);
  *charset = ll_inline_dup_charset (in);
  g_object_unref (in);
  in = ll_inline_open (payload, only);
  if (!ll_layer_decrypt (engines->openpgp, LL_PROTOCOL_OPENPGP, in, &inside, facts, cancellable,
                         error))
    return FALSE;
  *plaintext = g_steal_pointer (&inside.source);
  return TRUE;
}
