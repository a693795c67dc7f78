/* What is cryptographic inside the payload, where it earns nothing (RFC 9787 section 6.2).
 *
 * What enters: a peeled envelope. What leaves: envelope->errant. Signatures are checked, so that
 * the details can tell; ciphertext is never opened (E2E-17), so that nothing of it can get into an
 * answer. How many are checked has a limit; the others are listed unchecked.
 */
#include <config.h>

#include <string.h>

#include "base/limits.h"
#include "mail/inline-pgp.h"
#include "mail/layers-private.h"

#define HEAD_BYTES (64 * 1024) /* enough to tell what most objects are */

typedef struct
{
  LlEnvelope *envelope;
  const LlEngines *engines;
  GCancellable *cancellable;
  guint n_checks;
  guint64 room; /* octets that may still be checked */
} Walker;

static gboolean walk (Walker *walker, LlPart *part, const char *path, GError **error);

static LlErrant *
add_errant (Walker *walker, LlReason kind, LlProtocol protocol, const char *path,
            const LlPart *part)
{
  LlErrant *errant = g_new0 (LlErrant, 1);

  errant->kind = kind;
  errant->protocol = protocol;
  errant->path = g_strdup (path);
  errant->description
      = g_strdup_printf ("%s/%s", ll_part_get_type (part), ll_part_get_subtype (part));
  g_ptr_array_add (walker->envelope->errant, errant);
  return errant;
}

static char *
child_path (const char *path, guint index)
{
  return g_strdup_printf ("%s%s%u", path, *path != '\0' ? "." : "", index + 1);
}

static gboolean
may_check (Walker *walker)
{
  return walker->room > 0 && walker->n_checks++ < LL_LIMIT_ERRANT_CHECKS;
}

/* VM-08: a few octets can stand for very many, by compression or because signed parts stand in
 * signed parts. All checks together get as much as the layers do. */
static void
take_room (Walker *walker, guint64 size)
{
  walker->room -= MIN (size, walker->room);
}

typedef GInputStream *(*OpenCovered) (const LlPart *covered);

static gboolean
check_detached (Walker *walker, LlErrant *errant, LlPart *signature, LlPart *covered,
                OpenCovered open, GError **error)
{
  LlEngine *engine = ll_layer_engine (walker->engines, errant->protocol);
  g_auto (LlLayerObject) object = { NULL };
  g_autoptr (GInputStream) in = NULL, content = NULL;

  if (!may_check (walker))
    return TRUE;
  ll_layer_object_init (&object, signature, engine);
  in = ll_layer_object_open (&object);
  content = open (covered);
  take_room (walker, ll_part_get_body_size (covered));
  return ll_layer_verify_detached (engine, errant->protocol, in, content, &errant->facts,
                                   walker->cancellable, error);
}

static gboolean
check_opaque (Walker *walker, LlErrant *errant, GInputStream *object, GError **error)
{
  LlEngine *engine = ll_layer_engine (walker->engines, errant->protocol);
  g_auto (LlLayerInside) inside = { .max_size = walker->room };

  if (!may_check (walker))
    return TRUE;
  if (!ll_layer_verify_opaque (engine, errant->protocol, object, &inside, &errant->facts,
                               walker->cancellable, error))
    return FALSE;
  take_room (walker, inside.refused ? walker->room : inside.size);
  return TRUE;
}

/* --- signed and encrypted parts --- */

/* E2E-16: what mailing lists do to a signed message: they put it first in a multipart/mixed and
 * their text after it. */
static gboolean
is_before_footer (const Walker *walker, const LlPart *part)
{
  const LlPart *mixed = walker->envelope->payload;

  if (!ll_part_is_type (mixed, "multipart", "mixed") || ll_part_get_n_children (mixed) < 2
      || ll_part_get_child (mixed, 0) != part)
    return FALSE;
  for (guint i = 1; i < ll_part_get_n_children (mixed); i++)
    {
      const LlPart *footer = ll_part_get_child (mixed, i);
      if (!ll_part_is_type (footer, "text", "plain") || ll_part_is_attachment (footer))
        return FALSE;
    }
  return TRUE;
}

static gboolean
is_broken (const LlFacts *facts)
{
  for (guint i = 0; facts != NULL && i < facts->signatures->len; i++)
    {
      const LlSignatureFacts *signature = facts->signatures->pdata[i];
      if (signature->integrity == LL_INTEGRITY_BROKEN)
        return TRUE;
    }
  return facts == NULL || facts->signatures->len == 0;
}

