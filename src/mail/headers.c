/* headers.c - what enters: an opened envelope. What leaves: the few fields that a verdict and a
 * reader need. It weighs no signature: whether the inner fields are vouched for is the verdict's.
 */
#include <config.h>

#include "base/text.h"
#include "bridge/gmime-glue.h"
#include "mail/headers.h"
#include "mail/layers-private.h"

void
ll_headers_free (LlHeaders *headers)
{
  if (headers == NULL)
    return;
  g_free (headers->subject);
  g_free (headers->from_text);
  g_free (headers->author);
  g_free (headers->sender);
  g_free (headers);
}

gboolean
ll_headers_is_structural (const char *name)
{
  return g_ascii_strcasecmp (name, "MIME-Version") == 0
         || g_ascii_strncasecmp (name, "Content-", 8) == 0;
}

static gboolean
parameter_is (const LlPart *part, const char *name, const char *value)
{
  const char *found = ll_part_get_parameter (part, name);
  return found != NULL && g_ascii_strcasecmp (found, value) == 0;
}

static gboolean
has_hp (const LlPart *part)
{
  return parameter_is (part, "hp", "clear") || parameter_is (part, "hp", "cipher");
}

/* HP-38: the only thing inside is a message that has no cryptographic layer of its own, and neither
 * says that it is protected in the newer way. */
static gboolean
is_rfc8551_wrapping (const LlPart *payload)
{
  LlPart *inner;

  if (!ll_part_is_type (payload, "message", "rfc822") || ll_part_get_n_children (payload) != 1)
    return FALSE;
  inner = ll_part_get_child (payload, 0);
  return !has_hp (inner) && ll_layer_recognise (inner).kind == LL_CANDIDATE_NONE;
}

LlPart *
ll_headers_get_protected (const LlPart *payload)
{
  if (has_hp (payload) || parameter_is (payload, "protected-headers", "v1"))
    return (LlPart *)payload;
  return is_rfc8551_wrapping (payload) ? ll_part_get_child (payload, 0) : NULL;
}

LlPart *
ll_headers_find_protected (const LlEnvelope *envelope)
{
  if (envelope->payload == NULL || envelope->layers->len == 0
      || envelope->ambiguity != LL_REASON_NONE)
    return NULL;
  return ll_headers_get_protected (envelope->payload);
}

/* The one From inside and the one outside must name the same address. */
static void
read_author (LlHeaders *headers, const LlPart *outer, const LlPart *inner)
{
  g_autofree char *inner_author = NULL;
  LlReason reason = LL_REASON_NONE;

  headers->author = ll_part_dup_author (outer, &headers->author_reason);
  if (headers->author == NULL || inner == NULL || ll_part_count_fields (inner, "From") == 0)
    return;
  inner_author = ll_part_dup_author (inner, &reason);
  if (inner_author != NULL && ll_text_same_address (inner_author, headers->author))
    return;
  headers->author_reason = inner_author == NULL ? reason : LL_REASON_FROM_MISMATCH;
  g_clear_pointer (&headers->author, g_free);
}

static char *
read_sender (const LlPart *outer)
{
  g_autoptr (GPtrArray) addresses = ll_part_dup_addresses (outer, "Sender");

  if (ll_part_count_fields (outer, "Sender") != 1 || addresses->len != 1
      || *(char *)g_ptr_array_index (addresses, 0) == '\0')
    return NULL;
  return g_strdup (g_ptr_array_index (addresses, 0));
}

/* HP-27: the inner value where there is one. */
static char *
choose_text (const LlPart *outer, const LlPart *inner, const char *name)
{
  return ll_part_dup_field_text (inner != NULL && ll_part_count_fields (inner, name) > 0 ? inner
                                                                                         : outer,
                                 name);
}

static gint64
read_date (const LlPart *outer, const LlPart *inner)
{
  const LlPart *part = inner != NULL && ll_part_count_fields (inner, "Date") > 0 ? inner : outer;
  g_autofree char *value = ll_part_dup_field (part, "Date");
  return value != NULL ? ll_gmime_parse_date (value) : 0;
}

LlHeaders *
ll_headers_read (const LlEnvelope *envelope)
{
  LlHeaders *headers = g_new0 (LlHeaders, 1);
  const LlPart *outer = ll_message_get_root (g_ptr_array_index (envelope->messages, 0));
  const LlPart *inner = ll_headers_find_protected (envelope);

  headers->is_protected = inner != NULL && ll_part_count_fields (inner, "Subject") > 0;
  headers->subject = choose_text (outer, inner, "Subject");
  headers->from_text = choose_text (outer, inner, "From");
  headers->sender = read_sender (outer);
  headers->date = read_date (outer, inner);
  read_author (headers, outer, inner);
  return headers;
}