static gboolean
walk_signed (Walker *walker, LlPart *part, const char *path, GError **error)
{
  guint n = ll_part_get_n_children (part);
  LlPart *signature = n >= 2 ? ll_part_get_child (part, 1) : NULL;
  LlProtocol protocol
      = signature != NULL ? ll_layer_signature_protocol (signature) : LL_PROTOCOL_UNKNOWN;
  LlErrant *errant;

  if (protocol != LL_PROTOCOL_UNKNOWN)
    {
      errant = add_errant (walker, LL_REASON_ERRANT_SIGNATURE, protocol, path, part);
      if (!check_detached (walker, errant, signature, ll_part_get_child (part, 0),
                           ll_part_open_canonical, error))
        return FALSE;
      if (n == 2 && is_before_footer (walker, part) && !is_broken (errant->facts))
        errant->kind = LL_REASON_LIST_FOOTER;
    }
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *below = child_path (path, i);
      if ((i != 1 || protocol == LL_PROTOCOL_UNKNOWN)
          && !walk (walker, ll_part_get_child (part, i), below, error))
        return FALSE;
    }
  return TRUE;
}

/* SM-21 holds here too. */
static gboolean
walk_pkcs7 (Walker *walker, LlPart *part, const char *path, GError **error)
{
  g_auto (LlLayerObject) object = { NULL };
  g_autoptr (GInputStream) in = NULL;
  LlErrant *errant;

  ll_layer_object_init (&object, part, walker->engines->smime);
  switch (object.kind)
    {
    case LL_BLOB_SIGNED:
      errant = add_errant (walker, LL_REASON_ERRANT_SIGNATURE, LL_PROTOCOL_SMIME, path, part);
      in = ll_layer_object_open (&object);
      return check_opaque (walker, errant, in, error);
    case LL_BLOB_ENCRYPTED:
      add_errant (walker, LL_REASON_ERRANT_ENCRYPTION, LL_PROTOCOL_SMIME, path, part);
      return TRUE;
    case LL_BLOB_DETACHED:
      add_errant (walker, LL_REASON_ERRANT_SIGNATURE, LL_PROTOCOL_SMIME, path, part);
      return TRUE;
    default:
      return TRUE;
    }
}

/* PM-09: a version part with its ciphertext beside it, in a multipart that is not
 * multipart/encrypted. Exchange does this to PGP/MIME. */
static gboolean
is_mangled_ciphertext (const LlPart *part, guint index)
{
  return index > 0
         && ll_part_is_type (ll_part_get_child (part, index - 1), "application", "pgp-encrypted")
         && ll_part_get_n_children (ll_part_get_child (part, index)) == 0;
}

static gboolean
walk_multipart (Walker *walker, LlPart *part, const char *path, GError **error)
{
  for (guint i = 0; i < ll_part_get_n_children (part); i++)
    {
      g_autofree char *below = child_path (path, i);
      LlPart *child = ll_part_get_child (part, i);

      if (is_mangled_ciphertext (part, i))
        add_errant (walker, LL_REASON_REPAIRABLE_STRUCTURE, LL_PROTOCOL_OPENPGP, below, child);
      else if (!walk (walker, child, below, error))
        return FALSE;
    }
  return TRUE;
}

/* --- messages inside --- */

/* E2E-19: a message that came inside has its own status, which does not flow out. Its signature is
 * checked; a ciphertext in it stays shut. */
static gboolean
walk_message (Walker *walker, LlPart *part, const char *path, GError **error)
{
  LlPart *root = ll_part_get_n_children (part) > 0 ? ll_part_get_child (part, 0) : NULL;
  g_autofree char *below = child_path (path, 0);
  LlCandidate found;
  guint before = walker->envelope->errant->len;
  LlErrant *errant;

  if (root == NULL)
    return TRUE;
  if (!walk (walker, root, below, error))
    return FALSE;
  found = ll_layer_recognise (root);
  if (found.kind == LL_CANDIDATE_NONE || walker->envelope->errant->len == before)
    return TRUE;
  errant = walker->envelope->errant->pdata[before];
  if (errant->kind != LL_REASON_ERRANT_SIGNATURE || !g_str_equal (errant->path, below))
    return TRUE;
  errant->kind = LL_REASON_FORWARDED;
  errant->author = ll_part_dup_author (root, NULL);
  g_free (errant->path);
  errant->path = g_strdup (path);
  return TRUE;
}

/* --- single parts --- */

/* "report.pdf" beside "report.pdf.sig": what the detached signature is over. */
static LlPart *
find_signed_sibling (const LlPart *signature)
{
  const LlPart *parent = ll_part_get_parent (signature);
  const char *name = ll_part_get_file_name (signature);
  const char *dot = name != NULL ? strrchr (name, '.') : NULL;

  for (guint i = 0; parent != NULL && dot != NULL && i < ll_part_get_n_children (parent); i++)
    {
      LlPart *sibling = ll_part_get_child (parent, i);
      const char *other = ll_part_get_file_name (sibling);
      if (sibling != signature && other != NULL && strlen (other) == (gsize)(dot - name)
          && strncmp (other, name, strlen (other)) == 0)
        return sibling;
    }
  return NULL;
}

static gboolean
walk_lone_signature (Walker *walker, LlPart *part, LlProtocol protocol, const char *path,
                     GError **error)
{
  LlErrant *errant = add_errant (walker, LL_REASON_ERRANT_SIGNATURE, protocol, path, part);
  LlPart *sibling = find_signed_sibling (part);

  return sibling == NULL
         || check_detached (walker, errant, part, sibling, ll_part_open_content, error);
}

/* In what would be shown of the part. */
static gboolean
contains (const LlPart *part, const char *marker)
{
  gboolean is_cut = FALSE;
  g_autoptr (GBytes) content = ll_part_dup_content_head (part, LL_LIMIT_SHOWN_BYTES, &is_cut);
  gsize length;
  const char *data = g_bytes_get_data (content, &length);

  return length > 0 && memmem (data, length, marker, strlen (marker)) != NULL;
}

static gboolean
walk_block (Walker *walker, const LlPart *part, const char *path, const LlInlineBlock *block,
            gboolean whole, GError **error)
{
  LlEngine *engine = walker->engines->openpgp;
  gboolean is_signed = block->kind == LL_INLINE_SIGNED;
  g_autoptr (GInputStream) in = NULL;
  LlErrant *errant;

  if (!is_signed && engine != NULL && block->complete)
    {
      g_autoptr (GInputStream) start = ll_inline_open (part, block);
      g_autoptr (GBytes) head = ll_stream_read_head (start, HEAD_BYTES, NULL, NULL, NULL);
      is_signed = head != NULL && engine->klass->identify (engine, head) == LL_BLOB_SIGNED;
    }
  errant = add_errant (walker, is_signed ? LL_REASON_INLINE_SIGNATURE : LL_REASON_INLINE_ENCRYPTION,
                       LL_PROTOCOL_OPENPGP, path, part);
  g_free (errant->description);
  errant->description = g_strdup ("inline PGP");
  errant->whole_body = whole;
  if (!is_signed)
    return TRUE;
  in = ll_inline_open (part, block);
  return check_opaque (walker, errant, in, error);
}

/* E2E-18. In HTML the lines are broken up by markup, which is not interpreted here: that there is
 * something is all that is said. */
static gboolean
walk_text (Walker *walker, LlPart *part, const char *path, GError **error)
{
  g_autoptr (GInputStream) content = ll_part_open_content (part);
  gboolean alone = FALSE;
  g_autoptr (GArray) blocks = ll_inline_find (content, &alone);
  gboolean is_html = blocks->len == 0 && ll_part_is_type (part, "text", "html");

  if (is_html && contains (part, "-----BEGIN PGP MESSAGE"))
    add_errant (walker, LL_REASON_INLINE_ENCRYPTION, LL_PROTOCOL_OPENPGP, path, part);
  if (is_html && contains (part, "-----BEGIN PGP SIGNED MESSAGE"))
    add_errant (walker, LL_REASON_INLINE_SIGNATURE, LL_PROTOCOL_OPENPGP, path, part);
  for (guint i = 0; i < blocks->len; i++)
    if (!walk_block (walker, part, path, &g_array_index (blocks, LlInlineBlock, i),
                     alone && part == walker->envelope->payload, error))
      return FALSE;
  return TRUE;
}

/* Files that Outlook add-ins leave: a whole PGP/MIME message as an attachment. */
static gboolean
is_wrapped_message (const LlPart *part)
{
  const char *name = ll_part_get_file_name (part);

  return name != NULL && (g_str_has_suffix (name, ".mime") || g_str_has_suffix (name, ".dat"))
         && contains (part, "-----BEGIN PGP MESSAGE");
}

/* An attachment that is an OpenPGP object by its octets. */
static gboolean
walk_file (Walker *walker, LlPart *part, const char *path, GError **error)
{
  LlEngine *engine = walker->engines->openpgp;
  g_autoptr (GInputStream) in = NULL;
  g_autoptr (GBytes) head = NULL;
  gboolean is_cut = FALSE;
  LlErrant *errant;

  if (is_wrapped_message (part))
    {
      add_errant (walker, LL_REASON_REPAIRABLE_STRUCTURE, LL_PROTOCOL_OPENPGP, path, part);
      return TRUE;
    }
  if (engine == NULL)
    return TRUE;
  head = ll_part_dup_content_head (part, HEAD_BYTES, &is_cut);
  switch (engine->klass->identify (engine, head))
    {
    case LL_BLOB_ENCRYPTED:
      add_errant (walker, LL_REASON_ERRANT_ENCRYPTION, LL_PROTOCOL_OPENPGP, path, part);
      return TRUE;
    case LL_BLOB_DETACHED:
      return walk_lone_signature (walker, part, LL_PROTOCOL_OPENPGP, path, error);
    case LL_BLOB_SIGNED:
      errant = add_errant (walker, LL_REASON_ERRANT_SIGNATURE, LL_PROTOCOL_OPENPGP, path, part);
      in = ll_part_open_content (part);
      return check_opaque (walker, errant, in, error);
    default:
      return TRUE;
    }
}

/* Attachments whose octets could be an OpenPGP object; images and the like are not looked at. */
static gboolean
may_be_openpgp (const LlPart *part)
{
  static const char *const suffixes[] = { ".pgp", ".gpg", ".asc", ".sig", ".mime", ".dat" };
  g_autofree char *name = NULL;

  if (ll_part_is_type (part, "application", "pgp") || ll_part_is_type (part, "application", "x-pgp")
      || ll_part_is_type (part, "application", "pgp-encrypted"))
    return TRUE;
  name = g_ascii_strdown (ll_part_get_file_name (part) != NULL ? ll_part_get_file_name (part) : "",
                          -1);
  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    if (g_str_has_suffix (name, suffixes[i]))
      return TRUE;
  return FALSE;
}

static gboolean
walk (Walker *walker, LlPart *part, const char *path, GError **error)
{
  LlCandidate found = ll_layer_recognise (part);
  LlProtocol signature = ll_layer_signature_protocol (part);

  if (g_cancellable_set_error_if_cancelled (walker->cancellable, error))
    return FALSE;
  if (ll_part_is_type (part, "multipart", "signed"))
    return walk_signed (walker, part, path, error);
  if (ll_part_is_type (part, "multipart", "encrypted"))
    {
      add_errant (walker,
                  found.kind == LL_CANDIDATE_ENCRYPTED ? LL_REASON_ERRANT_ENCRYPTION
                                                       : LL_REASON_REPAIRABLE_STRUCTURE,
                  LL_PROTOCOL_OPENPGP, path, part);
      return TRUE;
    }
  if (found.kind == LL_CANDIDATE_PKCS7)
    return walk_pkcs7 (walker, part, path, error);
  if (ll_part_is_type (part, "multipart", "*"))
    return walk_multipart (walker, part, path, error);
  if (ll_part_is_type (part, "message", "*"))
    return walk_message (walker, part, path, error);
  if (ll_part_is_type (part, "application", "pgp-signature")
      || (signature == LL_PROTOCOL_SMIME && !ll_layer_is_pkcs7 (part)))
    return walk_lone_signature (walker, part, signature, path, error);
  if (ll_part_is_type (part, "text", "*"))
    return walk_text (walker, part, path, error);
  return may_be_openpgp (part) ? walk_file (walker, part, path, error) : TRUE;
}

gboolean
ll_layers_find_errant (LlEnvelope *envelope, const LlEngines *engines, GCancellable *cancellable,
                       GError **error)
{
  guint64 size = ll_source_get_size (ll_message_get_source (envelope->messages->pdata[0]));
  Walker walker = { envelope, engines, cancellable, 0, MAX (LL_LIMIT_ALL_LAYERS_BYTES, 2 * size) };

  return walk (&walker, envelope->payload, "", error);
}
